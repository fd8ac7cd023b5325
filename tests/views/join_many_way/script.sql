CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT, country TEXT);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer INTEGER, day TEXT);
CREATE TABLE item(order_id INTEGER, product INTEGER, n INTEGER, PRIMARY KEY (order_id, product)) WITHOUT ROWID;
CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT, price REAL);
CREATE TABLE tax(country TEXT PRIMARY KEY, rate REAL);
INSERT INTO customer VALUES (1, 'Ann', 'GB'), (2, 'Bob', 'US'), (3, 'Cid', NULL);
INSERT INTO orders VALUES (10, 1, 'mon'), (11, 1, 'tue'), (12, 2, 'mon'), (13, 3, 'wed'), (14, 77, 'wed');
INSERT INTO item VALUES (10, 1, 2), (10, 2, 1), (11, 2, 4), (12, 1, 1), (13, 3, 1), (99, 1, 5);
INSERT INTO product VALUES (1, 'pen', 1.5), (2, 'ink', 4.0), (3, 'pad', 2.25);
INSERT INTO tax VALUES ('GB', 0.25), ('US', 0.5);
CREATE MATERIALIZED VIEW m_lines AS SELECT c.name, o.day, p.name AS product, i.n * p.price AS value FROM customer c JOIN orders o ON o.customer = c.id JOIN item i ON i.order_id = o.id JOIN product p ON p.id = i.product;
CREATE MATERIALIZED VIEW m_taxed AS SELECT c.name, sum(i.n * p.price * (1 + t.rate)) AS value FROM customer c JOIN orders o ON o.customer = c.id JOIN item i ON i.order_id = o.id JOIN product p ON p.id = i.product LEFT JOIN tax t ON t.country = c.country GROUP BY c.id, c.name;
CREATE MATERIALIZED VIEW m_days AS SELECT o.day, count(DISTINCT o.id) AS orders, count(DISTINCT c.id) AS customers, sum(i.n) AS pieces FROM orders o LEFT JOIN customer c ON c.id = o.customer LEFT JOIN item i ON i.order_id = o.id GROUP BY o.day;
CREATE MATERIALIZED VIEW m_unsold AS SELECT p.name FROM product p LEFT JOIN (item i JOIN orders o ON o.id = i.order_id) ON i.product = p.id WHERE o.id IS NULL;
CREATE MATERIALIZED VIEW m_old_style AS SELECT c.name, p.name AS product FROM customer c, orders o, item i, product p WHERE c.id = o.customer AND o.id = i.order_id AND p.id = i.product AND p.price > 2;
CREATE MATERIALIZED VIEW m_five AS SELECT c.country, t.rate, max(p.price) AS top FROM item i, product p, orders o, customer c, tax t WHERE i.product = p.id AND i.order_id = o.id AND o.customer = c.id AND t.country = c.country GROUP BY c.country, t.rate;
-- show
UPDATE product SET price = price * 2 WHERE id = 1;
INSERT INTO item VALUES (14, 3, 3);
-- show
UPDATE orders SET customer = 2;
UPDATE customer SET country = 'GB' WHERE id = 2;
-- show
DELETE FROM product WHERE id = 2;
DELETE FROM tax WHERE country = 'GB';
INSERT INTO customer VALUES (77, 'Zoe', 'US');
UPDATE orders SET customer = 77 WHERE id IN (13, 14);
-- show
BEGIN;
DELETE FROM item;
INSERT INTO item VALUES (10, 1, 1), (14, 1, 1);
UPDATE product SET id = 30 WHERE id = 3;
COMMIT;
-- show
