CREATE TABLE a(id INTEGER PRIMARY KEY, k INTEGER);
CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER);
CREATE TABLE c(id INTEGER PRIMARY KEY, k INTEGER);
INSERT INTO a VALUES (1, 1), (2, 2), (3, NULL);
INSERT INTO b VALUES (1, 2), (2, 3), (3, NULL);
INSERT INTO c VALUES (1, 3), (2, 1);
CREATE MATERIALIZED VIEW r_plain AS SELECT a.id AS a, b.id AS b FROM a RIGHT JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW r_outer AS SELECT a.id AS a, b.id AS b FROM a RIGHT OUTER JOIN b ON a.k = b.k AND a.id > 1;
CREATE MATERIALIZED VIEW f_plain AS SELECT a.id AS a, b.id AS b FROM a FULL JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW f_outer AS SELECT a.k AS a, b.k AS b FROM a FULL OUTER JOIN b ON a.k < b.k;
CREATE MATERIALIZED VIEW f_where AS SELECT a.id AS a, b.id AS b FROM a FULL JOIN b ON a.k = b.k WHERE a.id IS NULL OR b.id IS NULL;
CREATE MATERIALIZED VIEW f_group AS SELECT coalesce(a.k, b.k) AS k, count(a.id) AS n, count(b.id) AS m FROM a FULL JOIN b ON a.k = b.k GROUP BY coalesce(a.k, b.k);
CREATE MATERIALIZED VIEW f_three AS SELECT a.id AS a, b.id AS b, c.id AS c FROM a FULL JOIN b ON a.k = b.k FULL JOIN c ON c.k = coalesce(a.k, b.k);
CREATE MATERIALIZED VIEW r_chain AS SELECT a.id AS a, b.id AS b, c.id AS c FROM a LEFT JOIN b ON a.k = b.k RIGHT JOIN c ON c.k = a.k;
CREATE MATERIALIZED VIEW f_never AS SELECT a.id AS a, b.id AS b FROM a FULL JOIN b ON FALSE;
CREATE MATERIALIZED VIEW f_is AS SELECT a.id AS a, b.id AS b FROM a FULL JOIN b ON a.k IS b.k;
-- show
INSERT INTO a VALUES (4, 3), (5, 3);
INSERT INTO b VALUES (4, 1);
-- show
DELETE FROM a WHERE k IN (2, 3);
-- show
UPDATE b SET k = 1;
UPDATE c SET k = NULL WHERE id = 1;
-- show
DELETE FROM a;
-- show
DELETE FROM b;
INSERT INTO a VALUES (9, 1);
-- show
