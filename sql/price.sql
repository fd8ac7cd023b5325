-- @topic base.price
-- @key   {instrumentId}#{date}
-- @title Prices: the latest of each instrument and day
-- @time  timestamp

CREATE TABLE price (
  instrument_id INTEGER NOT NULL,
  date          TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  price         REAL NOT NULL CHECK (price > 0), -- in currency; bonds: per cent of face value
  currency      TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  source        TEXT,
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (instrument_id, date)
) STRICT, WITHOUT ROWID;
