-- Sums that are the same in any order of adding, so that stock sqlite3 can judge them; tests/property judges the rest.
CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, r REAL);
INSERT INTO t VALUES (1, 1, 0.25), (2, 1, 1024.5), (3, 2, -3.75), (4, 2, 0.5);
CREATE MATERIALIZED VIEW s_group AS SELECT g, sum(r) AS s, avg(r) AS a, total(r) AS t FROM t GROUP BY g;
CREATE MATERIALIZED VIEW s_all AS SELECT sum(r) AS s, avg(r) AS a FROM t;
CREATE MATERIALIZED VIEW s_product AS SELECT sum(a.r * b.r) AS s FROM t a JOIN t b ON a.g = b.g;
-- show
INSERT INTO t VALUES (5, 1, 4398046511104.0), (6, 1, -0.125);
-- show
DELETE FROM t WHERE id = 5;
-- show
UPDATE t SET r = -r;
-- show
UPDATE t SET g = 1;
-- show
DELETE FROM t WHERE r > 0;
-- show
