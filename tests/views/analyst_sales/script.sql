-- What analysts really write: mixed case, no aliases, double quotes for texts, comments everywhere, GROUP BY 1, dates as text.
create table Customers(CustomerID integer primary key, "Name" text, Region text, Signup text);
create table Orders(OrderID integer primary key, CustomerID int, OrderDate text, Status text, Discount real default 0);
create table OrderLines(OrderID int, LineNo int, SKU text, Qty int, Price numeric, primary key(OrderID, LineNo));
create table Products(SKU text primary key, Category text, Cost real, Active boolean);
insert into Customers values (1,'Ann','North','2023-01-15'),(2,'Bob','South','2023-02-20'),(3,'Cid',NULL,'2023-02-01'),(4,'Dee','North','2023-11-11');
insert into Orders values (100,1,'2023-03-01','paid',0),(101,1,'2023-03-15','open',0.5),(102,2,'2023-04-02','paid',0.25),(103,3,'2023-04-02','cancelled',0),(104,9,'2023-05-05','paid',0);
insert into OrderLines values (100,1,'A1',2,10),(100,2,'B2',1,5.5),(101,1,'A1',1,10),(102,1,'C3',4,'2.5'),(103,1,'B2',1,5.5),(104,1,'A1',10,9);
insert into Products values ('A1','Tools',6,1),('B2','Tools',2.5,1),('C3','Toys',1,0),('D4',NULL,1,1);
CREATE MATERIALIZED VIEW revenue_by_month AS
select strftime('%Y-%m', OrderDate) as Month , SUM(Qty*Price*(1-Discount)) as Revenue, count(distinct o.OrderID) as "# Orders"
from Orders o, OrderLines l -- implicit join
where o.OrderID=l.OrderID and Status!="cancelled"
group by 1 order by 1;
create materialized view big_customers as
  Select c.Name, total(l.qty*l.price) AS spend from customers C left join orders O using(customerid) left join orderlines L on l.orderid=o.orderid
  GROUP BY C.CustomerID, C.Name HAVING spend > 5 ORDER BY spend desc, c.name;
CREATE MATERIALIZED VIEW status_pivot AS SELECT strftime('%m',OrderDate) m,
  SUM(CASE WHEN status='paid' THEN 1 ELSE 0 END) paid, SUM(CASE WHEN status='open' THEN 1 ELSE 0 END) AS "open",
  SUM(IIF(status IN ('cancelled','refunded'),1,0)) bad, COUNT(1) all_of_them FROM orders GROUP BY m;
CREATE MATERIALIZED VIEW never_ordered AS SELECT * FROM Customers WHERE CustomerID NOT IN (SELECT CustomerID FROM Orders WHERE CustomerID IS NOT NULL);
CREATE MATERIALIZED VIEW orphans AS SELECT o.OrderID FROM Orders o LEFT JOIN Customers c ON c.CustomerID == o.CustomerID WHERE c.CustomerID ISNULL;
CREATE MATERIALIZED VIEW margin AS SELECT p.Category, SUM(l.Qty*(l.Price-p.Cost)) AS margin, ROUND(100.0*SUM(l.Qty*(l.Price-p.Cost))/SUM(l.Qty*l.Price),1)||'%' AS pct FROM OrderLines l JOIN Products p ON p.SKU=l.SKU GROUP BY p.Category;
CREATE MATERIALIZED VIEW best_sku_per_region AS SELECT Region, SKU, q FROM (SELECT IFNULL(c.Region,'?') Region, l.SKU, SUM(l.Qty) q, ROW_NUMBER() OVER (PARTITION BY IFNULL(c.Region,'?') ORDER BY SUM(l.Qty) DESC, l.SKU) rn FROM Customers c JOIN Orders o ON o.CustomerID=c.CustomerID JOIN OrderLines l ON l.OrderID=o.OrderID GROUP BY 1,2) WHERE rn=1;
CREATE MATERIALIZED VIEW first_orders AS SELECT c.Name, (SELECT MIN(OrderDate) FROM Orders o WHERE o.CustomerID=c.CustomerID) AS first, (SELECT COUNT(*) FROM Orders o WHERE o.CustomerID=c.CustomerID AND Status='paid') AS paid FROM Customers c;
CREATE MATERIALIZED VIEW days_to_first AS SELECT Name, CAST(julianday(MIN(OrderDate))-julianday(Signup) AS INT) AS days FROM Customers JOIN Orders USING (CustomerID) GROUP BY CustomerID, Name, Signup;
CREATE MATERIALIZED VIEW with_flags AS SELECT DISTINCT o.OrderID, CASE WHEN Discount>0 THEN 'disc' ELSE 'full' END AS kind, Status LIKE 'p%' AS is_p, substr(OrderDate,1,7) AS ym, upper(Status)||'-'||OrderID AS tag FROM Orders o;
CREATE MATERIALIZED VIEW running AS SELECT OrderDate, day_total, SUM(day_total) OVER (ORDER BY OrderDate) AS running FROM (SELECT OrderDate, SUM(Qty*Price) AS day_total FROM Orders JOIN OrderLines USING(OrderID) GROUP BY OrderDate);
CREATE MATERIALIZED VIEW month_on_month AS WITH m AS (SELECT substr(OrderDate,1,7) AS ym, SUM(Qty) AS q FROM Orders NATURAL JOIN OrderLines GROUP BY ym) SELECT a.ym, a.q, b.q AS before, a.q-b.q AS diff FROM m a LEFT JOIN m b ON b.ym = strftime('%Y-%m', a.ym||'-01', '-1 month');
CREATE MATERIALIZED VIEW above_average AS SELECT OrderID, v FROM (SELECT OrderID, SUM(Qty*Price) v FROM OrderLines GROUP BY OrderID) WHERE v >= (SELECT AVG(v) FROM (SELECT SUM(Qty*Price) v FROM OrderLines GROUP BY OrderID));
CREATE MATERIALIZED VIEW bought_together AS SELECT a.SKU AS s1, b.SKU AS s2, COUNT(*) AS times FROM OrderLines a JOIN OrderLines b ON a.OrderID=b.OrderID AND a.SKU<b.SKU GROUP BY a.SKU, b.SKU;
CREATE MATERIALIZED VIEW everything AS SELECT * FROM revenue_by_month UNION ALL SELECT 'TOTAL', SUM(Revenue), SUM("# Orders") FROM revenue_by_month;
CREATE MATERIALIZED VIEW unsold AS SELECT SKU, COALESCE(Category,'(none)') cat FROM Products p WHERE Active AND NOT EXISTS(SELECT NULL FROM OrderLines l WHERE l.SKU=p.SKU);
CREATE MATERIALIZED VIEW price_spread AS SELECT SKU, MIN(Price) lo, MAX(Price) hi, MAX(Price)-MIN(Price) spread, COUNT(DISTINCT Price) n FROM OrderLines GROUP BY SKU HAVING COUNT(*)>1;
CREATE MATERIALIZED VIEW weird_group AS SELECT COUNT(*) c, length(Name)%2 odd FROM Customers GROUP BY length(Name)%2, Region IS NULL;
CREATE MATERIALIZED VIEW top2 AS SELECT SKU, SUM(Qty) q FROM OrderLines GROUP BY SKU ORDER BY q DESC, SKU LIMIT 2;
CREATE MATERIALIZED VIEW share_of_region AS SELECT c.Region, o.OrderID, SUM(l.Qty*l.Price)*1.0 / SUM(SUM(l.Qty*l.Price)) OVER (PARTITION BY c.Region) AS share FROM Customers c JOIN Orders o USING (CustomerID) JOIN OrderLines l USING (OrderID) GROUP BY c.Region, o.OrderID;
CREATE MATERIALIZED VIEW skus AS SELECT o.OrderID, group_concat(SKU, '+') AS skus FROM (SELECT OrderID, SKU FROM OrderLines ORDER BY OrderID, SKU) o GROUP BY o.OrderID;
CREATE MATERIALIZED VIEW one_number AS SELECT (SELECT COUNT(*) FROM Orders WHERE Status='paid') * 100 / (SELECT COUNT(*) FROM Orders) AS pct_paid;
CREATE MATERIALIZED VIEW ranked AS SELECT Name, n, DENSE_RANK() OVER (ORDER BY n DESC) r FROM (SELECT Name, COUNT(OrderID) n FROM Customers LEFT JOIN Orders ON Orders.CustomerID = Customers.CustomerID GROUP BY Customers.CustomerID);
CREATE MATERIALIZED VIEW quarters AS SELECT substr(OrderDate,1,4)||'Q'||((CAST(substr(OrderDate,6,2) AS INTEGER)+2)/3) AS quarter, COUNT(*) n FROM Orders GROUP BY quarter;
CREATE MATERIALIZED VIEW customers_of_both AS SELECT CustomerID FROM Orders JOIN OrderLines USING(OrderID) WHERE SKU='A1' INTERSECT SELECT CustomerID FROM Orders JOIN OrderLines USING(OrderID) WHERE SKU='B2';
-- show
begin;
update Orders set Status='paid' where Status='open';
insert into OrderLines values (101,2,'C3',3,2.5),(101,3,'B2',1,6);
insert into Orders(OrderID,CustomerID,OrderDate,Status) values (105,4,'2023-12-24','paid');
insert into OrderLines values (105,1,'D4',1,99);
commit;
-- show
delete from Customers where CustomerID=1;
update Products set Category='Toys' where Category='Tools';
-- show
insert or replace into Customers values (9,'Zed','South','2022-12-31');
update OrderLines set Price=Price*2 where SKU in (select SKU from Products where Category is not null);
delete from Orders where Status like 'canc%';
-- show
delete from OrderLines;
-- show
