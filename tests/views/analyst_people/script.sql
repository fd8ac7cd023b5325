CREATE TABLE dept(id INTEGER PRIMARY KEY, name TEXT, parent INTEGER);
CREATE TABLE emp(id INTEGER PRIMARY KEY, name TEXT, dept INTEGER, boss INTEGER, salary REAL, hired TEXT, left_on TEXT);
CREATE TABLE skill(emp INTEGER, skill TEXT, level INTEGER, UNIQUE (emp, skill));
CREATE TABLE absence(emp INTEGER, day TEXT, hours REAL);
INSERT INTO dept VALUES (1,'Company',NULL),(2,'Tech',1),(3,'Sales',1),(4,'Web',2),(5,'Empty',3);
INSERT INTO emp VALUES (1,'Ann',1,NULL,200,'2015-01-01',NULL),(2,'Bob',2,1,150,'2016-05-01',NULL),(3,'Cid',4,2,100,'2018-02-01',NULL),(4,'Dee',4,2,100,'2019-09-09','2023-01-31'),(5,'Eve',3,1,NULL,'2020-01-01',NULL),(6,'Fay',NULL,5,75.5,'2021-07-01',NULL);
INSERT INTO skill VALUES (2,'sql',3),(3,'sql',2),(3,'c',3),(4,'c',1),(6,'talk',3);
INSERT INTO absence VALUES (3,'2023-01-02',8),(3,'2023-01-03',4),(2,'2023-01-02',8),(6,'2023-02-01',NULL);
CREATE MATERIALIZED VIEW headcount AS SELECT d.name, COUNT(e.id) AS n FROM dept d LEFT JOIN emp e ON e.dept = d.id AND e.left_on IS NULL GROUP BY d.id ORDER BY n DESC, d.name;
CREATE MATERIALIZED VIEW above_dept_average AS SELECT e.name FROM emp e WHERE e.salary > (SELECT AVG(x.salary) FROM emp x WHERE x.dept = e.dept) - 1;
CREATE MATERIALIZED VIEW max_paid AS SELECT name, dept, salary FROM emp WHERE (dept, salary) IN (SELECT dept, MAX(salary) FROM emp GROUP BY dept);
CREATE MATERIALIZED VIEW second_highest AS SELECT MAX(salary) AS s FROM emp WHERE salary < (SELECT MAX(salary) FROM emp);
CREATE MATERIALIZED VIEW nth_highest AS SELECT DISTINCT salary FROM emp WHERE salary IS NOT NULL ORDER BY salary DESC LIMIT 1 OFFSET 2;
CREATE MATERIALIZED VIEW org AS WITH RECURSIVE o(id, name, level, path) AS (SELECT id, name, 0, name FROM emp WHERE boss IS NULL UNION ALL SELECT e.id, e.name, o.level + 1, o.path || ' > ' || e.name FROM emp e JOIN o ON e.boss = o.id) SELECT level, path FROM o;
CREATE MATERIALIZED VIEW cost_rollup AS WITH RECURSIVE sub(top, id) AS (SELECT id, id FROM dept UNION ALL SELECT sub.top, d.id FROM dept d JOIN sub ON d.parent = sub.id) SELECT t.name, TOTAL(e.salary) AS cost, COUNT(e.id) AS n FROM sub JOIN dept t ON t.id = sub.top LEFT JOIN emp e ON e.dept = sub.id GROUP BY sub.top, t.name;
CREATE MATERIALIZED VIEW has_all AS SELECT name FROM emp e WHERE NOT EXISTS (SELECT 1 FROM (SELECT 'sql' AS s UNION SELECT 'c') need WHERE NOT EXISTS (SELECT 1 FROM skill k WHERE k.emp = e.id AND k.skill = need.s));
CREATE MATERIALIZED VIEW skill_matrix AS SELECT e.name, MAX(CASE WHEN s.skill = 'sql' THEN s.level END) AS sql, MAX(CASE WHEN s.skill = 'c' THEN s.level END) AS c, COALESCE(SUM(s.level), 0) AS total FROM emp e LEFT JOIN skill s ON s.emp = e.id GROUP BY e.id, e.name;
CREATE MATERIALIZED VIEW peers AS SELECT a.name AS p, b.name AS q FROM emp a INNER JOIN emp b ON a.boss = b.boss AND a.id < b.id;
CREATE MATERIALIZED VIEW no_boss_in_dept AS SELECT e.name FROM emp e LEFT JOIN emp b ON b.id = e.boss WHERE b.dept IS NOT e.dept;
CREATE MATERIALIZED VIEW active_then AS SELECT COUNT(*) AS n FROM emp WHERE hired <= '2020-06-30' AND (left_on IS NULL OR left_on > '2020-06-30');
CREATE MATERIALIZED VIEW tenure AS SELECT CASE WHEN hired < '2017' THEN 'old' WHEN hired < '2020' THEN 'middle' ELSE 'new' END AS band, COUNT(*) n, AVG(salary) avg, MIN(name) first FROM emp GROUP BY band;
CREATE MATERIALIZED VIEW hired_by_year AS SELECT CAST(strftime('%Y', hired) AS INT) AS y, COUNT(*) AS n, SUM(COUNT(*)) OVER (ORDER BY strftime('%Y', hired)) AS upto FROM emp GROUP BY strftime('%Y', hired);
CREATE MATERIALIZED VIEW absent AS SELECT e.name, IFNULL(SUM(a.hours), 0) AS h, COUNT(DISTINCT a.day) AS days FROM emp e LEFT OUTER JOIN absence a ON a.emp = e.id AND a.day BETWEEN '2023-01-01' AND '2023-01-31' GROUP BY 1;
CREATE MATERIALIZED VIEW worst_day AS SELECT day FROM absence GROUP BY day HAVING SUM(hours) = (SELECT MAX(h) FROM (SELECT SUM(hours) AS h FROM absence GROUP BY day));
CREATE MATERIALIZED VIEW pay_rank AS SELECT name, RANK() OVER (PARTITION BY dept ORDER BY salary DESC NULLS LAST) AS r, salary - FIRST_VALUE(salary) OVER (PARTITION BY dept ORDER BY salary DESC, id) AS behind FROM emp;
CREATE MATERIALIZED VIEW dept_names AS SELECT d.name, p.name AS parent, (SELECT group_concat(n, ',') FROM (SELECT e.name AS n FROM emp e WHERE e.dept = d.id ORDER BY e.name)) AS people FROM dept d LEFT JOIN dept p ON p.id = d.parent;
CREATE MATERIALIZED VIEW checks AS SELECT 'salary missing' AS problem, id FROM emp WHERE salary IS NULL UNION ALL SELECT 'dept missing', id FROM emp WHERE dept NOT IN (SELECT id FROM dept) OR dept IS NULL UNION ALL SELECT 'boss gone', e.id FROM emp e JOIN emp b ON e.boss = b.id WHERE b.left_on IS NOT NULL;
CREATE MATERIALIZED VIEW checks_count AS SELECT problem, COUNT(*) AS n FROM checks GROUP BY problem;
CREATE MATERIALIZED VIEW cross_tab AS SELECT s.skill, d.name, COUNT(k.emp) AS n FROM (SELECT DISTINCT skill FROM skill) s CROSS JOIN dept d LEFT JOIN (skill k JOIN emp e ON e.id = k.emp) ON k.skill = s.skill AND e.dept = d.id GROUP BY s.skill, d.name;
CREATE MATERIALIZED VIEW duplicates AS SELECT salary, COUNT(*) AS n, MIN(id) AS keep FROM emp GROUP BY salary HAVING COUNT(*) > 1;
-- show
UPDATE emp SET salary = 160, dept = 4 WHERE id = 5;
INSERT INTO skill VALUES (2,'c',1),(5,'talk',1);
-- show
UPDATE emp SET boss = 5 WHERE boss = 2;
UPDATE emp SET left_on = '2023-06-30' WHERE id = 2;
INSERT INTO absence VALUES (5,'2023-01-02',2),(5,'2023-01-02',2);
-- show
DELETE FROM dept WHERE id = 4;
UPDATE emp SET salary = salary + 10.5 WHERE salary < 150;
-- show
DELETE FROM emp WHERE id IN (1, 3);
-- show
INSERT INTO emp SELECT id + 10, upper(name), 2, 2, salary, hired, NULL FROM emp;
DELETE FROM skill WHERE level = 1;
-- show
