-- @title       Latest quote
-- @description Each symbol's last price and how far it is from the day's open. For market-data users.
-- @param       symbols set of stock_tick.symbol = all
-- @key         symbol

-- The day is that of the symbol's newest tick (UTC), so a symbol that has not traded today keeps its last day's quote.
SELECT d.symbol, d.close AS price, d.open, d.high, d.low, d.volume, d.trades,
       d.close - d.open AS change, (d.close - d.open) / d.open AS change_ratio, d.last_trade
  FROM (SELECT symbol, max(window_start) AS window_start FROM ohlc_1d GROUP BY symbol) AS n
  JOIN ohlc_1d AS d ON d.symbol = n.symbol AND d.window_start = n.window_start
 WHERE d.symbol IN (:symbols);
