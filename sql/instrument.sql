-- @topic base.instrument
-- @key   {instrumentId}
-- @title Instruments: what can be held, cash included
-- @time  timestamp
-- @json  sub_sectors

-- Cash is an instrument of type CURRENCY (USD, GBP, …). Bonds are priced in per cent of face_value.
CREATE TABLE instrument (
  instrument_id       INTEGER NOT NULL PRIMARY KEY,
  symbol              TEXT,
  instrument_name     TEXT NOT NULL,
  instrument_type     TEXT NOT NULL CHECK (instrument_type IN ('EQUITY', 'BOND', 'FUND', 'ETF', 'CURRENCY')),
  currency            TEXT NOT NULL CHECK (currency GLOB '[A-Z][A-Z][A-Z]'),
  country_of_risk     TEXT,
  country_of_domicile TEXT,
  sector              TEXT,
  -- a list of texts, as JSON: read it with json_each(sub_sectors)
  sub_sectors         TEXT NOT NULL DEFAULT '[]' CHECK (json_type(sub_sectors) = 'array'),
  face_value          REAL NOT NULL DEFAULT 100 CHECK (face_value > 0),
  timestamp           INTEGER NOT NULL
) STRICT;
