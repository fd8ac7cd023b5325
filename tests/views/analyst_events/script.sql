CREATE TABLE events(id INTEGER PRIMARY KEY, ts INTEGER, user TEXT, page TEXT, props TEXT);
CREATE TABLE users(user TEXT PRIMARY KEY, country TEXT COLLATE NOCASE, plan TEXT);
INSERT INTO events VALUES (1,0,'u1','/','{"ref":"ad"}'),(2,30,'u1','/buy','{"amount":20}'),(3,40,'u2','/',NULL),(4,4000,'u1','/','{}'),(5,4100,'u1','/buy','{"amount":5.5}'),(6,90,'u3','/help','not json'),(7,100,NULL,'/','{"ref":"mail"}');
INSERT INTO users VALUES ('u1','gb','pro'),('u2','GB','free'),('u4','us',NULL);
CREATE MATERIALIZED VIEW dau AS SELECT ts/3600 AS hour, COUNT(DISTINCT user) AS users, COUNT(*) AS hits FROM events GROUP BY 1;
CREATE MATERIALIZED VIEW funnel AS SELECT COUNT(DISTINCT CASE WHEN page='/' THEN user END) AS landed, COUNT(DISTINCT CASE WHEN page='/buy' THEN user END) AS bought FROM events;
CREATE MATERIALIZED VIEW amounts AS SELECT user, SUM(json_extract(props,'$.amount')) AS amount FROM events WHERE json_valid(props) AND json_extract(props,'$.amount') IS NOT NULL GROUP BY user;
CREATE MATERIALIZED VIEW arrow AS SELECT id, props->>'$.ref' AS ref FROM events WHERE json_valid(props);
CREATE MATERIALIZED VIEW exploded AS SELECT e.id, j.key, j.value FROM events e, json_each(e.props) j WHERE json_valid(e.props);
CREATE MATERIALIZED VIEW sessions AS SELECT user, session, COUNT(*) AS hits, MAX(ts)-MIN(ts) AS seconds FROM (SELECT user, ts, SUM(new) OVER (PARTITION BY user ORDER BY ts, id) AS session FROM (SELECT id, user, ts, CASE WHEN ts - lag(ts) OVER (PARTITION BY user ORDER BY ts, id) < 1800 THEN 0 ELSE 1 END AS new FROM events)) GROUP BY user, session;
CREATE MATERIALIZED VIEW last_page AS SELECT user, page FROM (SELECT user, page, row_number() OVER (PARTITION BY user ORDER BY ts DESC, id DESC) AS n FROM events) WHERE n = 1;
CREATE MATERIALIZED VIEW last_page_2 AS SELECT e.user, e.page FROM events e JOIN (SELECT user, MAX(ts) AS ts FROM events GROUP BY user) m ON m.user = e.user AND m.ts = e.ts;
CREATE MATERIALIZED VIEW last_page_3 AS SELECT user, page FROM events e WHERE NOT EXISTS (SELECT 1 FROM events f WHERE f.user = e.user AND (f.ts, f.id) > (e.ts, e.id));
CREATE MATERIALIZED VIEW next_page AS SELECT page, lead(page) OVER (PARTITION BY user ORDER BY ts, id) AS next FROM events;
CREATE MATERIALIZED VIEW transitions AS SELECT page, next, COUNT(*) AS n FROM next_page WHERE next IS NOT NULL GROUP BY page, next;
CREATE MATERIALIZED VIEW by_country AS SELECT lower(country) AS country, COUNT(e.id) AS hits, COUNT(DISTINCT u.user) AS users FROM users u LEFT JOIN events e ON e.user = u.user GROUP BY country;
CREATE MATERIALIZED VIEW unknown_users AS SELECT DISTINCT user FROM events EXCEPT SELECT user FROM users;
CREATE MATERIALIZED VIEW retention AS SELECT a.h AS first, b.h - a.h AS later, COUNT(DISTINCT a.user) AS n FROM (SELECT user, MIN(ts/3600) AS h FROM events GROUP BY user) a JOIN (SELECT DISTINCT user, ts/3600 AS h FROM events) b ON a.user = b.user GROUP BY 1, 2;
CREATE MATERIALIZED VIEW median_ts AS SELECT AVG(ts) AS median FROM (SELECT ts, row_number() OVER (ORDER BY ts) AS n, count(*) OVER () AS c FROM events) WHERE n IN ((c+1)/2, (c+2)/2);
CREATE MATERIALIZED VIEW share AS SELECT page, COUNT(*) AS n, ROUND(100.0 * COUNT(*) / (SELECT COUNT(*) FROM events), 2) AS pct FROM events GROUP BY page;
CREATE MATERIALIZED VIEW gaps AS SELECT id, ts - lag(ts, 1, 0) OVER (ORDER BY ts, id) AS gap FROM events;
CREATE MATERIALIZED VIEW when_text AS SELECT id, datetime(ts, 'unixepoch') AS at, strftime('%H:%M', ts, 'unixepoch') AS hm, date(ts, 'unixepoch', 'start of month') AS month FROM events;
CREATE MATERIALIZED VIEW spine AS WITH RECURSIVE h(hour) AS (SELECT 0 UNION ALL SELECT hour + 1 FROM h WHERE hour < 2) SELECT hour, COALESCE(hits, 0) AS hits FROM h LEFT JOIN dau USING (hour);
CREATE MATERIALIZED VIEW plan_buckets AS SELECT COALESCE(plan, 'none') AS plan, SUM(n) AS n FROM (SELECT u.plan, COUNT(*) AS n FROM users u JOIN events e USING (user) GROUP BY u.user, u.plan) GROUP BY 1;
CREATE MATERIALIZED VIEW texts AS SELECT trim(page, '/') AS name, instr(page, 'b') AS at, replace(page, '/', '') AS r, printf('%05d|%-6s|%.2f', id, page, ts) AS p, substr(page, -2) AS tail, hex(page) AS h, nullif(page, '/') AS nn FROM events;
CREATE MATERIALIZED VIEW concat_null AS SELECT id, user || ' at ' || page AS who FROM events;
CREATE MATERIALIZED VIEW any_all AS SELECT user, MAX(page = '/buy') AS any_buy, MIN(page = '/') AS all_home, SUM(page LIKE '/%') = COUNT(*) AS all_slash FROM events GROUP BY user;
CREATE MATERIALIZED VIEW union_types AS SELECT 'hit' AS kind, user AS who, ts AS num FROM events UNION ALL SELECT 'user', user, NULL FROM users UNION ALL SELECT 'count', NULL, COUNT(*) FROM events;
-- show
INSERT INTO events VALUES (8,4200,'u2','/buy','{"amount":1,"tags":["x","y"]}'),(9,8000,'u3','/',NULL);
INSERT INTO users VALUES ('u3','US','pro');
-- show
UPDATE events SET ts = ts + 3600 WHERE user = 'u1';
UPDATE users SET country = 'fr' WHERE user = 'u2';
-- show
DELETE FROM events WHERE page = '/';
-- show
UPDATE events SET user = 'u4', props = '{"amount":"7"}' WHERE user IS NULL OR user = 'u3';
DELETE FROM users WHERE plan IS NULL;
-- show
