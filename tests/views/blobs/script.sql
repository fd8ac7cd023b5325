CREATE TABLE t(id INTEGER PRIMARY KEY, z BLOB, k TEXT);
CREATE TABLE u(z BLOB PRIMARY KEY, x INTEGER) WITHOUT ROWID;
INSERT INTO t VALUES (1, x'00', 'a'), (2, x'', 'a'), (3, x'0001', 'b'), (4, 'text', 'b'), (5, NULL, 'c'), (6, x'74657874', 'c');
INSERT INTO u VALUES (x'00', 1), (x'74657874', 2), ('text', 3);
CREATE MATERIALIZED VIEW b_group AS SELECT z, count(*) AS n FROM t GROUP BY z;
CREATE MATERIALIZED VIEW b_join AS SELECT t.id, u.x FROM t JOIN u ON t.z = u.z;
CREATE MATERIALIZED VIEW b_extremes AS SELECT k, min(z) AS a, max(z) AS b FROM t GROUP BY k;
CREATE MATERIALIZED VIEW b_distinct AS SELECT DISTINCT typeof(z) AS t FROM t;
CREATE MATERIALIZED VIEW b_functions AS SELECT id, hex(z) AS h, length(z) AS l, quote(z) AS q, CAST(z AS TEXT) AS t, z || 'x' AS c FROM t;
CREATE MATERIALIZED VIEW b_compare AS SELECT a.id AS i, b.id AS j FROM t a JOIN t b ON a.z < b.z;
CREATE MATERIALIZED VIEW b_union AS SELECT z FROM t UNION SELECT z FROM u;
-- show
INSERT INTO t VALUES (7, x'00', 'a'), (8, zeroblob(3), 'd');
UPDATE t SET z = CAST(z AS BLOB) WHERE id = 4;
-- show
DELETE FROM t WHERE z = x'00';
UPDATE u SET z = x'0001' WHERE x = 1;
-- show
