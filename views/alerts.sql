-- @title       Alerts
-- @description Alarms: a row that appears raises one, a row that leaves clears it. Price moves, positions over their limit, stale prices and data that is missing. For risk managers and operations.
-- @param       move_limit   real    = 0.05
-- @param       weight_limit real    = 0.1
-- @param       stale_ms     integer = 60000
-- @key         kind, subject
-- @topic       aggregation.alerts

-- subject names what the alarm is about and is unique within its kind; value is what was measured, threshold what it passed.
SELECT 'price move' AS kind, 'instrument ' || instrument_id AS subject, instrument_name AS name,
       abs(price / previous_price - 1) AS value, :move_limit AS threshold
  FROM unit_values
 WHERE abs(price / previous_price - 1) > :move_limit
UNION ALL
SELECT 'position limit', 'account ' || p.account_id || ', instrument ' || p.instrument_id, p.account_name || ', ' || p.instrument_name,
       abs(p.current_usd) / r.gross_usd, :weight_limit
  FROM account_positions AS p
  JOIN risk AS r ON r.account_id = p.account_id
 WHERE abs(p.current_usd) > :weight_limit * r.gross_usd
UNION ALL
SELECT 'stale price', 'instrument ' || u.instrument_id, u.instrument_name, u.price_timestamp, :stale_ms
  FROM unit_values AS u
  JOIN clock AS t ON u.price_timestamp + :stale_ms < t.now
UNION ALL
SELECT 'no value', 'instrument ' || instrument_id || ', ' || quality, instrument_name, count(*), 0
  FROM enriched_holdings
 WHERE quality <> 'ok'
 GROUP BY instrument_id, instrument_name, quality
UNION ALL
SELECT 'unknown instrument', 'instrument ' || h.instrument_id, NULL, count(*), 0
  FROM business_date AS b
  JOIN sod_holding AS h ON h.date = b.date
  LEFT JOIN instrument AS i ON i.instrument_id = h.instrument_id
 WHERE i.instrument_id IS NULL
 GROUP BY h.instrument_id
UNION ALL
SELECT 'unknown account', 'account ' || h.account_id, NULL, count(*), 0
  FROM business_date AS b
  JOIN sod_holding AS h ON h.date = b.date
  LEFT JOIN account AS a ON a.account_id = h.account_id
 WHERE a.account_id IS NULL
 GROUP BY h.account_id;
