CREATE TABLE a(k INTEGER, s TEXT, x INTEGER);
CREATE TABLE b(k INTEGER, s TEXT, y INTEGER);
INSERT INTO a VALUES (NULL, NULL, NULL), (NULL, 'a', 1), (1, NULL, 2), (1, 'a', NULL);
INSERT INTO b VALUES (NULL, NULL, NULL), (1, 'a', 5), (NULL, 'a', 6);
CREATE MATERIALIZED VIEW n_equal AS SELECT a.x, b.y FROM a JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW n_is AS SELECT a.x, b.y FROM a JOIN b ON a.k IS b.k AND a.s IS b.s;
CREATE MATERIALIZED VIEW n_group AS SELECT k, s, count(*) AS n, count(x) AS c, sum(x) AS t FROM a GROUP BY k, s;
CREATE MATERIALIZED VIEW n_distinct AS SELECT DISTINCT k, s FROM a;
CREATE MATERIALIZED VIEW n_union AS SELECT k, s FROM a UNION SELECT k, s FROM b;
CREATE MATERIALIZED VIEW n_except AS SELECT k, s FROM a EXCEPT SELECT k, s FROM b;
CREATE MATERIALIZED VIEW n_intersect AS SELECT k, s FROM a INTERSECT SELECT k, s FROM b;
CREATE MATERIALIZED VIEW n_three AS SELECT x, x > 1 AS more, NOT x > 1 AS less, x > 1 OR NULL AS either, x > 1 AND NULL AS both, x IS NULL AS unknown FROM a;
CREATE MATERIALIZED VIEW n_arithmetic AS SELECT k + x AS a, k || s AS b, -x AS c, nullif(k, 1) AS d, coalesce(x, k, -1) AS e, max(x, 0) AS f, ifnull(s, '?') AS g FROM a;
CREATE MATERIALIZED VIEW n_case AS SELECT CASE k WHEN NULL THEN 'never' WHEN 1 THEN 'one' ELSE 'else' END AS c FROM a;
CREATE MATERIALIZED VIEW n_count_distinct AS SELECT count(DISTINCT k) AS k, count(DISTINCT s) AS s, count(DISTINCT x) AS x FROM a;
CREATE MATERIALIZED VIEW n_left AS SELECT a.x, b.y FROM a LEFT JOIN b ON a.k = b.k AND a.s = b.s;
CREATE MATERIALIZED VIEW n_full AS SELECT a.k, b.k AS j FROM a FULL JOIN b ON a.k = b.k;
CREATE MATERIALIZED VIEW n_in AS SELECT x FROM a WHERE x IN (SELECT y FROM b) OR x NOT IN (SELECT y FROM b WHERE y > 5);
CREATE MATERIALIZED VIEW n_all_null AS SELECT sum(x) AS s, avg(x) AS a, min(x) AS i, max(x) AS m, total(x) AS t FROM a WHERE x IS NULL;
-- show
UPDATE a SET k = NULL;
-- show
UPDATE b SET k = 1, s = NULL, y = NULL;
UPDATE a SET k = 1 WHERE s IS NULL;
-- show
DELETE FROM a WHERE s IS NULL;
-- show
