CREATE TABLE edge(p INTEGER, q INTEGER);
CREATE TABLE part(id INTEGER PRIMARY KEY, parent INTEGER, name TEXT, qty INTEGER);
INSERT INTO edge VALUES (1, 2), (2, 3), (3, 1), (4, 5), (5, 6);
INSERT INTO part VALUES (1, NULL, 'car', 1), (2, 1, 'wheel', 4), (3, 2, 'bolt', 5), (4, 1, 'door', 2), (5, 4, 'bolt', 3);
CREATE MATERIALIZED VIEW r_count AS WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT n FROM c;
CREATE MATERIALIZED VIEW r_reach AS WITH RECURSIVE r(p, q) AS (SELECT p, q FROM edge UNION SELECT r.p, e.q FROM r JOIN edge e ON e.p = r.q) SELECT * FROM r;
CREATE MATERIALIZED VIEW r_tree AS WITH RECURSIVE t(id, path, depth) AS (SELECT id, name, 0 FROM part WHERE parent IS NULL UNION ALL SELECT part.id, t.path || '/' || part.name, depth + 1 FROM part JOIN t ON part.parent = t.id) SELECT id, path, depth FROM t;
CREATE MATERIALIZED VIEW r_total AS WITH RECURSIVE t(id, name, n) AS (SELECT id, name, qty FROM part WHERE parent IS NULL UNION ALL SELECT part.id, part.name, t.n * part.qty FROM part JOIN t ON part.parent = t.id) SELECT name, sum(n) AS n FROM t GROUP BY name;
CREATE MATERIALIZED VIEW r_from_one AS WITH RECURSIVE r(q) AS (SELECT 1 UNION SELECT e.q FROM edge e JOIN r ON e.p = r.q) SELECT q FROM r;
CREATE MATERIALIZED VIEW r_calendar AS WITH RECURSIVE d(day) AS (SELECT 1 UNION ALL SELECT day + 1 FROM d WHERE day < 6) SELECT day, count(edge.p) AS n FROM d LEFT JOIN edge ON edge.p = day GROUP BY day;
CREATE MATERIALIZED VIEW r_over AS SELECT q, count(*) AS n FROM r_reach GROUP BY q;
-- show
DELETE FROM edge WHERE p = 3;
INSERT INTO part VALUES (6, 2, 'tyre', 1);
-- show
INSERT INTO edge VALUES (3, 4);
UPDATE part SET parent = 1, qty = 10 WHERE id = 3;
-- show
DELETE FROM part WHERE id = 1;
DELETE FROM edge;
-- show
