CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x INTEGER);
CREATE TABLE d(g TEXT PRIMARY KEY, w INTEGER);
INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'a', 3);
INSERT INTO d VALUES ('a', 10), ('b', 20);
CREATE MATERIALIZED VIEW v_group AS SELECT g, count(*) AS n, sum(x) AS x, max(x) AS m FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v_join AS SELECT t.id, t.x * d.w AS v FROM t JOIN d ON d.g = t.g;
CREATE MATERIALIZED VIEW v_left AS SELECT t.id, d.w FROM t LEFT JOIN d ON d.g = t.g;
CREATE MATERIALIZED VIEW v_sum AS SELECT t.g, sum(t.x * d.w) AS v FROM t JOIN d ON d.g = t.g GROUP BY t.g;
CREATE MATERIALIZED VIEW v_exists AS SELECT g FROM d WHERE EXISTS (SELECT 1 FROM t WHERE t.g = d.g);
SELECT '== the same row three times';
BEGIN; UPDATE t SET x = 5 WHERE id = 1; UPDATE t SET x = 6 WHERE id = 1; UPDATE t SET x = 7 WHERE id = 1; COMMIT;
-- show
SELECT '== there and back';
BEGIN; UPDATE t SET g = 'z' WHERE id = 1; UPDATE t SET g = 'a' WHERE id = 1; COMMIT;
-- show
SELECT '== in and out';
BEGIN; INSERT INTO t VALUES (9, 'n', 9); DELETE FROM t WHERE id = 9; COMMIT;
-- show
SELECT '== out and in, another row under the same key';
BEGIN; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 'a', 22); COMMIT;
-- show
SELECT '== both sides of a join';
BEGIN; UPDATE d SET w = w + 1; UPDATE t SET x = x + 1; INSERT INTO d VALUES ('c', 1); INSERT INTO t VALUES (10, 'c', 5); COMMIT;
-- show
SELECT '== a group emptied and filled';
BEGIN; DELETE FROM t WHERE g = 'a'; INSERT INTO t VALUES (20, 'a', 1); COMMIT;
-- show
SELECT '== seen from inside the transaction';
BEGIN;
DELETE FROM d WHERE g = 'a';
-- show
INSERT INTO d VALUES ('a', 5);
UPDATE t SET g = 'c' WHERE id = 2;
-- show
COMMIT;
-- show
SELECT '== keys exchanged';
BEGIN; UPDATE t SET id = -1 WHERE id = 10; UPDATE t SET id = 10 WHERE id = 20; UPDATE t SET id = 20 WHERE id = -1; COMMIT;
-- show
SELECT '== everything out, everything in';
BEGIN; DELETE FROM t; DELETE FROM d; INSERT INTO t VALUES (1, 'q', 1); INSERT INTO d VALUES ('q', 2); COMMIT;
-- show
