-- @title       Top movers
-- @description The symbols whose price is furthest from the day's open, up or down. For market-data users.
-- @param       count integer = 10
-- @key         symbol

SELECT symbol, price, open, change, change_ratio, volume, last_trade
  FROM latest_quote
 ORDER BY abs(change_ratio) DESC, symbol
 LIMIT :count;
