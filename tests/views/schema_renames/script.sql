CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x INTEGER, unused INTEGER);
CREATE TABLE u(g TEXT, w INTEGER);
INSERT INTO t VALUES (1, 'a', 1, 0), (2, 'b', 2, 0), (3, 'a', 3, 0);
INSERT INTO u VALUES ('a', 10), ('b', 20);
CREATE MATERIALIZED VIEW v_group AS SELECT g, sum(x) AS x FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v_join AS SELECT t.id, u.w FROM t JOIN u ON u.g = t.g;
CREATE MATERIALIZED VIEW v_over AS SELECT max(x) AS m FROM v_group;
ALTER TABLE t RENAME TO trades;
INSERT INTO trades VALUES (4, 'c', 4, 0);
-- show
ALTER TABLE trades RENAME COLUMN x TO quantity;
UPDATE trades SET quantity = quantity + 1;
-- show
ALTER TABLE u RENAME COLUMN g TO letter;
INSERT INTO u VALUES ('c', 30);
-- show
ALTER TABLE trades DROP COLUMN unused;
DELETE FROM trades WHERE id = 1;
-- show
BEGIN;
ALTER TABLE trades ADD COLUMN more REAL;
UPDATE trades SET quantity = 0;
ROLLBACK;
-- show
BEGIN;
CREATE TABLE fresh(a INTEGER);
INSERT INTO fresh VALUES (1);
CREATE MATERIALIZED VIEW v_fresh AS SELECT sum(a) AS a FROM fresh;
INSERT INTO fresh VALUES (2);
COMMIT;
INSERT INTO fresh VALUES (3);
-- show
BEGIN;
DROP VIEW v_fresh;
ROLLBACK;
INSERT INTO fresh VALUES (4);
-- show v_fresh
