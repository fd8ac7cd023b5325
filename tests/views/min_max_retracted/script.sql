CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, n INTEGER, s TEXT, r REAL, z BLOB);
INSERT INTO t VALUES (1, 1, 3, 'm', 0.5, x'02'), (2, 1, 9, 'z', 1e300, x'01'), (3, 1, 9, 'a', -1e300, x''), (4, 1, -2, '', NULL, NULL), (5, 2, NULL, NULL, 4.0, x'ff');
CREATE MATERIALIZED VIEW m_all AS SELECT min(n) AS a, max(n) AS b, min(s) AS c, max(s) AS d, min(r) AS e, max(r) AS f, min(z) AS g, max(z) AS h FROM t;
CREATE MATERIALIZED VIEW m_group AS SELECT g, min(n) AS a, max(n) AS b, min(s) AS c, max(s) AS d, min(r) AS e, max(r) AS f, min(z) AS h, max(z) AS i FROM t GROUP BY g;
CREATE MATERIALIZED VIEW m_spread AS SELECT g, max(n) - min(n) AS spread FROM t GROUP BY g;
CREATE MATERIALIZED VIEW m_filter AS SELECT g, max(n) FILTER (WHERE s > 'b') AS a FROM t GROUP BY g;
-- show
DELETE FROM t WHERE id = 2;
-- show
DELETE FROM t WHERE id = 3;
-- show
UPDATE t SET n = -n;
-- show
INSERT INTO t VALUES (6, 2, 100, 'zz', 0.0, x'00');
UPDATE t SET g = 2;
-- show
DELETE FROM t WHERE n IS NOT NULL;
-- show
DELETE FROM t;
-- show
