CREATE TABLE t(id INTEGER PRIMARY KEY, k INTEGER UNIQUE, g TEXT, x INTEGER);
CREATE TABLE src(id INTEGER, g TEXT, x INTEGER);
CREATE TABLE many(a INTEGER, b INTEGER, x INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO t VALUES (1, 10, 'a', 1), (2, 20, 'a', 2), (3, 30, 'b', 3);
INSERT INTO src VALUES (1, 's', 100), (9, 's', 900), (3, 'r', 300);
INSERT INTO many VALUES (1, 1, 1), (1, 2, 2), (2, 1, 3);
CREATE MATERIALIZED VIEW v_rows AS SELECT id, k, g, x FROM t;
CREATE MATERIALIZED VIEW v_group AS SELECT g, count(*) AS n, sum(x) AS x, min(k) AS k FROM t GROUP BY g;
CREATE MATERIALIZED VIEW v_join AS SELECT t.id, src.x FROM t LEFT JOIN src ON src.id = t.id;
CREATE MATERIALIZED VIEW v_many AS SELECT a, sum(x) AS x, group_concat(b) AS bs FROM (SELECT a, b, x FROM many ORDER BY a, b) GROUP BY a;
CREATE MATERIALIZED VIEW v_self AS SELECT p.id AS i, q.id AS j FROM t p JOIN t q ON p.g = q.g AND p.k < q.k;
-- show
SELECT '== replace that hits two rows';
INSERT OR REPLACE INTO t VALUES (1, 30, 'c', 9);
-- show
SELECT '== ignore, replace, upsert';
INSERT OR IGNORE INTO t VALUES (1, 99, 'z', 9), (4, 40, 'b', 4);
REPLACE INTO t VALUES (2, 21, 'b', 22), (5, 50, 'a', 5);
INSERT INTO t VALUES (5, 51, 'u', 55) ON CONFLICT(id) DO UPDATE SET x = x + excluded.x, g = excluded.g;
INSERT INTO t VALUES (6, 50, 'u', 66) ON CONFLICT(k) DO UPDATE SET x = excluded.x WHERE t.x < excluded.x;
INSERT INTO t VALUES (6, 60, 'u', 6), (6, 61, 'v', 7) ON CONFLICT DO NOTHING;
INSERT INTO many VALUES (1, 1, 100), (3, 3, 300) ON CONFLICT(a, b) DO UPDATE SET x = many.x + excluded.x;
-- show
SELECT '== update from, update of keys, insert from select';
UPDATE t SET x = src.x, g = src.g FROM src WHERE src.id = t.id;
UPDATE t SET id = id + 10 WHERE g = 'u';
UPDATE many SET a = 7 WHERE b = 1 AND a = 1;
INSERT INTO t SELECT id + 200, NULL, g, x FROM src ORDER BY id;
-- show
SELECT '== update or replace, or ignore';
UPDATE OR REPLACE t SET k = 40 WHERE id = 2;
UPDATE OR IGNORE t SET id = 2 WHERE id = 1;
UPDATE t SET (g, x) = ('w', 0) WHERE id > 200;
UPDATE t SET (g, x) = (SELECT 'sel', max(x) FROM src) WHERE id = 1;
-- show
SELECT '== delete by subquery, with limit, and all';
DELETE FROM t WHERE id IN (SELECT id FROM src);
DELETE FROM t ORDER BY x DESC, id LIMIT 1;
-- show
DELETE FROM t;
DELETE FROM many;
-- show
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) INSERT INTO t SELECT i, i * 2, CASE i % 2 WHEN 0 THEN 'even' ELSE 'odd' END, i FROM n;
WITH d AS (SELECT max(id) AS m FROM t) DELETE FROM t WHERE id = (SELECT m FROM d);
INSERT INTO t DEFAULT VALUES;
-- show
SELECT '== returning';
INSERT INTO t(id, g, x) VALUES (77, 'ret', 1) RETURNING id, x + 1;
UPDATE t SET x = 5 WHERE id = 77 RETURNING x;
DELETE FROM t WHERE id = 77 RETURNING g;
-- show v_group
