CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, r REAL, i INTEGER);
INSERT INTO t VALUES (1, 1, 9e999, 9223372036854775807), (2, 1, 1.5, -9223372036854775808), (3, 2, -9e999, 9007199254740993), (4, 2, 0.0, 9007199254740992), (5, 3, -0.0, 0), (6, 3, 1e308, NULL);
CREATE MATERIALIZED VIEW n_all AS SELECT id, r, i FROM t;
CREATE MATERIALIZED VIEW n_sum AS SELECT g, sum(r) AS s, avg(r) AS a, total(r) AS t, min(r) AS i, max(r) AS m FROM t GROUP BY g;
CREATE MATERIALIZED VIEW n_whole AS SELECT sum(r) AS s, count(r) AS n FROM t;
CREATE MATERIALIZED VIEW n_big AS SELECT g, min(i) AS a, max(i) AS z, count(DISTINCT i) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW n_equal AS SELECT a.id AS x, b.id AS y FROM t a JOIN t b ON a.i = b.r;
CREATE MATERIALIZED VIEW n_same_group AS SELECT i, count(*) AS n FROM t GROUP BY i;
CREATE MATERIALIZED VIEW n_zero AS SELECT id FROM t WHERE r = 0;
CREATE MATERIALIZED VIEW n_overflow AS SELECT id, i + 1 AS more, i * 2 AS twice, -i AS minus FROM t;
CREATE MATERIALIZED VIEW n_divide AS SELECT id, 1 / 0 AS a, 1.0 / 0 AS b, i / 0 AS c, r / 0 AS d, i % 0 AS e, r - r AS f, r * 0 AS g FROM t;
CREATE MATERIALIZED VIEW n_fits AS SELECT g, total(i % 1000) AS t FROM t GROUP BY g;
CREATE MATERIALIZED VIEW n_order AS SELECT id, r FROM t ORDER BY r DESC, id LIMIT 2;
-- show
DELETE FROM t WHERE id = 1;
-- show
DELETE FROM t WHERE id = 3;
-- show
INSERT INTO t VALUES (7, 1, -9e999, 1), (8, 3, 1e308, 1);
-- show
UPDATE t SET r = 9e999;
-- show
UPDATE t SET r = 2.5, i = g;
-- show
