-- @title       Risk
-- @description Gross, net, long and short exposure and concentration of each account, from its current positions. For risk managers.
-- @param       accounts set of account.account_id = all
-- @key         account_id

-- Concentration is the sum of squared shares of the gross exposure (1 = a single position), largest the biggest share.
SELECT account_id, account_name,
       sum(abs(current_usd)) AS gross_usd,
       sum(current_usd) AS net_usd,
       total(current_usd) FILTER (WHERE current_usd > 0) AS long_usd,
       total(current_usd) FILTER (WHERE current_usd < 0) AS short_usd,
       count(current_usd) AS positions,
       sum(current_usd * current_usd) / (sum(abs(current_usd)) * sum(abs(current_usd))) AS concentration,
       max(abs(current_usd)) / sum(abs(current_usd)) AS largest,
       CASE WHEN sum(missing) > 0 THEN 'incomplete' ELSE 'ok' END AS quality,
       sum(missing) AS missing
  FROM account_positions
 WHERE account_id IN (:accounts)
 GROUP BY account_id, account_name;
