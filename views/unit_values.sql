-- @title Unit values
-- @description What one unit of each instrument is worth in USD on the business date and at the previous close, and its return: for performance, attribution and alerts.
-- @key instrument_id

-- NULL where a price or a rate of either day is missing: such an instrument has no return, it is not taken as unchanged.
SELECT i.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency, i.country_of_risk, i.country_of_domicile,
       coalesce(i.sector, CASE i.instrument_type WHEN 'CURRENCY' THEN 'Cash' ELSE 'Unclassified' END) AS sector,
       b.date, b.previous_date, p.price, q.price AS previous_price, p.timestamp AS price_timestamp,
       CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 WHEN 'BOND' THEN p.price / 100 * i.face_value ELSE p.price END * f.rate_to_usd AS unit_usd,
       CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 WHEN 'BOND' THEN q.price / 100 * i.face_value ELSE q.price END * g.rate_to_usd AS previous_unit_usd,
       (CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 ELSE p.price END * f.rate_to_usd)
         / (CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 ELSE q.price END * g.rate_to_usd) - 1 AS day_return
  FROM business_dates AS b
  JOIN instrument AS i ON TRUE
  LEFT JOIN price AS p ON p.instrument_id = i.instrument_id AND p.date = b.date
  LEFT JOIN price AS q ON q.instrument_id = i.instrument_id AND q.date = b.previous_date
  LEFT JOIN fx_rate AS f ON f.currency = i.currency AND f.date = b.date
  LEFT JOIN fx_rate AS g ON g.currency = i.currency AND g.date = b.previous_date;
