-- @title       PID carve-out
-- @description The part of the chosen accounts that belongs to the chosen PIDs, and the rest, by any dimensions. For portfolio managers who run part of a book.
-- @param       accounts set of account.account_id = all
-- @param       pids     set of account.pid = all
-- @group_by    pid, account_name, instrument_name, instrument_type, currency, country_of_risk, sector = pid

-- share is of the chosen accounts' current value as a whole, both parts together. An account without a PID is in the rest.
WITH chosen AS (
  SELECT CASE WHEN pid IN (:pids) THEN 'chosen' ELSE 'rest' END AS part, *
    FROM exposure
   WHERE kind <> 'none' AND account_id IN (:accounts)
), whole AS (
  SELECT sum(current_usd) AS current_usd FROM chosen
)
SELECT c.*, c.current_nav_usd / w.current_usd AS share
  FROM (SELECT part, {{group_by}},
               sum(sod_usd) AS sod_nav_usd, sum(current_usd) AS current_nav_usd, sum(expected_usd) AS expected_nav_usd,
               max(last_updated) AS last_updated,
               CASE WHEN sum(no_price) + sum(no_rate) > 0 THEN 'incomplete' ELSE 'ok' END AS quality
          FROM chosen
         GROUP BY part, {{group_by}}) AS c
 CROSS JOIN whole AS w;
