-- @title Bars of one hour
-- @description Open, high, low, close, volume and volume-weighted price of each symbol in windows of one hour, from the ticks. For market-data users.
-- @key symbol, window_start

-- The first and the last tick of a window are found by time, then by arrival, and looked up by their number.
SELECT w.symbol, w.window_start, o.price AS open, w.high, w.low, c.price AS close, w.volume, w.trades,
       w.turnover / w.volume AS vwap, c.timestamp AS last_trade
  FROM (SELECT symbol, timestamp / 3600000 * 3600000 AS window_start,
               max(price) AS high, min(price) AS low, sum(volume) AS volume, count(*) AS trades, sum(price * volume) AS turnover,
               min(printf('%015d %d', timestamp, tick_id + 1000000000000000)) AS first_tick,
               max(printf('%015d %d', timestamp, tick_id + 1000000000000000)) AS last_tick
          FROM stock_tick
         GROUP BY symbol, timestamp / 3600000) AS w
  JOIN stock_tick AS o ON o.tick_id = CAST(substr(w.first_tick, 17) AS INTEGER) - 1000000000000000
  JOIN stock_tick AS c ON c.tick_id = CAST(substr(w.last_tick, 17) AS INTEGER) - 1000000000000000;
