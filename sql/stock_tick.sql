-- @topic  stock_ticks
-- @key    {symbol}
-- @title  Trades as they happen
-- @append
-- @retain 1 day by timestamp
-- @time   timestamp

-- A stream, not a state: each record is a row, numbered as it arrived (tick_id settles the order of ticks of the same
-- millisecond). A day is kept, the longest window that OHLC bars are made of.
CREATE TABLE stock_tick (
  tick_id   INTEGER PRIMARY KEY,
  symbol    TEXT NOT NULL CHECK (symbol <> ''),
  price     REAL NOT NULL CHECK (price > 0),
  volume    INTEGER NOT NULL CHECK (volume >= 0), -- shares
  timestamp INTEGER NOT NULL
) STRICT;

CREATE INDEX stock_tick_timestamp ON stock_tick (timestamp);
