-- @title Business date and the one before
-- @description The business date and the newest older date that has prices: what a day's profit is measured from.
-- @key date

SELECT b.date AS date, max(p.date) AS previous_date
  FROM business_date AS b
  LEFT JOIN price AS p ON p.date < b.date
 GROUP BY b.date;
