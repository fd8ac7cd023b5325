-- @title       Portfolio
-- @description Each portfolio's (PID's) value by any dimensions, and what share of the portfolio that is. For portfolio managers.
-- @param       pids     set of account.pid = all
-- @group_by    account_name, instrument_name, instrument_type, currency, country_of_risk, country_of_domicile, sector = instrument_type, sector

SELECT e.*, e.current_nav_usd / t.current_nav_usd AS weight
  FROM (SELECT pid, {{group_by}},
               sum(sod_usd) AS sod_nav_usd, sum(current_usd) AS current_nav_usd, sum(expected_usd) AS expected_nav_usd,
               max(last_updated) AS last_updated,
               CASE WHEN sum(no_price) + sum(no_rate) > 0 THEN 'incomplete' ELSE 'ok' END AS quality
          FROM exposure
         WHERE kind <> 'none' AND pid IN (:pids)
         GROUP BY pid, {{group_by}}) AS e
  JOIN portfolio_totals AS t ON t.pid IS e.pid;
