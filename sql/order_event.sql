-- @topic base.order-events
-- @key   {orderId}
-- @title Orders: the latest state of each
-- @time  timestamp

-- An order's events replace one another: a row is the order as its last event left it. Views find orders by instrument or
-- account through the indexes that the view compiler makes where they are needed.
CREATE TABLE order_event (
  order_id        TEXT NOT NULL CHECK (order_id <> ''),
  instrument_id   INTEGER NOT NULL,
  account_id      TEXT NOT NULL CHECK (account_id <> ''),
  date            TEXT NOT NULL CHECK (date IS date(date, '+0 days')),
  side            TEXT NOT NULL CHECK (side IN ('BUY', 'SELL')),
  order_quantity  REAL NOT NULL CHECK (order_quantity >= 0),
  filled_quantity REAL NOT NULL DEFAULT 0 CHECK (filled_quantity BETWEEN 0 AND order_quantity),
  -- no IN: for a list of three or more SQLite builds a table anew with every row, which doubles what an order costs
  order_status    TEXT NOT NULL CHECK (order_status = 'FILLED' OR order_status = 'PARTIALLY_FILLED' OR order_status = 'CREATED' OR order_status = 'CANCELLED'),
  order_price     REAL, -- limit price; a MARKET order may have none
  order_type      TEXT NOT NULL CHECK (order_type IN ('MARKET', 'LIMIT')),
  venue           TEXT,
  timestamp       INTEGER NOT NULL,
  PRIMARY KEY (order_id)
) STRICT, WITHOUT ROWID;
