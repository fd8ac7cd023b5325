-- @title Exposure
-- @description Everything that has a value on the business date, one row each: holdings, orders, cash movements, and a row of zeros for an account that has none. The views that clients see add these rows up.

-- SOD NAV counts holdings; current NAV adds what was filled and the cash that moved; expected NAV adds the whole orders
-- (of a cancelled one what was filled) and the cash. A value is NULL where a price or a rate is missing, and `missing`
-- says that such a row is one; it is 0 in the column of an exposure that it has no part in.
SELECT 'holding' AS kind, account_id, account_name, pid, instrument_id, instrument_name, instrument_type, currency,
       country_of_risk, country_of_domicile, sector, NULL AS order_status, NULL AS order_type, NULL AS venue,
       value_usd AS sod_usd, value_usd AS current_usd, value_usd AS expected_usd,
       quality = 'no price' AS no_price, quality = 'no rate' AS no_rate, last_updated, price_timestamp
  FROM enriched_holdings
UNION ALL
SELECT 'order', account_id, account_name, pid, instrument_id, instrument_name, instrument_type, currency,
       country_of_risk, country_of_domicile, sector, order_status, order_type, venue,
       0.0, filled_usd, expected_usd,
       quality = 'no price', quality = 'no rate', last_updated, price_timestamp
  FROM order_values
UNION ALL
SELECT 'cash', account_id, account_name, pid, instrument_id, instrument_name, instrument_type, currency,
       country_of_risk, country_of_domicile, sector, NULL, NULL, NULL,
       0.0, value_usd, value_usd,
       0, quality = 'no rate', last_updated, NULL
  FROM cash_values
UNION ALL
SELECT 'none', a.account_id, a.account_name, a.pid, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL,
       0.0, 0.0, 0.0,
       0, 0, a.timestamp, NULL
  FROM account AS a
  LEFT JOIN account_activity AS n ON n.account_id = a.account_id
 WHERE n.account_id IS NULL;
