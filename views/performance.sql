-- @title       Performance
-- @description Profit and loss of the day against the previous close, return, weight and contribution to the selection's return. For portfolio managers.
-- @param       accounts set of account.account_id = all
-- @group_by    account_name, pid, instrument_name, instrument_type, currency, country_of_risk, country_of_domicile, sector = account_name, sector

-- Weight is the share of the selection's value at the previous close; the contributions add up to its return. A holding
-- without a value on either day is left out of every figure and counted in missing.
WITH chosen AS (
  SELECT * FROM day_positions WHERE account_id IN (:accounts)
), whole AS (
  SELECT sum(start_usd) FILTER (WHERE profit_usd IS NOT NULL) AS start_usd FROM chosen
), part AS (
  SELECT {{group_by}},
         sum(start_usd) FILTER (WHERE profit_usd IS NOT NULL) AS start_usd,
         sum(value_usd) FILTER (WHERE profit_usd IS NOT NULL) AS value_usd,
         sum(profit_usd) AS profit_usd,
         count(*) - count(profit_usd) AS missing
    FROM chosen
   GROUP BY {{group_by}}
)
SELECT {{group_by}}, p.start_usd, p.value_usd, p.profit_usd,
       p.profit_usd / p.start_usd AS day_return,
       p.start_usd / w.start_usd AS weight,
       p.profit_usd / w.start_usd AS contribution,
       CASE WHEN p.missing > 0 THEN 'incomplete' ELSE 'ok' END AS quality, p.missing
  FROM part AS p
 CROSS JOIN whole AS w;
