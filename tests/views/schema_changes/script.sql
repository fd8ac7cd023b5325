CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x INTEGER);
CREATE TABLE u(g TEXT, w INTEGER);
INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'a', 3);
INSERT INTO u VALUES ('a', 10), ('b', 20);
CREATE MATERIALIZED VIEW v_group AS SELECT g, sum(x) AS x FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v_join AS SELECT t.id, u.w FROM t JOIN u ON u.g = t.g;
ALTER TABLE t ADD COLUMN extra TEXT DEFAULT 'e';
INSERT INTO t VALUES (4, 'c', 4, 'f');
UPDATE t SET x = 10 WHERE id = 1;
-- show
CREATE MATERIALIZED VIEW v_extra AS SELECT extra, count(*) AS n FROM t GROUP BY extra;
CREATE INDEX t_g ON t(g);
CREATE UNIQUE INDEX u_g ON u(g);
INSERT INTO u VALUES ('c', 30);
-- show
DROP INDEX t_g;
UPDATE t SET g = 'c' WHERE g = 'a';
-- show
DROP VIEW v_group;
CREATE MATERIALIZED VIEW v_group AS SELECT g, max(x) AS x FROM t GROUP BY g;
-- show
CREATE MATERIALIZED VIEW IF NOT EXISTS v_group AS SELECT 1 AS one;
DROP MATERIALIZED VIEW v_extra;
DROP VIEW IF EXISTS never_was;
UPDATE t SET x = x * 2;
-- show
ALTER TABLE u ADD COLUMN more INTEGER;
UPDATE u SET more = w, w = 5;
-- show
CREATE TABLE copy AS SELECT * FROM t;
CREATE MATERIALIZED VIEW v_copy(key, doubled) AS SELECT id, x * 2 FROM copy;
DELETE FROM copy WHERE id = 1;
-- show
DROP VIEW v_join;
DROP TABLE u;
CREATE TABLE u(g TEXT, w INTEGER);
INSERT INTO u VALUES ('b', 1);
DELETE FROM t WHERE id = 3;
-- show v_group
-- show v_copy
CREATE TEMP TABLE temporary(x INTEGER);
INSERT INTO temporary VALUES (1), (2);
CREATE TEMP VIEW v_temporary AS SELECT sum(x) AS x FROM temporary;
SELECT * FROM v_temporary;
