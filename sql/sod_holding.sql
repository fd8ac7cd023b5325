-- @topic base.sod-holding
-- @key   {date}#{instrumentId}#{accountId}
-- @title Holdings at the start of the day
-- @time  timestamp

-- By far the largest table. Its order is that of the question asked most often: a price of one instrument and date changed,
-- which holdings does it touch? They stand side by side. Whoever asks by account needs an index of their own.
CREATE TABLE sod_holding (
  holding_id    TEXT,
  date          TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  instrument_id INTEGER NOT NULL,
  account_id    TEXT NOT NULL CHECK (account_id <> ''),
  position      REAL NOT NULL, -- units, signed: short positions are negative
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (instrument_id, date, account_id)
) STRICT, WITHOUT ROWID;
