PRAGMA foreign_keys = ON;
PRAGMA recursive_triggers = OFF;
CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE child(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id) ON DELETE CASCADE ON UPDATE CASCADE, x INTEGER);
CREATE TABLE loose(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id) ON DELETE SET NULL ON UPDATE SET NULL);
CREATE TABLE fallback(id INTEGER PRIMARY KEY, parent INTEGER DEFAULT 1 REFERENCES parent(id) ON DELETE SET DEFAULT ON UPDATE CASCADE);
CREATE TABLE log(n INTEGER PRIMARY KEY, what TEXT);
CREATE TABLE totals(parent INTEGER PRIMARY KEY, x INTEGER);
CREATE TRIGGER child_in AFTER INSERT ON child BEGIN
  INSERT INTO log(what) VALUES ('in ' || new.id);
  INSERT INTO totals VALUES (new.parent, new.x) ON CONFLICT(parent) DO UPDATE SET x = x + excluded.x;
END;
CREATE TRIGGER child_out AFTER DELETE ON child BEGIN
  INSERT INTO log(what) VALUES ('out ' || old.id);
  UPDATE totals SET x = x - old.x WHERE parent = old.parent;
END;
CREATE TRIGGER child_guard BEFORE INSERT ON child WHEN new.x < 0 BEGIN SELECT raise(IGNORE); END;
INSERT INTO parent VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO child VALUES (1, 1, 10), (2, 1, 20), (3, 2, 30);
INSERT INTO loose VALUES (1, 1), (2, 2);
INSERT INTO fallback VALUES (1, 2), (2, 3);
CREATE MATERIALIZED VIEW f_children AS SELECT p.name, count(c.id) AS n, sum(c.x) AS x FROM parent p LEFT JOIN child c ON c.parent = p.id GROUP BY p.id, p.name;
CREATE MATERIALIZED VIEW f_loose AS SELECT id, parent FROM loose;
CREATE MATERIALIZED VIEW f_fallback AS SELECT f.id, p.name FROM fallback f JOIN parent p ON p.id = f.parent;
CREATE MATERIALIZED VIEW f_log AS SELECT count(*) AS n, max(what) AS last FROM log;
CREATE MATERIALIZED VIEW f_totals AS SELECT t.parent, t.x, s.x AS again FROM totals t LEFT JOIN (SELECT parent, sum(x) AS x FROM child GROUP BY parent) s ON s.parent = t.parent;
-- show
INSERT INTO child VALUES (4, 3, 40), (5, 3, -1);
-- show
UPDATE parent SET id = 20 WHERE id = 2;
-- show
DELETE FROM parent WHERE id = 20;
-- show
DELETE FROM child WHERE x > 10;
-- show
BEGIN;
DELETE FROM parent WHERE id = 3;
INSERT INTO child VALUES (6, 1, 60);
-- show
ROLLBACK;
-- show
INSERT OR REPLACE INTO parent VALUES (3, 'three again');
-- show
DROP TRIGGER child_in;
INSERT INTO child VALUES (7, 1, 70);
-- show
