-- @title Volatility
-- @description Standard deviation of each instrument's daily returns, and the same over a year of 252 days. For risk managers.
-- @key instrument_id

-- The sample's variance from the sums of returns and of their squares; it takes two returns at least.
SELECT s.instrument_id, i.symbol, i.instrument_name, s.days,
       sqrt(max(0.0, (s.squares - s.total * s.total / s.days) / (s.days - 1))) AS daily_volatility,
       sqrt(max(0.0, (s.squares - s.total * s.total / s.days) / (s.days - 1)) * 252) AS yearly_volatility
  FROM (SELECT instrument_id, count(day_return) AS days, sum(day_return) AS total, sum(day_return * day_return) AS squares
          FROM daily_returns
         GROUP BY instrument_id) AS s
  JOIN instrument AS i ON i.instrument_id = s.instrument_id
 WHERE s.days > 1;
