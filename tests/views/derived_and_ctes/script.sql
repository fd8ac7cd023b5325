CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x INTEGER);
CREATE TABLE names(g TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
INSERT INTO t VALUES (1, 'a', 1), (2, 'a', 5), (3, 'b', 2), (4, 'c', NULL), (5, NULL, 9);
INSERT INTO names VALUES ('a', 'Alpha'), ('b', 'Beta');
CREATE MATERIALIZED VIEW d_plain AS SELECT g, x + 1 AS y FROM (SELECT g, x * 2 AS x FROM t WHERE x > 1);
CREATE MATERIALIZED VIEW d_group AS SELECT name, total FROM names JOIN (SELECT g, sum(x) AS total FROM t GROUP BY g) s ON s.g = names.g;
CREATE MATERIALIZED VIEW d_left AS SELECT s.g, name, n FROM (SELECT g, count(*) AS n FROM t GROUP BY g) s LEFT JOIN names ON names.g IS s.g;
CREATE MATERIALIZED VIEW d_twice AS SELECT a.g AS p, b.g AS q FROM (SELECT g, max(x) AS m FROM t GROUP BY g) a JOIN (SELECT g, max(x) AS m FROM t GROUP BY g) b ON a.m < b.m;
CREATE MATERIALIZED VIEW d_of_group AS SELECT max(total) AS most, count(*) AS groups FROM (SELECT sum(x) AS total FROM t GROUP BY g);
CREATE MATERIALIZED VIEW d_three_deep AS SELECT count(*) AS n FROM (SELECT m FROM (SELECT g, max(x) AS m FROM (SELECT g, x FROM t WHERE g IS NOT NULL) GROUP BY g) WHERE m > 1);
CREATE MATERIALIZED VIEW d_values AS SELECT v.column1 AS g, count(t.id) AS n FROM (VALUES ('a'), ('b'), ('z')) v LEFT JOIN t ON t.g = v.column1 GROUP BY 1;
CREATE MATERIALIZED VIEW d_limit AS SELECT g FROM (SELECT g, x FROM t WHERE x IS NOT NULL ORDER BY x DESC LIMIT 2) WHERE x < 9;
CREATE MATERIALIZED VIEW d_distinct AS SELECT count(*) AS n FROM (SELECT DISTINCT g FROM t);
CREATE MATERIALIZED VIEW w_one AS WITH s AS (SELECT g, sum(x) AS total FROM t GROUP BY g) SELECT * FROM s WHERE total > 2;
CREATE MATERIALIZED VIEW w_twice AS WITH s AS (SELECT g, sum(x) AS total FROM t GROUP BY g) SELECT g, total * 1.0 / (SELECT sum(total) FROM s) AS share FROM s;
CREATE MATERIALIZED VIEW w_chain AS WITH a AS (SELECT * FROM t WHERE x > 0), b AS (SELECT g, count(*) AS n FROM a GROUP BY g), c AS (SELECT max(n) AS n FROM b) SELECT b.g FROM b JOIN c ON b.n = c.n;
CREATE MATERIALIZED VIEW w_columns(letter, amount) AS WITH s(p, q) AS (SELECT g, x FROM t) SELECT p, q FROM s;
CREATE MATERIALIZED VIEW w_hides AS WITH names AS (SELECT 'hidden' AS g) SELECT g FROM names;
CREATE MATERIALIZED VIEW w_materialized AS WITH s AS MATERIALIZED (SELECT g FROM t), u AS NOT MATERIALIZED (SELECT g FROM names) SELECT s.g FROM s JOIN u ON s.g = u.g;
CREATE MATERIALIZED VIEW w_inside AS SELECT * FROM (WITH s AS (SELECT g, x FROM t) SELECT g, max(x) AS x FROM s GROUP BY g) WHERE x > 1;
CREATE MATERIALIZED VIEW w_union AS WITH s AS (SELECT g FROM t UNION SELECT g FROM names) SELECT g, (SELECT count(*) FROM s) AS n FROM s;
CREATE MATERIALIZED VIEW w_unused AS WITH s AS (SELECT 1 / 0 AS z) SELECT count(*) AS n FROM t;
CREATE MATERIALIZED VIEW w_values AS WITH v(k, label) AS (VALUES ('a', 'first'), ('b', 'second')) SELECT label, x FROM t JOIN v ON v.k = t.g;
-- show
UPDATE t SET x = 10 WHERE id = 3;
INSERT INTO t VALUES (6, 'b', 1), (7, 'd', 4);
-- show
DELETE FROM t WHERE g = 'a';
INSERT INTO names VALUES ('d', 'Delta');
-- show
UPDATE t SET g = 'b';
-- show
DELETE FROM t;
-- show
