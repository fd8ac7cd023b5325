CREATE TABLE trade(id INTEGER PRIMARY KEY, ts INTEGER, sym TEXT, side TEXT, px REAL, qty INTEGER);
CREATE TABLE quote(sym TEXT PRIMARY KEY, bid REAL, ask REAL);
CREATE TABLE position(acct TEXT, sym TEXT, qty REAL, cost REAL, PRIMARY KEY (acct, sym)) WITHOUT ROWID;
CREATE TABLE fx(ccy TEXT PRIMARY KEY, usd REAL);
CREATE TABLE listing(sym TEXT PRIMARY KEY, ccy TEXT, sector TEXT);
INSERT INTO trade VALUES (1,1000,'X','B',10,100),(2,1500,'X','S',10.5,50),(3,2500,'Y','B',20,10),(4,61000,'X','B',11,100),(5,61000,'Y','S',19.5,5);
INSERT INTO quote VALUES ('X',10.5,10.75),('Y',19.5,20.5),('Z',NULL,NULL);
INSERT INTO position VALUES ('a','X',100,950),('a','Y',-5,-90),('b','X',10,105),('b','Z',7,70);
INSERT INTO fx VALUES ('USD',1),('GBP',1.25);
INSERT INTO listing VALUES ('X','USD','Tech'),('Y','GBP','Oil'),('Z','JPY','Tech');
CREATE MATERIALIZED VIEW mid AS SELECT sym, (bid+ask)/2 AS mid, ask-bid AS spread FROM quote;
CREATE MATERIALIZED VIEW value_usd AS SELECT p.acct, p.sym, l.sector, p.qty*m.mid*f.usd AS usd, p.cost*f.usd AS cost FROM position p JOIN mid m USING (sym) JOIN listing l USING (sym) LEFT JOIN fx f ON f.ccy = l.ccy;
CREATE MATERIALIZED VIEW nav AS SELECT acct, SUM(usd) AS nav, SUM(usd) - SUM(cost) AS pnl, SUM(usd IS NULL) AS unpriced, MAX(ABS(usd)) AS biggest FROM value_usd GROUP BY acct;
CREATE MATERIALIZED VIEW by_sector AS SELECT acct, sector, SUM(usd) AS usd FROM value_usd GROUP BY acct, sector;
CREATE MATERIALIZED VIEW weights AS SELECT s.acct, s.sector, s.usd / n.nav AS w FROM by_sector s JOIN nav n ON n.acct = s.acct;
CREATE MATERIALIZED VIEW breaches AS SELECT acct, sector FROM weights WHERE ABS(w) > 0.5;
CREATE MATERIALIZED VIEW long_short AS SELECT acct, SUM(usd) FILTER (WHERE usd > 0) AS l, SUM(usd) FILTER (WHERE usd < 0) AS s, SUM(ABS(usd)) AS gross FROM value_usd GROUP BY acct;
CREATE MATERIALIZED VIEW bars AS SELECT sym, ts/60000*60000 AS start, MIN(px) AS lo, MAX(px) AS hi, SUM(qty) AS vol, SUM(px*qty)/SUM(qty) AS vwap FROM trade GROUP BY sym, ts/60000;
CREATE MATERIALIZED VIEW opens AS SELECT t.sym, t.ts/60000*60000 AS start, t.px FROM trade t WHERE NOT EXISTS (SELECT 1 FROM trade e WHERE e.sym = t.sym AND e.ts/60000 = t.ts/60000 AND (e.ts, e.id) < (t.ts, t.id));
CREATE MATERIALIZED VIEW ohl AS SELECT b.*, o.px AS open FROM bars b JOIN opens o ON o.sym = b.sym AND o.start = b.start;
CREATE MATERIALIZED VIEW last_trade AS SELECT sym, px, ts FROM (SELECT *, row_number() OVER (PARTITION BY sym ORDER BY ts DESC, id DESC) AS n FROM trade) WHERE n = 1;
CREATE MATERIALIZED VIEW net_traded AS SELECT sym, SUM(CASE side WHEN 'B' THEN qty ELSE -qty END) AS net, COUNT(*) FILTER (WHERE side = 'S') AS sells FROM trade GROUP BY sym;
CREATE MATERIALIZED VIEW now_held AS SELECT sym, SUM(q) AS q FROM (SELECT sym, qty AS q FROM position UNION ALL SELECT sym, net FROM net_traded) GROUP BY sym;
CREATE MATERIALIZED VIEW moves AS SELECT sym, px, px - lag(px) OVER (PARTITION BY sym ORDER BY ts, id) AS move FROM trade;
CREATE MATERIALIZED VIEW moving AS SELECT id, AVG(px) OVER (PARTITION BY sym ORDER BY ts, id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS ma FROM trade;
CREATE MATERIALIZED VIEW var_of AS SELECT sym, COUNT(*) AS n, AVG(px*px) - AVG(px)*AVG(px) AS var FROM trade GROUP BY sym HAVING COUNT(*) > 1;
CREATE MATERIALIZED VIEW alarms AS SELECT 'no price' AS kind, sym AS what FROM mid WHERE mid IS NULL UNION ALL SELECT 'no rate', l.ccy FROM listing l LEFT JOIN fx f ON f.ccy = l.ccy WHERE f.usd IS NULL UNION ALL SELECT 'wide', sym FROM mid WHERE spread / mid > 0.04 UNION ALL SELECT 'breach', acct || '/' || sector FROM breaches;
CREATE MATERIALIZED VIEW movers AS SELECT l.sym, l.px / m.mid - 1 AS move FROM last_trade l JOIN mid m ON m.sym = l.sym ORDER BY ABS(l.px / m.mid - 1) DESC, l.sym LIMIT 1;
CREATE MATERIALIZED VIEW concentration AS SELECT v.acct, SUM((v.usd / n.nav) * (v.usd / n.nav)) AS hhi FROM value_usd v JOIN nav n USING (acct) GROUP BY v.acct;
CREATE MATERIALIZED VIEW consistency AS SELECT (SELECT SUM(usd) FROM value_usd) IS (SELECT SUM(nav) FROM nav) AS same, (SELECT SUM(usd) FROM by_sector) IS (SELECT SUM(nav) FROM nav) AS same2;
-- show
UPDATE quote SET bid = 11, ask = 11.5 WHERE sym = 'X';
-- show
BEGIN;
INSERT INTO trade VALUES (6,61500,'X','S',12,300),(7,130000,'Z','B',3,1);
UPDATE quote SET bid = 3, ask = 3.25 WHERE sym = 'Z';
INSERT INTO fx VALUES ('JPY',0.0078125);
COMMIT;
-- show
UPDATE fx SET usd = 1.5 WHERE ccy = 'GBP';
DELETE FROM trade WHERE id = 1;
UPDATE listing SET sector = 'Oil' WHERE sym = 'Z';
-- show
DELETE FROM quote WHERE sym = 'Y';
UPDATE position SET acct = 'b' WHERE sym = 'Y';
-- show
DELETE FROM position WHERE acct = 'a';
DELETE FROM fx;
-- show
