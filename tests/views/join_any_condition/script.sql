CREATE TABLE a(x INTEGER, s TEXT);
CREATE TABLE b(lo INTEGER, hi INTEGER, s TEXT);
INSERT INTO a VALUES (1, 'a'), (5, 'b'), (9, 'c'), (NULL, 'd'), (5, NULL);
INSERT INTO b VALUES (0, 4, 'low'), (4, 8, 'b'), (5, 5, NULL), (NULL, 9, 'open');
CREATE MATERIALIZED VIEW o_between AS SELECT a.x, b.s FROM a JOIN b ON a.x BETWEEN b.lo AND b.hi;
CREATE MATERIALIZED VIEW o_less AS SELECT a.x, b.lo FROM a JOIN b ON a.x < b.lo;
CREATE MATERIALIZED VIEW o_not_equal AS SELECT a.x, b.s FROM a JOIN b ON a.s <> b.s;
CREATE MATERIALIZED VIEW o_or AS SELECT a.x, a.s, b.hi FROM a JOIN b ON a.x = b.hi OR a.s = b.s;
CREATE MATERIALIZED VIEW o_or_left AS SELECT a.x, a.s, b.hi FROM a LEFT JOIN b ON a.x = b.lo OR a.s = b.s;
CREATE MATERIALIZED VIEW o_function AS SELECT a.s AS p, b.s AS q FROM a JOIN b ON length(a.s) = length(b.s);
CREATE MATERIALIZED VIEW o_like AS SELECT a.s AS p, b.s AS q FROM a JOIN b ON b.s LIKE '%' || a.s || '%';
CREATE MATERIALIZED VIEW o_case AS SELECT a.x, b.lo FROM a JOIN b ON CASE WHEN a.x > 4 THEN b.lo > 4 ELSE b.lo = 0 END;
CREATE MATERIALIZED VIEW o_constant AS SELECT a.x, b.lo FROM a JOIN b ON 1 = 1 AND a.x = 1;
CREATE MATERIALIZED VIEW o_null AS SELECT a.x FROM a JOIN b ON NULL;
CREATE MATERIALIZED VIEW o_null_left AS SELECT a.x, b.lo FROM a LEFT JOIN b ON NULL;
CREATE MATERIALIZED VIEW o_is_not AS SELECT a.x, b.lo FROM a JOIN b ON a.x IS NOT b.lo;
CREATE MATERIALIZED VIEW o_both_sides AS SELECT a.x, b.lo, b.hi FROM a JOIN b ON a.x + b.lo = b.hi;
CREATE MATERIALIZED VIEW o_in AS SELECT a.x, b.lo FROM a JOIN b ON a.x IN (b.lo, b.hi);
CREATE MATERIALIZED VIEW o_row AS SELECT a.x, b.s FROM a JOIN b ON (a.x, a.s) = (b.lo + 1, b.s);
-- show
INSERT INTO a VALUES (4, 'low'), (8, 'open');
UPDATE b SET hi = lo WHERE lo > 0;
-- show
UPDATE a SET x = NULL WHERE x = 5;
DELETE FROM b WHERE s IS NULL;
-- show
DELETE FROM b;
-- show
