-- @title Day positions
-- @description Each holding's value at the previous close, its value now and the profit between: what performance and attribution add up.
-- @key account_id, instrument_id

-- Holdings only, held through the day. Trades of the day are not in the profit: an order tells its limit, not the prices
-- that it was filled at.
SELECT a.account_id, a.account_name, a.pid,
       u.instrument_id, u.symbol, u.instrument_name, u.instrument_type, u.currency, u.country_of_risk, u.country_of_domicile, u.sector,
       h.position, h.position * u.previous_unit_usd AS start_usd, h.position * u.unit_usd AS value_usd,
       h.position * (u.unit_usd - u.previous_unit_usd) AS profit_usd, u.day_return
  FROM unit_values AS u
  JOIN sod_holding AS h ON h.instrument_id = u.instrument_id AND h.date = u.date
  JOIN account AS a ON a.account_id = h.account_id;
