-- @title Order values
-- @description Each order of the business date with the market value of what was filled and of what is expected to be: for traders, and for the exposure above it.
-- @key order_id

-- Quantities are signed, BUY + and SELL −. The rest of a cancelled order that was not filled counts for nothing.
-- Orders are valued at the market (the price of their date), not at their limit.
SELECT o.order_id, o.date, o.account_id, a.account_name, a.pid,
       o.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency,
       i.country_of_risk, i.country_of_domicile, i.sector,
       o.order_status, o.order_type, o.venue, o.side, o.order_price,
       CASE o.side WHEN 'BUY' THEN o.filled_quantity ELSE -o.filled_quantity END AS filled_quantity,
       CASE WHEN o.order_status = 'CANCELLED' THEN CASE o.side WHEN 'BUY' THEN o.filled_quantity ELSE -o.filled_quantity END
            ELSE CASE o.side WHEN 'BUY' THEN o.order_quantity ELSE -o.order_quantity END END AS expected_quantity,
       p.price, f.rate_to_usd,
       CASE o.side WHEN 'BUY' THEN o.filled_quantity ELSE -o.filled_quantity END
         * CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 WHEN 'BOND' THEN p.price / 100 * i.face_value ELSE p.price END
         * f.rate_to_usd AS filled_usd,
       CASE WHEN o.order_status = 'CANCELLED' THEN CASE o.side WHEN 'BUY' THEN o.filled_quantity ELSE -o.filled_quantity END
            ELSE CASE o.side WHEN 'BUY' THEN o.order_quantity ELSE -o.order_quantity END END
         * CASE i.instrument_type WHEN 'CURRENCY' THEN 1.0 WHEN 'BOND' THEN p.price / 100 * i.face_value ELSE p.price END
         * f.rate_to_usd AS expected_usd,
       CASE WHEN p.price IS NULL AND i.instrument_type <> 'CURRENCY' THEN 'no price'
            WHEN f.rate_to_usd IS NULL THEN 'no rate'
            ELSE 'ok' END AS quality,
       p.timestamp AS price_timestamp,
       max(o.timestamp, coalesce(p.timestamp, o.timestamp), coalesce(f.timestamp, o.timestamp)) AS last_updated
  FROM business_date AS b
  JOIN order_event AS o ON o.date = b.date
  JOIN instrument AS i ON i.instrument_id = o.instrument_id
  JOIN account AS a ON a.account_id = o.account_id
  LEFT JOIN price AS p ON p.instrument_id = o.instrument_id AND p.date = o.date
  LEFT JOIN fx_rate AS f ON f.currency = i.currency AND f.date = o.date;
