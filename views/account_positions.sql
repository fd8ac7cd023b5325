-- @title Account positions
-- @description What each account is exposed to in each instrument, in USD, orders and cash included: for the risk views and the alerts.
-- @key account_id, instrument_id

SELECT account_id, account_name, pid, instrument_id, instrument_name, instrument_type, sector,
       sum(sod_usd) AS sod_usd, sum(current_usd) AS current_usd, sum(expected_usd) AS expected_usd,
       sum(no_price) + sum(no_rate) AS missing
  FROM exposure
 WHERE kind <> 'none'
 GROUP BY account_id, account_name, pid, instrument_id, instrument_name, instrument_type, sector;
