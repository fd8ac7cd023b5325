-- @title       Account overview
-- @description What each account is worth in USD at the start of the day, now, and when all orders are done; by any dimensions. For portfolio and risk managers.
-- @param       accounts  set of account.account_id = all
-- @param       exposures set of ('sod', 'current', 'expected') = all
-- @group_by    account_name, instrument_name, instrument_type, currency, country_of_risk, country_of_domicile, sector, order_status, order_type, venue, pid = account_name, instrument_name
-- @topic       aggregation.account-overview

-- A value without a price or a rate is not in the sum; quality says so, and missing counts how many rows it are. Where no
-- value of a group is known at all, the group's is NULL. An account without holdings, orders and cash has one row of zeros,
-- which counts only in groups that name an account; orders without holdings show SOD 0.
SELECT {{group_by}},
       {{if exposures.sod}}sum(sod_usd) AS sod_nav_usd,{{end}}
       {{if exposures.current}}sum(current_usd) AS current_nav_usd,{{end}}
       {{if exposures.expected}}sum(expected_usd) AS expected_nav_usd,{{end}}
       max(last_updated) AS last_updated,
       max(price_timestamp) AS price_timestamp,
       CASE WHEN sum(no_price) > 0 AND sum(no_rate) > 0 THEN 'no price, no rate'
            WHEN sum(no_price) > 0 THEN 'no price'
            WHEN sum(no_rate) > 0 THEN 'no rate'
            ELSE 'ok' END AS quality,
       sum(no_price) + sum(no_rate) AS missing
  FROM exposure
 WHERE account_id IN (:accounts)
   AND (kind <> 'none' {{if group_by.account_name}}OR TRUE{{end}} {{if group_by.pid}}OR TRUE{{end}})
 GROUP BY {{group_by}};
