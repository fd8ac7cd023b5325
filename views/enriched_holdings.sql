-- @title Enriched holdings
-- @description Each holding of the business date with its account, instrument, price, rate and market value: for views above it and for looking up one position.
-- @key account_id, instrument_id
-- @topic aggregation.enriched-holdings

-- Price and rate are those of the holding's date, the same rows that order_values reads: a holding and an order of one
-- instrument never show two prices. Where one is missing the value is NULL and quality names what is missing.
-- The instrument is joined inside, so that the roll of the date finds the holdings through their primary key.
SELECT h.date, h.account_id, a.account_name, a.pid,
       h.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency,
       i.country_of_risk, i.country_of_domicile, i.sector,
       h.holding_id, h.position, p.price, f.rate_to_usd,
       CASE i.instrument_type WHEN 'CURRENCY' THEN h.position
                              WHEN 'BOND' THEN p.price / 100 * i.face_value * h.position
                              ELSE p.price * h.position END AS value_local,
       CASE i.instrument_type WHEN 'CURRENCY' THEN h.position
                              WHEN 'BOND' THEN p.price / 100 * i.face_value * h.position
                              ELSE p.price * h.position END * f.rate_to_usd AS value_usd,
       CASE WHEN p.price IS NULL AND i.instrument_type <> 'CURRENCY' THEN 'no price'
            WHEN f.rate_to_usd IS NULL THEN 'no rate'
            ELSE 'ok' END AS quality,
       p.timestamp AS price_timestamp,
       max(h.timestamp, coalesce(p.timestamp, h.timestamp), coalesce(f.timestamp, h.timestamp)) AS last_updated
  FROM business_date AS b
  JOIN sod_holding AS h ON h.date = b.date
  JOIN instrument AS i ON i.instrument_id = h.instrument_id
  JOIN account AS a ON a.account_id = h.account_id
  LEFT JOIN price AS p ON p.instrument_id = h.instrument_id AND p.date = h.date
  LEFT JOIN fx_rate AS f ON f.currency = i.currency AND f.date = h.date;
