CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x INTEGER NOT NULL CHECK (x < 100), u INTEGER UNIQUE);
INSERT INTO t VALUES (1, 'a', 1, 1), (2, 'b', 2, 2), (3, 'a', 3, 3);
CREATE MATERIALIZED VIEW v_group AS SELECT g, sum(x) AS x, count(*) AS n FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v_max AS SELECT max(u) AS u FROM t;
INSERT INTO t VALUES (4, 'a', 4, 4), (5, 'a', 500, 5);
-- show
INSERT OR FAIL INTO t VALUES (4, 'a', 4, 4), (4, 'b', 5, 5), (6, 'b', 6, 6);
-- show
UPDATE t SET x = x + 97;
-- show
UPDATE OR FAIL t SET u = 9 WHERE id IN (1, 2);
-- show
BEGIN;
INSERT INTO t VALUES (7, 'c', 7, 7);
INSERT INTO t VALUES (8, 'c', NULL, 8);
INSERT INTO t VALUES (9, 'c', 9, 10);
COMMIT;
-- show
BEGIN;
INSERT INTO t VALUES (10, 'd', 10, 11);
INSERT OR ROLLBACK INTO t VALUES (11, 'd', 11, 10);
-- show
COMMIT;
INSERT OR ABORT INTO t VALUES (12, 'e', 12, 12), (12, 'e', 12, 13);
-- show
SELECT * FROM no_such_view;
INSERT INTO no_such_table VALUES (1);
-- show
