CREATE TABLE a(id INTEGER PRIMARY KEY, k INTEGER);
CREATE TABLE b(id INTEGER PRIMARY KEY, k INTEGER, v TEXT);
CREATE TABLE c(k INTEGER, w TEXT);
INSERT INTO a VALUES (1, 1), (2, 2), (3, NULL), (4, 4);
INSERT INTO b VALUES (1, 1, 'p'), (2, 1, 'q'), (3, 3, 'r');
INSERT INTO c VALUES (1, 'x'), (2, 'y'), (NULL, 'z');
CREATE MATERIALIZED VIEW l_plain AS SELECT a.id, b.v FROM a LEFT JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW l_missing AS SELECT a.id FROM a LEFT JOIN b ON a.k = b.k WHERE b.id IS NULL;
CREATE MATERIALIZED VIEW l_on_filter AS SELECT a.id, b.v FROM a LEFT OUTER JOIN b ON a.k = b.k AND b.v = 'q';
CREATE MATERIALIZED VIEW l_where AS SELECT a.id, b.v FROM a LEFT JOIN b ON a.k = b.k WHERE b.v = 'q' OR a.id > 2;
CREATE MATERIALIZED VIEW l_on_left AS SELECT a.id, b.v FROM a LEFT JOIN b ON a.k = b.k AND a.id < 2;
CREATE MATERIALIZED VIEW l_group AS SELECT a.id, count(b.id) AS n, count(*) AS m, max(b.v) AS v FROM a LEFT JOIN b ON a.k = b.k GROUP BY a.id;
CREATE MATERIALIZED VIEW l_chain AS SELECT a.id, b.v, c.w FROM a LEFT JOIN b ON a.k = b.k LEFT JOIN c ON c.k = b.k;
CREATE MATERIALIZED VIEW l_chain_left AS SELECT a.id, b.v, c.w FROM a LEFT JOIN b ON a.k = b.k LEFT JOIN c ON c.k = a.k;
CREATE MATERIALIZED VIEW l_then_inner AS SELECT a.id, b.v, c.w FROM a LEFT JOIN b ON a.k = b.k JOIN c ON c.k IS b.k;
CREATE MATERIALIZED VIEW l_nested AS SELECT a.id, v, w FROM a LEFT JOIN (b JOIN c ON b.k = c.k) ON a.k = b.k;
CREATE MATERIALIZED VIEW l_never AS SELECT a.id, b.v FROM a LEFT JOIN b ON 0;
CREATE MATERIALIZED VIEW l_always AS SELECT a.id, b.v FROM a LEFT JOIN b ON 1;
CREATE MATERIALIZED VIEW l_coalesce AS SELECT a.id, coalesce(b.v, 'nothing') AS v FROM a LEFT JOIN b ON a.k = b.k;
-- show
INSERT INTO b VALUES (4, 2, 's');
INSERT INTO c VALUES (3, 't');
-- show
DELETE FROM b WHERE k = 1;
-- show
UPDATE b SET k = 1;
UPDATE a SET k = 3 WHERE id IN (2, 3);
-- show
DELETE FROM b;
-- show
INSERT INTO b VALUES (1, 3, 'again'), (2, NULL, 'null');
DELETE FROM a WHERE id = 1;
-- show
