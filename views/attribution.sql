-- @title       Attribution
-- @description Why an account did better or worse than a benchmark today, by sector: allocation, selection and interaction (Brinson and Fachler). For portfolio managers.
-- @param       accounts   set of account.account_id = all
-- @param       benchmarks set of benchmark_weight.benchmark_id = all
-- @key         account_id, benchmark_id, sector

-- With w, r an account's weight and return in a sector, v, s the benchmark's, and S the benchmark's return as a whole:
--   allocation (w − v)(s − S), selection v(r − s), interaction (w − v)(r − s).
-- Over the sectors they add up to the account's return less the benchmark's. Weights are those at the previous close, of
-- the holdings and constituents that have a return; in a sector that only one side has, both have that side's return.
WITH benchmark AS (
  SELECT w.benchmark_id, u.sector, sum(w.weight) AS weight, sum(w.weight * u.day_return) AS weighted_return
    FROM benchmark_weight AS w
    JOIN unit_values AS u ON u.instrument_id = w.instrument_id AND u.date = w.date
   WHERE u.day_return IS NOT NULL AND w.benchmark_id IN (:benchmarks)
   GROUP BY w.benchmark_id, u.sector
), account_sector AS (
  SELECT account_id, account_name, sector, sum(start_usd) AS start_usd, sum(profit_usd) AS profit_usd
    FROM day_positions
   WHERE profit_usd IS NOT NULL AND account_id IN (:accounts)
   GROUP BY account_id, account_name, sector
), account_whole AS (
  SELECT account_id, account_name, sum(start_usd) AS start_usd
    FROM account_sector
   GROUP BY account_id, account_name
), benchmark_whole AS (
  SELECT benchmark_id, sum(weight) AS weight, sum(weighted_return) / sum(weight) AS return_
    FROM benchmark
   GROUP BY benchmark_id
), side AS (
  SELECT s.account_id, b.benchmark_id, s.sector, s.start_usd, s.profit_usd, 0.0 AS weight, 0.0 AS weighted_return
    FROM account_sector AS s
    JOIN benchmark_whole AS b ON TRUE
  UNION ALL
  SELECT a.account_id, b.benchmark_id, b.sector, 0.0, 0.0, b.weight, b.weighted_return
    FROM benchmark AS b
    JOIN account_whole AS a ON TRUE
), both_sides AS (
  SELECT s.account_id, a.account_name, s.benchmark_id, s.sector, b.return_ AS benchmark_total,
         sum(s.start_usd) / a.start_usd AS portfolio_weight,
         sum(s.weight) / b.weight AS benchmark_weight,
         coalesce(sum(s.profit_usd) / sum(s.start_usd), sum(s.weighted_return) / sum(s.weight)) AS portfolio_return,
         coalesce(sum(s.weighted_return) / sum(s.weight), sum(s.profit_usd) / sum(s.start_usd)) AS benchmark_return
    FROM side AS s
    JOIN account_whole AS a ON a.account_id = s.account_id
    JOIN benchmark_whole AS b ON b.benchmark_id = s.benchmark_id
   GROUP BY s.account_id, a.account_name, s.benchmark_id, s.sector, b.return_, a.start_usd, b.weight
)
SELECT account_id, account_name, benchmark_id, sector, portfolio_weight, benchmark_weight, portfolio_return, benchmark_return,
       (portfolio_weight - benchmark_weight) * (benchmark_return - benchmark_total) AS allocation,
       benchmark_weight * (portfolio_return - benchmark_return) AS selection,
       (portfolio_weight - benchmark_weight) * (portfolio_return - benchmark_return) AS interaction,
       (portfolio_weight - benchmark_weight) * (benchmark_return - benchmark_total)
         + portfolio_weight * (portfolio_return - benchmark_return) AS active
  FROM both_sides;
