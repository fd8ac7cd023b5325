CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, n INTEGER, r REAL, s TEXT, v);
INSERT INTO t VALUES (1, 1, 5, 0.5, 'x', 1), (2, 1, 5, 1.5, 'x', '1'), (3, 1, NULL, NULL, NULL, NULL), (4, 2, -7, 2.0, 'y', 2.5), (5, 2, 7, 2.0, 'Y', x'00'), (6, 3, NULL, NULL, NULL, 'text');
CREATE MATERIALIZED VIEW a_counts AS SELECT g, count(*) AS a, count(n) AS b, count(DISTINCT n) AS c, count(DISTINCT s) AS d, count(1) AS e, count(NULL) AS f FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_sums AS SELECT g, sum(n) AS a, total(n) AS b, avg(n) AS c, sum(r) AS d, total(r) AS e, avg(r) AS f FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_distinct AS SELECT g, sum(DISTINCT n) AS a, avg(DISTINCT r) AS b, total(DISTINCT r) AS c, min(DISTINCT n) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_extremes AS SELECT g, min(n) AS a, max(n) AS b, min(r) AS c, max(s) AS d, min(s) AS e FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_filter AS SELECT g, count(*) FILTER (WHERE n > 0) AS a, sum(r) FILTER (WHERE s = 'x') AS b, max(n) FILTER (WHERE r < 2) AS c, count(DISTINCT s) FILTER (WHERE n IS NOT NULL) AS d, avg(n) FILTER (WHERE 0) AS e FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_expressions AS SELECT g, sum(n) * 2 + 1 AS a, max(n) - min(n) AS b, coalesce(sum(n), 0) AS c, sum(r) / count(*) AS d, CASE WHEN count(*) > 1 THEN 'many' ELSE 'one' END AS e, round(avg(r), 1) AS f FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_of_expressions AS SELECT g, sum(n * r) AS a, sum(CASE WHEN s = 'x' THEN 1 ELSE 0 END) AS b, max(abs(n)) AS c, sum(n > 0) AS d, count(nullif(n, 5)) AS e, min(s || n) AS f FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_none AS SELECT count(*) AS a, sum(n) AS b, total(n) AS c, avg(r) AS d, min(s) AS e, max(r) AS f FROM t;
CREATE MATERIALIZED VIEW a_none_where AS SELECT count(*) AS a, sum(n) AS b, max(n) AS c FROM t WHERE g = 99;
CREATE MATERIALIZED VIEW a_none_having AS SELECT sum(n) AS a FROM t HAVING count(*) > 5;
CREATE MATERIALIZED VIEW a_mixed AS SELECT g, sum(v) AS a, avg(v) AS b, count(v) AS c, count(DISTINCT v) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW a_having AS SELECT g, sum(n) AS a FROM t GROUP BY g HAVING count(n) > 1 AND sum(n) >= 0;
CREATE MATERIALIZED VIEW a_having_only AS SELECT g FROM t GROUP BY g HAVING max(r) > 1;
CREATE MATERIALIZED VIEW a_having_alias AS SELECT g, count(*) AS many FROM t GROUP BY g HAVING many > 1;
CREATE MATERIALIZED VIEW a_having_null AS SELECT g FROM t GROUP BY g HAVING NULL;
CREATE MATERIALIZED VIEW a_scalar_min AS SELECT g, min(max(n, 0), 3) AS a, max(g, sum(n)) AS b FROM t GROUP BY g, n;
CREATE MATERIALIZED VIEW a_constant AS SELECT g, sum(1) AS a, max('k') AS b, count('x') AS c, avg(2) AS d FROM t GROUP BY g;
-- show
INSERT INTO t VALUES (7, 1, 9, 9.0, 'z', 3), (8, 3, 1, 1.0, 'q', -0.5);
-- show
DELETE FROM t WHERE id IN (1, 4);
-- show
UPDATE t SET n = n + 1, r = r / 2;
UPDATE t SET g = g % 2 WHERE id > 2;
-- show
DELETE FROM t WHERE g = 1;
-- show
DELETE FROM t;
-- show
INSERT INTO t(id, g) VALUES (1, 1);
-- show
