/* Statements for the parser's tests: what SQLite prepares on this schema, and what it refuses. */
#ifndef TESTS_QUERY_CORPUS_H
#define TESTS_QUERY_CORPUS_H

__attribute__((unused)) static const char corpus_schema[] =
    "CREATE TABLE t1(a INTEGER, b TEXT, c REAL, d BLOB, \"order\" INT, e TEXT COLLATE NOCASE);"
    "CREATE TABLE t2(a INTEGER PRIMARY KEY, x TEXT, y NUMERIC);"
    "CREATE TABLE t3(k TEXT PRIMARY KEY, b INT, v) WITHOUT ROWID;"
    "CREATE INDEX i1 ON t1(a); CREATE INDEX i2 ON t2(y);"
    "CREATE VIEW v1 AS SELECT a, count(*) AS n FROM t1 GROUP BY a;"
    "INSERT INTO t1 VALUES(1,'one',1.5,x'00ff',7,'A'),(2,'two',-2.5,NULL,8,'a'),(2,'2',0.25,x'',9,'b'),"
    "  (NULL,NULL,NULL,NULL,NULL,NULL),(-3,'1',9e99,'text',1,'B');"
    "INSERT INTO t2 VALUES(1,'one','1'),(2,'zwei',2.5),(5,NULL,'abc'),(7,'2',NULL);"
    "INSERT INTO t3 VALUES('k',1,2),('K',2,'two'),('',-3,x'31');";

static const char *const corpus_valid[] = {
    /* literals and names */
    "SELECT 1, 2.5, .5, 5., 1e3, 1E-3, 1.5e+3, 0x1F, 0Xff, 'it''s', '', x'00ff', X'', NULL, TRUE, FALSE, true, False",
    "SELECT 9223372036854775807, -9223372036854775808, 9223372036854775808, - -5, -(-5), - - - 5, +-+5, ~-~5, -~5",
    "SELECT 0x7fffffffffffffff, 0xffffffffffffffff, -0x1",
    "SELECT \"a\", [a], `a`, 'a', t1.\"a\", [t1].[a], `t1`.`a`, 't1'.'a', main.t1.a, \"main\".\"t1\".\"a\", t1.a FROM t1",
    "SELECT \"no such column\", \"it\"\"s\", `order`, [order], \"order\" FROM t1",
    "SELECT \"true\", \"TRUE\" IS TRUE, true IS true, 1 IS TRUE, 2 IS NOT FALSE, (true) IS (true)",
    "SELECT true FROM (SELECT 5 AS \"true\")", "SELECT x IS true FROM t2",
    "SELECT ?, ?1, ?22, :name, @name, $name, $a::b(c), :a", "SELECT current_date IS NOT NULL, typeof(CURRENT_TIMESTAMP)",
    "SELECT rowid, oid, _rowid_, \"rowid\", t1.rowid FROM t1", "SELECT desc FROM (SELECT 1 AS desc)",
    "SELECT abort, key, end, no, offset FROM (SELECT 1 abort, 2 AS key, 3 AS end, 4 AS no, 5 AS offset)",
    "SELECT \xc3\xa4, \xe2\x82\xac$1 FROM (SELECT 1 AS \xc3\xa4, 2 AS \xe2\x82\xac$1)",
    /* aliases and spans */
    "SELECT a AS 'x', b 'y', c \"z\", d [w], e `v`, a AS u, b s FROM t1",
    "SELECT a+b, a + b, a  +  b, (a), ( a ), (a+b), a/*c*/+/*d*/b FROM t1",
    "SELECT a+b /* trailing */ FROM t1", "SELECT a+b -- trailing\n FROM t1", "SELECT a -- x\n, b -- y\n FROM t1 -- end",
    "SELECT \"a+b\" FROM (SELECT a+b FROM t1)", "SELECT [a + b] FROM (SELECT a + b FROM t1)",
    "SELECT [count(*)] FROM (SELECT count(*) FROM t1)", "SELECT * FROM (SELECT count(*), max(a)+1, 'x', 1 FROM t1)",
    "SELECT a FROM (SELECT a COLLATE nocase FROM t1)", "SELECT a COLLATE nocase, ((b)) COLLATE [binary] FROM t1", "SELECT (TRUE), (\"text\"), (false) FROM t1",
    "SELECT * FROM (SELECT false COLLATE binary, t1.a COLLATE nocase, rowid COLLATE binary, \"q\" COLLATE nocase, (TRUE), likely(b) FROM t1)",
    "SELECT `x'' y` FROM (SELECT 1 AS [x'' y])", "SELECT 1 AS \"a\"\"b\", 2 AS `c``d`, 3 AS [e\"f]", "SELECT x.* FROM t1 AS x",
    "SELECT *, a, * FROM t1", "SELECT t1.*, t2.a FROM t1, t2", "SELECT ALL a FROM t1", "SELECT DISTINCT a, b FROM t1",
    "SELECT 1 WHERE 0", "SELECT 1;", "SELECT 1 ; ;", "\xef\xbb\xbfSELECT 1", "SELECT/**/1", "SELECT 1 /* open",
    /* operators and precedence */
    "SELECT 1+2*3-4/5%6, 1-2-3, 2*3/4*5, 7%4%2, 1||2||3, 1||2*3, 2*3||4, 1<<2+3, 1+2<<3, 6&3|4, 4|6&3, 1<<2>>1, 8>>2<<1",
    "SELECT 1<2<3, 3>2>1, 1<=2>=1, 1=2<3, (1=2)<3, 1<2=3, 1==2, 1<>2, 1!=2, 1 IS 2 IS 3, 1=2=3, 1 = (2=3), 1 IS NOT 2 = 3",
    "SELECT NOT 1 = 2, NOT (1 = 2), (NOT 1) = 2, NOT NOT 1, NOT 1 AND 0, NOT (1 AND 0), 1 AND NOT 0, 1 OR 0 AND 0, (1 OR 0) AND 0",
    "SELECT 1 = NOT 0, 1 + NOT 0, - NOT 1, ~ NOT 1, NOT -1, NOT 1 IS NULL, NOT NULL IS NULL, (NOT NULL) IS NULL",
    "SELECT -1||2, -(1||2), ~1+2, ~(1+2), -a.b, - 5 COLLATE nocase, ~'x' COLLATE nocase FROM (SELECT 1 AS b) AS a",
    "SELECT 'a' COLLATE nocase = 'A', 'a' = 'A' COLLATE nocase, ('a' = 'A') COLLATE nocase, 'a' || 'b' COLLATE nocase = 'AB',"
    "  'a' COLLATE nocase COLLATE binary = 'A', 'a' COLLATE \"nocase\" = 'A', 'a' COLLATE 'nocase' = 'A', e = 'A' FROM t1",
    "SELECT a ISNULL, a NOTNULL, a NOT NULL, a IS NULL, a IS NOT NULL, a + 1 ISNULL, (a ISNULL) ISNULL, a = b NOT NULL FROM t1",
    "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM b, a IS NOT NULL IS NULL, a IS (NOT b), a IS NOT (NOT b) FROM t1",
    "SELECT a BETWEEN 1 AND 2, a NOT BETWEEN 1 AND 2, a BETWEEN 1 AND 2 AND b, a BETWEEN (1 AND 2) AND 3, a BETWEEN 1 AND 2 = 1,"
    "  a BETWEEN 1 AND (2 OR 3), NOT a BETWEEN 1 AND 2, a BETWEEN 1 AND 2 BETWEEN 0 AND 1,"
    "  a BETWEEN b IS NULL AND c, a BETWEEN 1 = 1 AND 2 FROM t1",
    "SELECT b LIKE 'o%', b NOT LIKE 'o%', b LIKE 'o\\%' ESCAPE '\\', b GLOB 'o*', b NOT GLOB '[a-n]*', b LIKE 'a' || '%',"
    "  b LIKE 'a' LIKE 1, b LIKE ('a' LIKE 1), b LIKE a = 1, b LIKE 'a' ESCAPE 'x' || '' FROM t1",
    "SELECT a IN (1,2), a NOT IN (1,2), a IN (), a NOT IN (), a IN (SELECT a FROM t2), a NOT IN (SELECT a FROM t2),"
    "  a IN ((SELECT a FROM t2)), b IN (1), a IN ('1'), b IN ((1)), a + 1 IN (2), a = 1 IN (0, 1), a IN (1) IN (0, 1) FROM t1",
    "SELECT k IN (SELECT k FROM t3), 1 IN (SELECT a FROM t2 UNION SELECT 5), 2 IN (VALUES (1), (2)) FROM t3",
    "WITH v2 AS (SELECT 'one') SELECT 'one' IN v2, 'two' NOT IN v2, (1, 2) NOT IN main.v1 FROM (SELECT 1) UNION SELECT 1,2,3",
    "WITH v2 AS (SELECT 'one') SELECT 'one' IN v2, 'two' NOT IN v2, 1 IN \"v2\", 1 IN 'v2'",
    "SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1 WHERE 0), EXISTS (VALUES (1)) = 1, EXISTS (WITH x AS (SELECT 1) SELECT * FROM x)",
    "SELECT (SELECT 1), (SELECT a FROM t2 WHERE a = t1.a), (VALUES (7)), (SELECT max(a) FROM t2) + 1 FROM t1",
    "SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (a, b) IN (SELECT a, x FROM t2), (1,2) IN (VALUES (1,2)), (a,b) IS (1,'one'),"
    "  (a, b) = (SELECT a, x FROM t2), (a, c) BETWEEN (1, 1) AND (2, 2) FROM t1",
    "SELECT CASE a WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'more' END, CASE WHEN a > 1 THEN b END, CASE WHEN 1 THEN 2 END + 1,"
    "  CASE a = 1 WHEN 1 THEN 0 OR 1 ELSE 1 AND 0 END, CASE CASE 1 WHEN 1 THEN 2 END WHEN 2 THEN 3 END FROM t1",
    "SELECT CAST(a AS TEXT), CAST(b AS INTEGER), CAST(c AS VARCHAR(10)), CAST(a AS DECIMAL(10, 5)), CAST(a AS DECIMAL(+1,-2.5)),"
    "  CAST(b AS unsigned big int), CAST(b AS), CAST(a AS \"text\"), CAST(a AS 'text'), CAST(a AS [my text]), CAST(1 AND 0 AS TEXT) FROM t1",
    "SELECT '{\"a\":[1,2]}' -> 'a', '{\"a\":[1,2]}' ->> '$.a[1]', '{\"a\":{\"b\":3}}' -> 'a' ->> 'b', '[1]' -> 0 || 'x', 'x' || '[1]' ->> 0",
    "SELECT '[' || 1 || ']' ->> 0, '[1]' ->> (0 || ''), -'[1]' ->> 0, '[5]' ->> 0 + 1",
    "SELECT a=1 OR b='two' AND c<0 OR NOT d IS NULL AND e='A' FROM t1", "SELECT a AND b OR c AND d, (a OR b) AND (c OR d) FROM t1",
    "SELECT 5 & 3 + 1, 5 & (3 | 4), ~5 & 3, 5 - (3 - 1), 5 - 3 - 1, 2 / (3 / 4.0), (5 || 3) - 1, 5 || (3 - 1)",
    "SELECT \"a\" || 'x', a || b || c, +a, -b, +b FROM t1", "SELECT * FROM t1 WHERE +a = '1' OR b = 1 OR +b = 1",
    "SELECT b = 1, b = +1, a = '1', a = +'1', CAST(a AS TEXT) = 1, c = '1.5', d = 'text', (b) = 1, (+b) = 1 FROM t1",
    "SELECT a FROM t1 WHERE a IN ('1', '2')", "SELECT b FROM t1 WHERE b IN (1, 2)", "SELECT b FROM t1 WHERE b IN (2)",
    /* functions and windows */
    "SELECT count(*), count(a), count(DISTINCT a), sum(a), sum(ALL a), total(c), min(a, 1), max(b), group_concat(b, '-'), count() FROM t1",
    "SELECT count(*) FILTER (WHERE a > 1), sum(a) FILTER (WHERE b IS NOT NULL) FROM t1", "SELECT \"abs\"(-1), [abs](-1), `abs`(-1)",
    "SELECT like('a%', 'abc'), glob('a*', 'abc'), replace('a', 'a', 'b'), ifnull(NULL, 1), coalesce(NULL, NULL, 2), char(65, 66)",
    "SELECT a, row_number() OVER (ORDER BY a), sum(a) OVER w, lag(a, 1, 0) OVER (PARTITION BY b ORDER BY c DESC NULLS LAST) FROM t1"
    "  WINDOW w AS (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "SELECT sum(a) OVER (ORDER BY rowid ROWS UNBOUNDED PRECEDING), sum(a) OVER (ORDER BY rowid RANGE CURRENT ROW),"
    "  sum(a) OVER (ORDER BY rowid GROUPS BETWEEN 1+1 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW),"
    "  sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING EXCLUDE NO OTHERS), sum(a) OVER (ORDER BY a) FROM t1"
    " WHERE 0 UNION SELECT 1,2,3,4,5",
    "SELECT sum(a) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES), sum(a) OVER (ORDER BY a GROUPS 1 PRECEDING"
    " /* a comment */ EXCLUDE GROUP -- another\n ) FROM t1",
    "SELECT sum(a) FILTER (WHERE a > 0) OVER (ORDER BY b), sum(a) OVER (w ORDER BY b), sum(a) OVER (w), sum(a) OVER w, count(*) OVER ()"
    " FROM t1 WINDOW w AS (PARTITION BY a), w2 AS (w ORDER BY c), w3 AS ()",
    "SELECT over, filter, window FROM (SELECT 1 AS over, 2 AS filter, 3 AS window)", "SELECT count(*) over FROM t1",
    "SELECT count(*) filter FROM t1", "SELECT 1 window FROM t1", "SELECT count(*) over, 1 FROM t1", "SELECT a FROM t1 window",
    "SELECT sum(a) OVER win FROM t1 WINDOW win AS (ORDER BY a)", "SELECT sum(a) OVER \"w\" FROM t1 WINDOW \"w\" AS (ORDER BY a)",
    "SELECT sum(a) OVER partition FROM t1 WINDOW partition AS ()", "SELECT sum(a) OVER over FROM t1 WINDOW over AS ()",
    /* FROM */
    "SELECT * FROM t1, t2", "SELECT * FROM t1 JOIN t2", "SELECT * FROM t1 INNER JOIN t2 ON t1.a = t2.a", "SELECT * FROM t1 CROSS JOIN t2",
    "SELECT * FROM t1 LEFT JOIN t2 ON t1.a = t2.a", "SELECT * FROM t1 LEFT OUTER JOIN t2 USING (a)", "SELECT * FROM t1 NATURAL JOIN t2",
    "SELECT * FROM t1 RIGHT JOIN t2 USING (a)", "SELECT * FROM t1 FULL OUTER JOIN t2 ON t1.b = t2.x", "SELECT * FROM t1 NATURAL LEFT JOIN t2",
    "SELECT * FROM t1 NATURAL FULL OUTER JOIN t2", "SELECT * FROM t1 OUTER LEFT NATURAL JOIN t2", "SELECT * FROM t1 LEFT RIGHT JOIN t2 USING(a)",
    "SELECT * FROM t1 NATURAL CROSS JOIN t2", "SELECT * FROM t1 INNER CROSS JOIN t2", "SELECT * FROM t1, t2 ON t1.a = t2.a",
    "SELECT * FROM t1 JOIN t2 ON t1.a = t2.a JOIN t3 ON t3.b = t1.a", "SELECT * FROM t1 LEFT JOIN t2 USING (a), t3",
    "SELECT * FROM t1 LEFT JOIN (t2 JOIN t3 ON t2.a = t3.b) ON t1.a = t2.a", "SELECT * FROM (t1 JOIN t2 USING (a)) LEFT JOIN t3 USING (b)",
    "SELECT * FROM t1, (t2 LEFT JOIN t3 ON t2.a = t3.b)", "SELECT * FROM (t1, t2)", "SELECT * FROM (t1)", "SELECT * FROM ((t1))", "SELECT * FROM (t1 AS x) AS y",
    "SELECT y.a FROM (t1 AS x) AS y", "SELECT x.a FROM (t1 AS x)", "SELECT t1.a FROM t2, (t1)", "SELECT z.a, z.x FROM (t1 JOIN t2 USING (a)) AS z",
    "SELECT z.a, v FROM t3 JOIN (t1 JOIN t2 USING (a)) AS z ON z.a = t3.b", "SELECT * FROM (t1 JOIN t2 USING(a)) z JOIN t3",
    "SELECT * FROM ((t1 LEFT JOIN t2 USING (a)) LEFT JOIN t3 USING (b))", "SELECT * FROM (t1 LEFT JOIN (t2 CROSS JOIN t3) ON t1.a = t2.a)",
    "SELECT * FROM (SELECT * FROM t1)", "SELECT * FROM (SELECT a FROM t1) AS x", "SELECT * FROM (SELECT a FROM t1) x, (VALUES (1), (2)) 'y'",
    "SELECT y.column1 FROM (VALUES (1, 2), (3, 4)) AS y", "SELECT * FROM main.t1 AS x WHERE x.a = 1", "SELECT * FROM \"main\".[t1] `x`",
    "SELECT * FROM t1 INDEXED BY i1 WHERE a = 1", "SELECT * FROM t1 AS x NOT INDEXED WHERE a = 1", "SELECT * FROM t1 x INDEXED BY 'i1' WHERE a = 1",
    "SELECT * FROM t1 NOT INDEXED JOIN t2 INDEXED BY i2 ON t2.y = 2.5", "SELECT value FROM json_each('[1,2,3]')", "SELECT j.value FROM t1, json_each('[1,2]') AS j",
    "SELECT value FROM json_each('[1,2,3]', '$') x WHERE x.key > 0", "SELECT name FROM pragma_table_info('t1')", "SELECT * FROM json_each()", "SELECT * FROM main.json_each('[1]')",
    "SELECT * FROM 't1'", "SELECT * FROM t1 'x', t2 \"y\"", "SELECT * FROM t1 AS left", "SELECT * FROM t1 AS \"natural\" JOIN t2", "SELECT left.a FROM t1 AS left", "SELECT natural FROM (SELECT 1 AS natural)",
    "SELECT * FROM v1", "SELECT * FROM t1 JOIN t1 AS t ON t.a = t1.a", "SELECT 1 FROM t1 WHERE a IN (SELECT a FROM t2 WHERE t2.x = t1.b)",
    /* clauses */
    "SELECT a, count(*) FROM t1 GROUP BY a", "SELECT a, count(*) AS n FROM t1 GROUP BY 1 HAVING n > 1 ORDER BY 2 DESC, 1", "SELECT a FROM t1 GROUP BY a, b || 'x', c + 1",
    "SELECT count(*) FROM t1 HAVING count(*) > 0", "SELECT a FROM t1 ORDER BY a ASC NULLS LAST, b DESC NULLS FIRST, c COLLATE nocase DESC, d NULLS FIRST",
    "SELECT a FROM t1 ORDER BY a LIMIT 2", "SELECT a FROM t1 ORDER BY a LIMIT 2 OFFSET 1", "SELECT a FROM t1 ORDER BY a LIMIT 1, 2", "SELECT a FROM t1 LIMIT (SELECT 1) OFFSET 1 + 1",
    "SELECT a FROM t1 LIMIT -1", "SELECT a FROM t1 WHERE a > 1 AND b LIKE '%' ORDER BY rowid",
    /* compounds, VALUES, WITH */
    "SELECT 1 UNION SELECT 2", "SELECT 1 UNION ALL SELECT 2 UNION SELECT 1", "SELECT 1 EXCEPT SELECT 2 INTERSECT SELECT 1", "SELECT a FROM t1 UNION SELECT a FROM t2 ORDER BY 1 LIMIT 3 OFFSET 1",
    "VALUES (1, 'a'), (2, 'b'), (3, NULL)", "VALUES (1) UNION VALUES (2), (3)", "SELECT 1 UNION ALL VALUES (2), (3)", "VALUES (1), (2) EXCEPT SELECT 1", "SELECT * FROM (VALUES (1), (2) ) ORDER BY 1 DESC",
    "SELECT * FROM (SELECT 1 AS n UNION SELECT 2) WHERE n > 1", "SELECT * FROM (SELECT 1 UNION SELECT 2 ORDER BY 1 DESC LIMIT 1) UNION SELECT 5",
    "WITH x AS (SELECT 1 AS n) SELECT * FROM x", "WITH x(n) AS (SELECT 1), y(m) AS (SELECT n + 1 FROM x) SELECT * FROM x, y", "WITH x AS MATERIALIZED (SELECT 1), y AS NOT MATERIALIZED (SELECT 2) SELECT * FROM x, y",
    "WITH RECURSIVE c(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 5) SELECT * FROM c", "WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n * 2 FROM c WHERE n < 50 ORDER BY 1 LIMIT 5) SELECT sum(n) FROM c",
    "WITH c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 3) SELECT * FROM c", "SELECT * FROM (WITH x AS (SELECT 1) SELECT * FROM x)", "SELECT (WITH x AS (SELECT 7) SELECT * FROM x)",
    "WITH RECURSIVE recursive AS (SELECT 1) SELECT * FROM recursive", "WITH materialized AS (SELECT 1) SELECT * FROM materialized", "WITH x AS (VALUES (1)) VALUES (2)",
    "WITH 'x'(\"y z\", [w]) AS (SELECT 1, 2) SELECT [y z], w FROM x", "WITH a AS (WITH b AS (SELECT 1 AS q) SELECT q FROM b) SELECT q FROM a UNION SELECT 2",
    0};

__attribute__((unused)) static const char *const corpus_invalid[] = {
    "SELECT", "SELECT FROM t1", "SELECT a,, b FROM t1", "SELECT a, FROM t1", "SELECT a b c FROM t1", "SELECT * FROM", "SELECT * FROM t1 WHERE",
    "SELECT * FROM t1 JOIN", "SELECT * FROM t1 LEFT t2", "SELECT * FROM t1 OUTER JOIN t2", "SELECT * FROM t1 LEFT INNER JOIN t2", "SELECT * FROM t1 FOO JOIN t2 ON 1 JOIN", "SELECT * FROM t1 LEFT FOO JOIN t2",
    "SELECT * FROM t1 ON a = 1", "SELECT * FROM t1 NATURAL JOIN t2 ON 1", "SELECT * FROM t1 NATURAL JOIN t2 USING (a)", "SELECT * FROM t1 JOIN t2 USING ()", "SELECT * FROM t1 JOIN t2 ON 1 ON 2", "SELECT * FROM t1 JOIN t2 ON 1 USING (a)",
    "SELECT 'abc", "SELECT \"abc", "SELECT [abc", "SELECT `abc", "SELECT 12abc", "SELECT 1.5x", "SELECT 0x", "SELECT x'0'", "SELECT x'0g'", "SELECT x'00", "SELECT #1", "SELECT 1 ! 2", "SELECT a::int", "SELECT a ^ b", "SELECT :", "SELECT @ ", "SELECT \\", "SELECT {{x}}", "SELECT 1_000", "SELECT 1e", "SELECT $a(b",
    "SELECT (1", "SELECT 1)", "SELECT (1,)", "SELECT ()", "SELECT f(", "SELECT f(1,)", "SELECT f(*, 1)", "SELECT *.a FROM t1", "SELECT t1.* AS x FROM t1", "SELECT a.b.c.d FROM t1", "SELECT count(DISTINCT *) FROM t1",
    "SELECT 1 +", "SELECT * 1", "SELECT 1 = ", "SELECT 1 && 2", "SELECT a IS NOT DISTINCT b FROM t1", "SELECT a NOT 1 FROM t1", "SELECT a BETWEEN 1 FROM t1", "SELECT a BETWEEN 1 AND FROM t1", "SELECT a IN 1 FROM t1", "SELECT a IN FROM t1", "SELECT a LIKE FROM t1", "SELECT a LIKE 'x' ESCAPE FROM t1",
    "SELECT CASE END", "SELECT CASE 1 END", "SELECT CASE WHEN 1 END", "SELECT CASE WHEN 1 THEN 2", "SELECT CASE WHEN 1 THEN 2 ELSE END", "SELECT CAST(1)", "SELECT CAST(1 AS int(1,2,3))", "SELECT CAST(1 AS int())", "SELECT EXISTS (1)", "SELECT EXISTS 1", "SELECT a COLLATE FROM t1", "SELECT a COLLATE 1 FROM t1",
    "SELECT left('a', 1)", "SELECT a FROM t1 GROUP a", "SELECT a FROM t1 ORDER a", "SELECT a FROM t1 ORDER BY", "SELECT a FROM t1 ORDER BY a NULLS", "SELECT a FROM t1 ORDER BY a NULLS MIDDLE", "SELECT a FROM t1 LIMIT", "SELECT a FROM t1 LIMIT 1 OFFSET", "SELECT a FROM t1 OFFSET 1 LIMIT 1", "SELECT a FROM t1 HAVING", "SELECT a FROM t1 WHERE 1 WHERE 2", "SELECT a FROM t1 GROUP BY", "SELECT a FROM t1 ORDER BY a WHERE 1",
    "SELECT 1 ORDER BY 1 UNION SELECT 2", "SELECT 1 LIMIT 1 UNION SELECT 2", "SELECT 1 UNION", "UNION SELECT 1", "SELECT 1 UNION (SELECT 2)", "(SELECT 1)", "SELECT 1 MINUS SELECT 2, 3 FROM", "VALUES", "VALUES ()", "VALUES (1), ", "VALUES (1), (2, 3)", "VALUES (1) ORDER BY 1", "VALUES 1",
    "WITH SELECT 1", "WITH x SELECT 1", "WITH x AS SELECT 1 SELECT 2", "WITH x() AS (SELECT 1) SELECT 1", "WITH x AS (SELECT 1),  SELECT 1", "WITH x AS (SELECT 1)", "WITH x AS (DELETE FROM t1) SELECT 1",
    "SELECT sum(a) OVER 1 FROM t1", "WITH recursive AS (SELECT 1) SELECT * FROM recursive", "SELECT sum(a) OVER (ORDER a) FROM t1", "SELECT sum(a) OVER (ROWS) FROM t1", "SELECT sum(a) OVER (ROWS 1) FROM t1", "SELECT sum(a) OVER (ROWS BETWEEN 1 PRECEDING) FROM t1", "SELECT sum(a) OVER w (1) FROM t1", "SELECT sum(a) FILTER (a > 1) FROM t1", "SELECT sum(a) OVER (w) FILTER (WHERE 1) FROM t1 WINDOW w AS ()", "SELECT a FROM t1 WINDOW w", "SELECT a FROM t1 WINDOW w AS", "SELECT sum(a) OVER (ORDER BY a EXCLUDE TIES) FROM t1",
    "SELECT select FROM t1", "SELECT a FROM table", "SELECT a from FROM t1", "SELECT a AS group FROM t1", "SELECT 1 SELECT 2", "SELECT a FROM t1 t2 t3", "SELECT a FROM t1 INDEXED i1", "SELECT a FROM t1 INDEXED BY", "SELECT a FROM (t1", "SELECT a FROM ()", "SELECT a FROM (SELECT)", "SELECT DISTINCT ALL a FROM t1", "SELECT a FROM t1 AS", "SELECT TOP 5 a FROM t1", "SELECT a INTO x FROM t1", "SELECT group_concat(b ORDER BY a) FROM t1",
    0};

#endif
