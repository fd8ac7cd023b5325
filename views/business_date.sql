-- @title Business date
-- @description The day that every view values: the newest date for which there are start-of-day holdings.
-- @key date
-- @eager

-- One row. The day begins with its first start-of-day holding; from that turn on no row of an older date is in any view
-- that joins this one. Eager, because each of them needs it and finding it means reading every holding.
SELECT max(date) AS date
  FROM sod_holding;
