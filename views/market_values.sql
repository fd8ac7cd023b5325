-- @title Market values, looked through
-- @description What each account is exposed to once ETFs are taken apart into their constituents: holdings, orders and cash. For risk managers.
-- @key account_id, instrument_id
-- @topic aggregation.market-values

-- An ETF's value is spread by its constituents' weights, one level deep; an instrument without constituents stands for
-- itself. through_etfs_usd is the part of current_usd that comes by way of ETFs.
SELECT e.account_id, e.account_name, i.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency,
       i.country_of_risk, i.sector,
       sum(e.sod_usd * coalesce(c.weight, 1.0)) AS sod_usd,
       sum(e.current_usd * coalesce(c.weight, 1.0)) AS current_usd,
       sum(e.expected_usd * coalesce(c.weight, 1.0)) AS expected_usd,
       total(e.current_usd * c.weight) AS through_etfs_usd,
       max(e.last_updated) AS last_updated,
       CASE WHEN sum(e.no_price) > 0 AND sum(e.no_rate) > 0 THEN 'no price, no rate'
            WHEN sum(e.no_price) > 0 THEN 'no price'
            WHEN sum(e.no_rate) > 0 THEN 'no rate'
            ELSE 'ok' END AS quality
  FROM exposure AS e
  LEFT JOIN etf_constituent AS c ON c.etf_id = e.instrument_id
  JOIN instrument AS i ON i.instrument_id = coalesce(c.instrument_id, e.instrument_id)
 WHERE e.kind <> 'none'
 GROUP BY e.account_id, e.account_name, i.instrument_id, i.symbol, i.instrument_name, i.instrument_type, i.currency,
          i.country_of_risk, i.sector;
