-- @topic base.intraday-cash
-- @key   {date}#{instrumentId}#{accountId}
-- @title Cash movements of the day
-- @time  timestamp

-- instrument_id is the currency that moved, an instrument of type CURRENCY.
CREATE TABLE intraday_cash (
  date          TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  instrument_id INTEGER NOT NULL,
  account_id    TEXT NOT NULL CHECK (account_id <> ''),
  quantity      REAL NOT NULL, -- signed: money that leaves is negative
  movement_type TEXT NOT NULL CHECK (movement_type IN ('DEPOSIT', 'WITHDRAWAL', 'DIVIDEND', 'FEE', 'SETTLEMENT')),
  reference_id  TEXT,
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (instrument_id, date, account_id)
) STRICT, WITHOUT ROWID;
