-- @title Portfolio totals
-- @description Each portfolio (the accounts of one PID) as a whole: value, long, short and gross exposure. For portfolio managers.
-- @key pid

SELECT pid, count(DISTINCT account_id) AS accounts, count(DISTINCT instrument_id) AS instruments,
       sum(sod_usd) AS sod_nav_usd, sum(current_usd) AS current_nav_usd, sum(expected_usd) AS expected_nav_usd,
       sum(abs(current_usd)) AS gross_usd,
       total(current_usd) FILTER (WHERE current_usd > 0) AS long_usd,
       total(current_usd) FILTER (WHERE current_usd < 0) AS short_usd,
       total(current_usd) FILTER (WHERE instrument_type = 'CURRENCY') AS cash_usd,
       CASE WHEN sum(missing) > 0 THEN 'incomplete' ELSE 'ok' END AS quality,
       sum(missing) AS missing
  FROM account_positions
 GROUP BY pid;
