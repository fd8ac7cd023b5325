CREATE TABLE a(id INTEGER PRIMARY KEY, k INTEGER, x INTEGER);
CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER, y INTEGER);
INSERT INTO a VALUES (1, 1, 10), (2, 2, 20), (3, NULL, 30), (4, 2, 5);
INSERT INTO b VALUES (1, 1, 7), (2, 2, 8), (3, 2, 9), (4, 5, 100);
CREATE MATERIALIZED VIEW q_count AS SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) AS n FROM a;
CREATE MATERIALIZED VIEW q_max AS SELECT id, (SELECT max(y) FROM b WHERE b.k = a.k) AS y FROM a;
CREATE MATERIALIZED VIEW q_whole AS SELECT id, x * 1.0 / (SELECT sum(x) FROM a) AS share FROM a;
CREATE MATERIALIZED VIEW q_limit AS SELECT id, (SELECT y FROM b WHERE b.k = a.k ORDER BY y DESC LIMIT 1) AS y FROM a;
CREATE MATERIALIZED VIEW q_where AS SELECT id FROM a WHERE x > (SELECT avg(x) FROM a);
CREATE MATERIALIZED VIEW q_where_correlated AS SELECT id FROM a WHERE x >= (SELECT max(c.x) FROM a c WHERE c.k = a.k);
CREATE MATERIALIZED VIEW q_nested AS SELECT id, (SELECT count(*) FROM b WHERE b.y > (SELECT min(y) FROM b c WHERE c.k = a.k)) AS n FROM a;
CREATE MATERIALIZED VIEW q_in_expression AS SELECT id, coalesce((SELECT sum(y) FROM b WHERE b.k = a.k), 0) + x AS t FROM a;
CREATE MATERIALIZED VIEW q_grouped AS SELECT k, sum(x) AS x, (SELECT count(*) FROM b WHERE b.k = a.k) AS n FROM a GROUP BY k;
CREATE MATERIALIZED VIEW q_no_from AS SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b;
CREATE MATERIALIZED VIEW q_row AS SELECT id FROM a WHERE (k, x) = (SELECT k, max(x) FROM a c WHERE c.k = a.k GROUP BY k);
CREATE MATERIALIZED VIEW q_running AS SELECT id, (SELECT sum(c.x) FROM a c WHERE c.id <= a.id) AS running FROM a;
CREATE MATERIALIZED VIEW q_rank AS SELECT id, (SELECT count(*) + 1 FROM a c WHERE c.x > a.x) AS place FROM a;
CREATE MATERIALIZED VIEW q_aggregated AS SELECT sum((SELECT count(*) FROM b WHERE b.k = a.k)) AS pairs FROM a;
CREATE MATERIALIZED VIEW q_having AS SELECT k FROM a GROUP BY k HAVING sum(x) > (SELECT min(y) FROM b);
CREATE MATERIALIZED VIEW q_order AS SELECT id FROM a ORDER BY (SELECT count(*) FROM b WHERE b.k = a.k) DESC, id LIMIT 2;
CREATE MATERIALIZED VIEW q_two_levels AS SELECT id, (SELECT (SELECT max(y) FROM b WHERE b.k = c.k AND b.y < a.x) FROM a c WHERE c.id = a.id) AS y FROM a;
-- show
INSERT INTO b VALUES (5, 1, 50), (6, NULL, 1);
UPDATE a SET x = 25 WHERE id = 4;
-- show
DELETE FROM b WHERE k = 2;
-- show
UPDATE a SET k = 5;
-- show
DELETE FROM a WHERE id > 1;
-- show
DELETE FROM a;
-- show
