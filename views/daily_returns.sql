-- @title Daily returns
-- @description Each instrument's return from one day's price to the next, in its own currency: the bars that volatility and value at risk are made of.
-- @key instrument_id, date

SELECT instrument_id, date, price,
       price / lag(price) OVER (PARTITION BY instrument_id ORDER BY date) - 1 AS day_return
  FROM price;
