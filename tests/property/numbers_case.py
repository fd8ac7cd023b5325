"""Exact numbers: sums and averages of nasty reals and of integers, against fractions worked out in Python.

The stock shell adds naively, so it cannot be the judge here: Python's sqlite3 runs the same script with sum, avg and
total of its own, which are exact (an average is the rounded sum divided by the count), and every answer must be the same to the last bit.
"""
import fractions
import math
import random
import sqlite3

import check
import oracle

REALS = ["0.1", "0.2", "0.3", "1e20", "-1e20", "1e16", "1.0", "-1.0", "1e-20", "3.3333333333333335", "1e300", "-1e300", "1.7e308", "-1.7e308",
         "4.9e-324", "2.2250738585072014e-308", "9007199254740993.0", "0.5", "NULL", "-0.1", "123456.789"]
INFINITE = ["9e999", "-9e999"]
INTEGERS = ["1", "2", "-1", "NULL", "0", "7", "12", "-5", "100", "9223372036854775807", "-9223372036854775807"]
OVERFLOW = "'does not fit'"


def rounded(total):
    """The double nearest to a fraction; beyond the largest an infinity."""
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


class Sum:
    def __init__(self):
        self.total, self.count, self.real, self.special = fractions.Fraction(0), 0, False, 0.0

    def step(self, value):
        if value is None:
            return
        self.count += 1
        if isinstance(value, float):
            self.real = True
            if math.isinf(value):
                self.special += value
                return
        self.total += fractions.Fraction(value)

    def as_real(self, total):
        return self.special if self.special != 0.0 else rounded(total)

    def finalize(self):
        if not self.count:
            return None
        if self.real:
            return none_for_nan(self.as_real(self.total))
        whole = int(self.total)
        return whole if -2 ** 63 <= whole < 2 ** 63 else "does not fit"


class Total(Sum):
    def finalize(self):
        return none_for_nan(self.as_real(self.total)) if self.count else 0.0


class Avg(Sum):
    def finalize(self):
        return none_for_nan(self.as_real(self.total) / self.count) if self.count else None


def none_for_nan(x):
    return None if math.isnan(x) else x


def build(seed, number):
    rng = random.Random(f"numbers/{seed}/{number}")
    reals = REALS + (INFINITE if rng.random() < 0.2 else [])
    integers = INTEGERS if rng.random() < 0.3 else INTEGERS[:-2]
    if rng.random() < 0.5:
        reals = rng.sample(reals, 5)

    def row(identifier):
        return f"({identifier}, {rng.randint(0, 2)}, {rng.choice(reals)}, {rng.choice(integers)}, {rng.choice(integers + reals)})"

    out = ["CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, x REAL, i INTEGER, v);", "CREATE TABLE u(g INTEGER, y REAL);",
           f"INSERT INTO t VALUES {', '.join(row(i) for i in range(1, rng.randint(3, 20)))};", "INSERT INTO u VALUES (0, 1.0), (1, 0.1), (1, 1e10), (2, NULL);"]
    views = ["SELECT g, sum(x) AS a, avg(x) AS b, total(x) AS c, count(*) AS n FROM t GROUP BY g",
             "SELECT sum(x) AS a, avg(x) AS b, sum(i) AS c FROM t",
             "SELECT g, sum(i) AS a, avg(i) AS b FROM t GROUP BY g",
             "SELECT t.g AS g, sum(t.x * u.y) AS a, avg(t.x + u.y) AS b FROM t JOIN u ON u.g = t.g GROUP BY t.g",
             "SELECT g, sum(v) AS a, total(v) AS b FROM t GROUP BY g",
             "SELECT g, sum(DISTINCT x) AS a, avg(x) FILTER (WHERE x > 0) AS b FROM t GROUP BY g HAVING count(*) > 1",
             "SELECT u.g AS g, sum(t.x) AS a FROM u LEFT JOIN t ON t.g = u.g GROUP BY u.g"]
    chosen = rng.sample(views, 3)
    out += [f"CREATE MATERIALIZED VIEW v{i} AS {text};" for i, text in enumerate(chosen)]
    columns = [[c for c in ("g", "a", "b", "c", "n") if f" AS {c}" in text or (c == "g" and text.startswith("SELECT g"))] for text in chosen]

    def show(mark):
        for i, names in enumerate(columns):
            out.append(f"SELECT '-- v{i} #{mark}';")
            out.append(f"SELECT {', '.join(f'quote({n})' for n in names)} FROM v{i} ORDER BY {', '.join(str(k + 1) for k in range(len(names)))};")

    for mark in range(rng.randint(3, 8)):
        kind = rng.random()
        if kind < 0.4:
            out.append(f"INSERT OR REPLACE INTO t VALUES {row(rng.randint(1, 25))};")
        elif kind < 0.6:
            out.append(f"DELETE FROM t WHERE id % {rng.randint(2, 5)} = {rng.randint(0, 1)};")
        elif kind < 0.8:
            out.append(f"UPDATE t SET x = {rng.choice(reals)} WHERE id = {rng.randint(1, 20)};")
        elif kind < 0.9:
            out.append(f"UPDATE t SET g = (g + 1) % 3 WHERE id % 2 = {rng.randint(0, 1)};")
        else:
            out += ["BEGIN;", f"UPDATE t SET x = -x WHERE g = {rng.randint(0, 2)};", rng.choice(["ROLLBACK;", "COMMIT;"])]
        show(mark)
    return out


def expected(statements):
    db = sqlite3.connect(":memory:", isolation_level=None)
    for name, cls in (("sum", Sum), ("total", Total), ("avg", Avg)):
        db.create_aggregate(name, 1, cls)
    lines = []
    for s in statements:
        for row in db.execute(s.replace("CREATE MATERIALIZED VIEW", "CREATE VIEW")):
            lines.append("|".join(str(v) for v in row))
    return oracle.Outcome(oracle.blocks_of("\n".join(lines)), [], 0)


def judge(options, statements):
    plain = expected(statements)
    if any(OVERFLOW in line for lines in plain.blocks.values() for line in lines):
        return "left out: integer overflow"
    for strategy in options.strategies.split(","):
        check.one_strategy(options.program, statements, plain, strategy, False)
    return "checked"


def run_case(options, number):
    statements = build(options.seed, number)
    try:
        return judge(options, statements), None
    except check.Failure as f:
        script = "\n".join(statements)
        return "failed", f"case {number} (numbers): {f}\n  again: tests/property/run --seed {options.seed} --one {number} --kind numbers\n{script}\n"
