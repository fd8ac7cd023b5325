-- @title Cash values
-- @description Each cash movement of the business date in its currency and in USD: for the exposure and the cash views above it.
-- @key account_id, instrument_id

SELECT c.date, c.account_id, a.account_name, a.pid,
       c.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency,
       i.country_of_risk, i.country_of_domicile, i.sector,
       c.movement_type, c.reference_id, c.quantity, f.rate_to_usd,
       c.quantity * f.rate_to_usd AS value_usd,
       CASE WHEN f.rate_to_usd IS NULL THEN 'no rate' ELSE 'ok' END AS quality,
       c.timestamp AS moved_at,
       max(c.timestamp, coalesce(f.timestamp, c.timestamp)) AS last_updated
  FROM business_date AS b
  JOIN intraday_cash AS c ON c.date = b.date
  JOIN instrument AS i ON i.instrument_id = c.instrument_id
  JOIN account AS a ON a.account_id = c.account_id
  LEFT JOIN fx_rate AS f ON f.currency = i.currency AND f.date = c.date;
