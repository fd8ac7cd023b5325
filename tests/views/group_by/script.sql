CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, h INTEGER, x INTEGER, r REAL);
INSERT INTO t VALUES (1, 'a', 1, 10, 0.5), (2, 'a', 2, 20, 1.5), (3, 'b', 1, 30, NULL), (4, NULL, 2, 40, 2.5), (5, NULL, NULL, NULL, NULL), (6, 'b', 1, 5, 4.0);
CREATE MATERIALIZED VIEW g_one AS SELECT g, count(*) AS n, sum(x) AS x FROM t GROUP BY g;
CREATE MATERIALIZED VIEW g_two AS SELECT g, h, count(x) AS n, avg(r) AS r FROM t GROUP BY g, h;
CREATE MATERIALIZED VIEW g_expression AS SELECT x / 20 AS bucket, count(*) AS n FROM t GROUP BY x / 20;
CREATE MATERIALIZED VIEW g_position AS SELECT h, g, sum(x) AS x FROM t GROUP BY 2, 1;
CREATE MATERIALIZED VIEW g_alias AS SELECT upper(g) AS letter, max(x) AS x FROM t GROUP BY letter;
CREATE MATERIALIZED VIEW g_alias_shadow AS SELECT h % 2 AS odd, count(*) AS n FROM t GROUP BY odd;
CREATE MATERIALIZED VIEW g_case AS SELECT CASE WHEN x > 15 THEN 'big' WHEN x IS NULL THEN 'none' ELSE 'small' END AS size, count(*) AS n FROM t GROUP BY 1;
CREATE MATERIALIZED VIEW g_not_shown AS SELECT count(*) AS n FROM t GROUP BY g;
CREATE MATERIALIZED VIEW g_key_expression AS SELECT g || '!' AS shout, h + 1 AS next, count(*) AS n FROM t GROUP BY g, h;
CREATE MATERIALIZED VIEW g_constant AS SELECT 'all' AS label, sum(x) AS x FROM t GROUP BY 'all';
CREATE MATERIALIZED VIEW g_where AS SELECT g, sum(x) AS x FROM t WHERE r IS NOT NULL GROUP BY g;
CREATE MATERIALIZED VIEW g_only_keys AS SELECT g, h FROM t GROUP BY g, h;
CREATE MATERIALIZED VIEW g_collate AS SELECT lower(g) AS g, count(*) AS n FROM t GROUP BY g COLLATE NOCASE;
CREATE MATERIALIZED VIEW g_dependent AS SELECT id, g, h, count(*) AS n FROM t GROUP BY id;
CREATE MATERIALIZED VIEW g_over_group AS SELECT n, count(*) AS groups FROM (SELECT g, count(*) AS n FROM t GROUP BY g) GROUP BY n;
-- show
INSERT INTO t VALUES (7, 'A', 3, 1, 1.0), (8, 'c', NULL, 2, 2.0);
-- show
UPDATE t SET g = 'b' WHERE g = 'a';
UPDATE t SET h = NULL WHERE h = 1;
-- show
DELETE FROM t WHERE g IS NULL;
-- show
BEGIN;
DELETE FROM t WHERE g = 'b';
INSERT INTO t VALUES (20, 'b', 9, 99, 9.5);
COMMIT;
-- show
DELETE FROM t;
-- show
INSERT INTO t VALUES (1, 'z', 1, 1, 1.0);
-- show
