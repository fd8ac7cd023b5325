-- @title       Account cash summary
-- @description The cash that came into and went out of each account on the business date, by currency and window of time. For portfolio managers and operations.
-- @param       accounts  set of account.account_id = all
-- @param       window_ms integer = 3600000
-- @key         account_id, currency, window_start
-- @topic       aggregation.account-cash-summary

SELECT account_id, account_name, pid, currency,
       moved_at / :window_ms * :window_ms AS window_start,
       count(*) AS movements,
       total(quantity) FILTER (WHERE quantity > 0) AS inflow,
       total(quantity) FILTER (WHERE quantity < 0) AS outflow,
       sum(quantity) AS net,
       sum(value_usd) AS net_usd,
       max(last_updated) AS last_updated,
       CASE WHEN count(value_usd) < count(*) THEN 'no rate' ELSE 'ok' END AS quality
  FROM cash_values
 WHERE account_id IN (:accounts)
 GROUP BY account_id, account_name, pid, currency, moved_at / :window_ms;
