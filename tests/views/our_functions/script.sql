-- needs vs_functions: aggregates that stock SQLite does not have
CREATE TABLE t(id INTEGER PRIMARY KEY, g TEXT, x REAL, w REAL, at INTEGER);
INSERT INTO t VALUES (1, 'a', 2.0, 1.0, 10), (2, 'a', 4.0, 3.0, 5), (3, 'a', 9.0, 0.0, 7), (4, 'b', 5.0, NULL, 1), (5, NULL, NULL, 2.0, 2);
CREATE MATERIALIZED VIEW f_spread AS SELECT g, round(variance(x), 9) AS a, round(var_pop(x), 9) AS b, round(stddev(x), 9) AS c, round(stddev_pop(x), 9) AS d FROM t GROUP BY g;
CREATE MATERIALIZED VIEW f_two AS SELECT round(covar_samp(x, w), 9) AS a, round(covar_pop(x, w), 9) AS b, round(corr(x, w), 9) AS c FROM t;
CREATE MATERIALIZED VIEW f_weighted AS SELECT g, round(wavg(x, w), 9) AS a FROM t GROUP BY g;
CREATE MATERIALIZED VIEW f_first AS SELECT g, first(x, at) AS a, last(x, at) AS b, last(id, x) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW f_percentile AS SELECT g, median(x) AS a, percentile(x, 25) AS b, percentile(x, 100) AS c FROM t GROUP BY g;
CREATE MATERIALIZED VIEW f_filter AS SELECT round(stddev(x) FILTER (WHERE w > 0), 9) AS a, first(g, at) FILTER (WHERE g IS NOT NULL) AS b FROM t;
CREATE MATERIALIZED VIEW f_scalar AS SELECT id, safe_ratio(x, w) AS a, time_bucket(4, at) AS b FROM t;
-- show
INSERT INTO t VALUES (6, 'b', 1e20, 1.0, 0), (7, 'a', 4.0, 2.0, 5);
-- show
DELETE FROM t WHERE id IN (2, 6);
-- show
UPDATE t SET at = -at, g = 'b' WHERE x > 3;
-- show
DELETE FROM t WHERE x IS NOT NULL;
-- show
