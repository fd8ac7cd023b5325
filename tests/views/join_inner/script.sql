CREATE TABLE a(id INTEGER PRIMARY KEY, k INTEGER, s TEXT);
CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER, x REAL);
INSERT INTO a VALUES (1, 1, 'one'), (2, 1, 'uno'), (3, 2, 'two'), (4, NULL, 'none'), (5, 9, 'nine');
INSERT INTO b VALUES (1, 1, 0.5), (2, 2, 1.5), (3, 2, 2.5), (4, NULL, 3.5), (5, 7, 4.5);
CREATE MATERIALIZED VIEW j_on AS SELECT a.id AS a, b.id AS b, s, x FROM a JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW j_inner AS SELECT a.id, x FROM a INNER JOIN b ON a.k = b.k AND b.x > 1;
CREATE MATERIALIZED VIEW j_where AS SELECT a.s || ':' || b.x AS t FROM a, b WHERE a.k = b.k;
CREATE MATERIALIZED VIEW j_group AS SELECT a.k, count(*) AS n, sum(b.x) AS x FROM a JOIN b ON b.k = a.k GROUP BY a.k;
CREATE MATERIALIZED VIEW j_expr AS SELECT a.id AS i, b.id AS j FROM a JOIN b ON a.k + 1 = b.k;
CREATE MATERIALIZED VIEW j_null_safe AS SELECT a.id AS i, b.id AS j FROM a JOIN b ON a.k IS b.k;
CREATE MATERIALIZED VIEW j_two AS SELECT count(*) AS n FROM a JOIN b ON a.k = b.k AND a.id = b.id;
-- show
INSERT INTO a VALUES (6, 7, 'seven');
UPDATE b SET k = 9 WHERE id = 2;
-- show
DELETE FROM a WHERE k = 1;
UPDATE b SET x = x * 2;
UPDATE a SET k = NULL WHERE id = 3;
-- show
BEGIN;
INSERT INTO b VALUES (6, 9, 10.0);
DELETE FROM b WHERE id = 6;
INSERT INTO b VALUES (6, 9, 20.0);
UPDATE a SET k = 7;
COMMIT;
-- show
