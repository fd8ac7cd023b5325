"""Random schemas, data, views and change scripts for the property tests.

values      the pools that data and literals come from, and the classes of expressions
schema      tables of every kind, triggers, foreign keys
expression  expressions of a wanted class over a scope
query       SELECTs: joins, grouping, compounds, windows, CTEs, subqueries
change      statements that change the tables
script      one whole case
"""
