-- @topic base.benchmark-weight
-- @key   {benchmarkId}#{instrumentId}#{date}
-- @title Benchmark weights, for attribution and tracking error
-- @time  timestamp

CREATE TABLE benchmark_weight (
  benchmark_id  TEXT NOT NULL CHECK (benchmark_id <> ''),
  instrument_id INTEGER NOT NULL,
  date          TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  weight        REAL NOT NULL,
  timestamp     INTEGER NOT NULL,
  PRIMARY KEY (benchmark_id, date, instrument_id)
) STRICT, WITHOUT ROWID;
