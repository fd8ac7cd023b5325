-- @title       Cash only
-- @description Each account's cash: what it held at the start of the day, what moved, what it has now and what it will have. For portfolio managers and treasury.
-- @param       accounts set of account.account_id = all
-- @group_by    account_name, pid, currency, instrument_name = account_name, currency

-- Cash is what is held, ordered or moved in instruments of type CURRENCY. Amounts in the currency itself are there where the
-- rows are by currency; in other groupings only USD can be added up.
SELECT {{group_by}},
       {{if group_by.currency}}
       total(quantity) FILTER (WHERE kind = 'holding') AS sod_quantity,
       total(quantity) FILTER (WHERE kind = 'cash') AS moved_quantity,
       sum(quantity) AS current_quantity,
       sum(expected_quantity) AS expected_quantity,
       {{end}}
       sum(sod_usd) AS sod_usd, sum(current_usd) AS current_usd, sum(expected_usd) AS expected_usd,
       max(last_updated) AS last_updated,
       CASE WHEN sum(quality = 'no rate') > 0 THEN 'no rate' ELSE 'ok' END AS quality
  FROM (SELECT 'holding' AS kind, account_id, account_name, pid, currency, instrument_name, position AS quantity, position AS expected_quantity,
               value_usd AS sod_usd, value_usd AS current_usd, value_usd AS expected_usd, last_updated, quality
          FROM enriched_holdings
         WHERE instrument_type = 'CURRENCY'
        UNION ALL
        SELECT 'order', account_id, account_name, pid, currency, instrument_name, filled_quantity, expected_quantity,
               0.0, filled_usd, expected_usd, last_updated, quality
          FROM order_values
         WHERE instrument_type = 'CURRENCY'
        UNION ALL
        SELECT 'cash', account_id, account_name, pid, currency, instrument_name, quantity, quantity,
               0.0, value_usd, value_usd, last_updated, quality
          FROM cash_values
         WHERE instrument_type = 'CURRENCY')
 WHERE account_id IN (:accounts)
 GROUP BY {{group_by}};
