-- @topic base.fx-rate
-- @key   {currency}#{date}
-- @title Exchange rates to USD, one a currency and day
-- @time  timestamp

CREATE TABLE fx_rate (
  currency    TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  date        TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  rate_to_usd REAL NOT NULL CHECK (rate_to_usd > 0),
  timestamp   INTEGER NOT NULL,
  PRIMARY KEY (currency, date)
) STRICT, WITHOUT ROWID;
