-- @title Account activity
-- @description How many holdings, orders and cash movements each account has on the business date: tells the accounts that have none.
-- @key account_id

SELECT account_id, sum(holding) AS holdings, sum(customer_order) AS orders, sum(movement) AS cash_movements
  FROM (SELECT h.account_id, 1 AS holding, 0 AS customer_order, 0 AS movement
          FROM business_date AS b
          JOIN sod_holding AS h ON h.date = b.date
          JOIN instrument AS i ON i.instrument_id = h.instrument_id
        UNION ALL
        SELECT o.account_id, 0, 1, 0
          FROM business_date AS b
          JOIN order_event AS o ON o.date = b.date
          JOIN instrument AS i ON i.instrument_id = o.instrument_id
        UNION ALL
        SELECT c.account_id, 0, 0, 1
          FROM business_date AS b
          JOIN intraday_cash AS c ON c.date = b.date
          JOIN instrument AS i ON i.instrument_id = c.instrument_id)
 GROUP BY account_id;
