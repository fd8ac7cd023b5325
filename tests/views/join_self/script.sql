CREATE TABLE staff(id INTEGER PRIMARY KEY, boss INTEGER, name TEXT, pay INTEGER);
INSERT INTO staff VALUES (1, NULL, 'Ann', 100), (2, 1, 'Bob', 80), (3, 1, 'Cid', 80), (4, 2, 'Dee', 50), (5, 9, 'Eve', 10);
CREATE MATERIALIZED VIEW s_boss AS SELECT e.name, b.name AS boss FROM staff e JOIN staff b ON e.boss = b.id;
CREATE MATERIALIZED VIEW s_all AS SELECT e.name, b.name AS boss FROM staff e LEFT JOIN staff b ON e.boss = b.id;
CREATE MATERIALIZED VIEW s_grand AS SELECT e.name, g.name AS grand FROM staff e JOIN staff b ON e.boss = b.id JOIN staff g ON b.boss = g.id;
CREATE MATERIALIZED VIEW s_pairs AS SELECT a.id AS i, b.id AS j FROM staff a JOIN staff b ON a.pay = b.pay AND a.id < b.id;
CREATE MATERIALIZED VIEW s_reports AS SELECT b.id, count(e.id) AS n, sum(e.pay) AS pay FROM staff b LEFT JOIN staff e ON e.boss = b.id GROUP BY b.id;
CREATE MATERIALIZED VIEW s_richer AS SELECT a.name, count(b.id) AS richer FROM staff a LEFT JOIN staff b ON b.pay > a.pay GROUP BY a.id, a.name;
CREATE MATERIALIZED VIEW s_cross AS SELECT count(*) AS n, sum(a.pay * b.pay) AS p FROM staff a, staff b;
CREATE MATERIALIZED VIEW s_same AS SELECT a.id FROM staff a JOIN staff b ON a.id = b.id;
-- show
UPDATE staff SET id = 9 WHERE id = 2;
-- show
UPDATE staff SET boss = id;
-- show
DELETE FROM staff WHERE id = 1;
INSERT INTO staff VALUES (1, 1, 'Own', 50), (6, 1, 'Fay', 50);
-- show
BEGIN;
UPDATE staff SET pay = pay + 1;
UPDATE staff SET boss = 1 WHERE id > 1;
DELETE FROM staff WHERE id = 4;
-- show
ROLLBACK;
-- show
