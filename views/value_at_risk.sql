-- @title       Value at risk
-- @description Volatility, parametric value at risk of one day (95 % and 99 %) and tracking error of each account, from what its current positions would have earned on each past day. For risk managers.
-- @param       accounts  set of account.account_id = all
-- @param       benchmark text = 'SP500'
-- @key         account_id

-- Current positions times past returns give one profit a day, correlations included; rates are today's. Value at risk takes
-- them as normal with mean 0: 1.6449 and 2.3263 standard deviations. Tracking error is the standard deviation, over a year,
-- of the account's return less that of the benchmark with its weights of the business date.
WITH position AS (
  SELECT account_id, account_name, instrument_id, current_usd
    FROM account_positions
   WHERE current_usd IS NOT NULL AND account_id IN (:accounts)
), net AS (
  SELECT account_id, account_name, sum(current_usd) AS net_usd
    FROM position
   GROUP BY account_id, account_name
), account_day AS (
  SELECT p.account_id, r.date, sum(p.current_usd * r.day_return) AS profit_usd
    FROM position AS p
    JOIN daily_returns AS r ON r.instrument_id = p.instrument_id
   WHERE r.day_return IS NOT NULL
   GROUP BY p.account_id, r.date
), benchmark_day AS (
  SELECT r.date, sum(w.weight * r.day_return) AS day_return
    FROM business_date AS b
    JOIN benchmark_weight AS w ON w.date = b.date AND w.benchmark_id = :benchmark
    JOIN daily_returns AS r ON r.instrument_id = w.instrument_id
   WHERE r.day_return IS NOT NULL
   GROUP BY r.date
), sums AS (
  SELECT d.account_id, n.account_name, n.net_usd, count(*) AS days,
         sum(d.profit_usd) AS profit, sum(d.profit_usd * d.profit_usd) AS squared_profit,
         count(b.day_return) AS active_days,
         sum(d.profit_usd / n.net_usd - b.day_return) AS active,
         sum((d.profit_usd / n.net_usd - b.day_return) * (d.profit_usd / n.net_usd - b.day_return)) AS squared_active
    FROM account_day AS d
    JOIN net AS n ON n.account_id = d.account_id
    LEFT JOIN benchmark_day AS b ON b.date = d.date
   GROUP BY d.account_id, n.account_name, n.net_usd
), deviations AS (
  SELECT account_id, account_name, net_usd, days,
         sqrt(max(0.0, (squared_profit - profit * profit / days) / (days - 1))) AS deviation_usd,
         CASE WHEN active_days > 1
              THEN sqrt(max(0.0, (squared_active - active * active / active_days) / (active_days - 1)) * 252) END AS tracking_error
    FROM sums
   WHERE days > 1
)
SELECT account_id, account_name, net_usd, days,
       deviation_usd / abs(net_usd) * sqrt(252) AS yearly_volatility,
       1.6448536269514722 * deviation_usd AS var_95_usd,
       2.3263478740408408 * deviation_usd AS var_99_usd,
       tracking_error
  FROM deviations;
