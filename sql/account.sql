-- @topic base.account
-- @key   {accountId}
-- @title Accounts: who holds the positions
-- @time  timestamp

-- pid is the portfolio that the account belongs to; the PID carve-out view selects by it.
CREATE TABLE account (
  account_id    TEXT NOT NULL CHECK (account_id <> ''),
  account_name  TEXT NOT NULL,
  base_currency TEXT NOT NULL CHECK (base_currency GLOB '[A-Z][A-Z][A-Z]'),
  pid           TEXT,
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (account_id)
) STRICT, WITHOUT ROWID;
