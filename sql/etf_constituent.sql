-- @topic base.etf-constituent
-- @key   {etfId}#{instrumentId}
-- @title What each ETF is made of
-- @time  timestamp

-- The weights of one ETF sum to 1: look-through exposure spreads the ETF's value by them.
CREATE TABLE etf_constituent (
  etf_id        INTEGER NOT NULL, -- an instrument_id
  instrument_id INTEGER NOT NULL,
  weight        REAL NOT NULL,
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (etf_id, instrument_id)
) STRICT, WITHOUT ROWID;
