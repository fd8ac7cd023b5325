"""Expressions of a wanted class over a scope."""
from . import values
from .values import Expr, literal

COMPARISONS = ["=", "=", "=", "<>", "<", "<=", ">", ">=", "IS", "IS NOT", "==", "!="]


class Scope:
    """The columns that an expression may read; outer: those of the query around it."""

    def __init__(self, columns, outer=None, subqueries=None):
        self.columns = columns
        self.outer = outer
        self.subqueries = subqueries  # called to make a subquery, or None where there must be none

    def pick(self, rng, cls):
        columns = self.columns
        if self.outer and rng.random() < 0.35:
            columns = self.outer.columns
        found = [c for c in columns if c.cls == cls and not c.open]
        return rng.choice(found) if found else None

    def classes(self):
        """The classes that there are columns of, each as often as it has columns."""
        return [c.cls for c in self.columns if not c.open]

    def a_class(self, rng, wanted=values.CLASSES):
        found = [c for c in self.classes() if c in wanted]
        return rng.choice(found) if found and rng.random() < 0.93 else rng.choice(list(wanted))

    def any_column(self, rng):
        found = [c for c in self.columns if not c.open]
        return rng.choice(found) if found else None


def leaf(rng, scope, cls):
    found = scope.pick(rng, cls)
    if found and rng.random() < 0.85:
        return found
    return literal(rng, cls)


def expr(rng, scope, cls, depth):
    if depth <= 0 or rng.random() < 0.4:
        return leaf(rng, scope, cls)
    if rng.random() < 0.12:
        return choice(rng, scope, cls, depth)
    make = MAKERS.get(cls)
    return make(rng, scope, depth - 1) if make else leaf(rng, scope, cls)


def choice(rng, scope, cls, depth):
    """CASE, coalesce, ifnull, nullif, iif: the class of what they choose from."""
    a, b = expr(rng, scope, cls, depth - 1), expr(rng, scope, cls, depth - 1)
    bits = (max(a.ib, b.ib), max(a.fb, b.fb))
    kind = rng.randint(0, 5)
    if kind == 0:
        sql = f"CASE WHEN {boolean(rng, scope, depth - 1)} THEN {a.sql} ELSE {b.sql} END"
    elif kind == 1:
        sql = f"coalesce({a.sql}, {b.sql})"
    elif kind == 2:
        sql = f"ifnull({a.sql}, {b.sql})"
    elif kind == 3:
        sql = f"nullif({a.sql}, {b.sql})"
    elif kind == 4:
        sql = f"iif({boolean(rng, scope, depth - 1)}, {a.sql}, {b.sql})"
    else:
        x = leaf(rng, scope, "int")
        sql = f"CASE {x.sql} WHEN {rng.randint(0, 3)} THEN {a.sql} WHEN {rng.randint(0, 5)} THEN {b.sql} END"
    if cls in ("nocase", "rtrim"):
        cls = "text"  # an expression has no collation; its values may still differ only in case, which BINARY tells apart
    return Expr(sql, cls, *bits)


def make_int(rng, scope, depth):
    kind = rng.randint(0, 15)
    a = expr(rng, scope, "int", depth)
    if kind <= 5:
        b = expr(rng, scope, "int", depth)
        op = rng.choice("+-*/%&|")
        if op == "*" and a.ib + b.ib > 30:
            op = "+"
        bits = a.ib + b.ib if op == "*" else max(a.ib, b.ib) + 1
        return Expr(f"({a.sql} {op} {b.sql})", "int", bits)
    if kind == 6:
        return Expr(f"-{a.sql}" if not a.sql.startswith("-") else f"({a.sql})", "int", a.ib)
    if kind == 7:
        return Expr(f"abs({a.sql})", "int", a.ib)
    if kind == 8:
        return Expr(f"length({leaf(rng, scope, scope.a_class(rng, values.TEXTS)).sql})", "int", 6)
    if kind == 9:
        return Expr(f"({boolean(rng, scope, depth)})", "int", 1)
    if kind == 10:
        source = leaf(rng, scope, scope.a_class(rng, ("text", "real", "nocase")))
        return Expr(f"CAST({source.sql} AS INTEGER)", "int", max(source.ib, 8))
    if kind == 11:
        return Expr(f"unicode({leaf(rng, scope, 'text').sql})", "int", 8)
    if kind == 12:
        return Expr(f"instr({leaf(rng, scope, 'text').sql}, {literal(rng, 'text').sql})", "int", 6)
    if kind == 13:
        b = expr(rng, scope, "int", depth)
        return Expr(f"{rng.choice(['min', 'max'])}({a.sql}, {b.sql})", "int", max(a.ib, b.ib))
    if kind == 14 and scope.subqueries:
        return scope.subqueries.scalar(scope, "int")
    return Expr(f"({a.sql}) % {rng.randint(2, 5)}", "int", 3)


def make_real(rng, scope, depth):
    kind = rng.randint(0, 7)
    a = expr(rng, scope, "real", depth)
    if kind <= 3:
        b = expr(rng, scope, rng.choice(["real", "int"]), depth)
        op = rng.choice("+-*")
        if op == "*" and a.ib + a.fb + b.ib + b.fb > 34:
            op = "+"
        if op == "*":
            return Expr(f"({a.sql} * {b.sql})", "real", a.ib + b.ib, a.fb + b.fb)
        return Expr(f"({a.sql} {op} {b.sql})", "real", max(a.ib, b.ib) + 1, max(a.fb, b.fb))
    if kind == 4:
        return Expr(f"{a.sql} / 2.0", "real", a.ib, a.fb + 1)
    if kind == 5:
        return Expr(f"abs({a.sql})", "real", a.ib, a.fb)
    if kind == 6:
        return Expr(f"round({a.sql})", "real", a.ib + 1, 0)
    b = leaf(rng, scope, "int")
    return Expr(f"CAST({b.sql} AS REAL)", "real", b.ib, 0)


def make_num(rng, scope, depth):
    a = expr(rng, scope, rng.choice(["real", "int", "num"]), depth)
    b = expr(rng, scope, "real", depth)
    return Expr(rng.choice([f"{a.sql} / {b.sql}", f"sqrt(abs({b.sql}))", f"round({a.sql} / 3.0, 2)"]), "num")


def make_text(rng, scope, depth):
    kind = rng.randint(0, 9)
    a = expr(rng, scope, "text", depth)
    if kind <= 2:
        b = expr(rng, scope, rng.choice(values.TEXTS), depth)
        return Expr(f"({a.sql} || {b.sql})", "text")
    if kind == 3:
        return Expr(f"{rng.choice(['upper', 'lower', 'trim', 'hex', 'quote'])}({leaf(rng, scope, scope.a_class(rng, values.TEXTS)).sql})", "text")
    if kind == 4:
        return Expr(f"substr({a.sql}, {rng.choice(['1, 1', '2', '-1'])})", "text")
    if kind == 5:
        return Expr(f"replace({a.sql}, 'a', 'zz')", "text")
    if kind == 6:
        return Expr(f"typeof({leaf(rng, scope, rng.choice(['any', 'int', 'text'])).sql})", "text")
    if kind == 7:
        return Expr(f"quote({leaf(rng, scope, rng.choice(['any', 'int', 'blob'])).sql})", "text")
    if kind == 8:
        return Expr(f"CAST({leaf(rng, scope, 'int').sql} AS TEXT)", "text")
    return Expr(f"printf('%s-%d', {a.sql}, {leaf(rng, scope, 'int').sql})", "text")


MAKERS = {"int": make_int, "real": make_real, "num": make_num, "text": make_text}


def boolean(rng, scope, depth):
    """A condition, in the text of SQL."""
    if depth > 0 and rng.random() < 0.3:
        a, b = boolean(rng, scope, depth - 1), boolean(rng, scope, depth - 1)
        return rng.choice([f"({a} AND {b})", f"({a} OR {b})", f"NOT ({a})", f"({a} OR {b})"])
    if scope.subqueries and depth > 0 and rng.random() < 0.25:
        return scope.subqueries.condition(scope)
    kind = rng.randint(0, 13)
    cls = scope.a_class(rng)
    a = expr(rng, scope, cls, min(depth, 1))
    if kind <= 2:
        return f"{a.sql} {rng.choice(COMPARISONS)} {expr(rng, scope, cls, min(depth, 1)).sql}"
    if kind <= 4:  # one that many rows pass
        return f"{a.sql} {rng.choice(['<>', '>=', '<', 'IS NOT', '>'])} {literal(rng, cls).sql}"
    if kind == 5:  # across classes: affinity decides
        other = leaf(rng, scope, scope.a_class(rng, ("int", "text", "any", "real", "nocase")))
        if not a.same_only and not other.same_only:
            return f"{a.sql} {rng.choice(COMPARISONS)} {other.sql}"
        return f"{a.sql} IS NOT NULL"
    if kind == 6:
        return f"{a.sql} {rng.choice(['IS NULL', 'IS NOT NULL', 'NOTNULL', 'ISNULL'])}"
    if kind == 7:
        return f"{a.sql} {rng.choice(['', 'NOT '])}BETWEEN {literal(rng, cls).sql} AND {literal(rng, cls).sql}"
    if kind == 8:
        items = ", ".join(literal(rng, cls).sql for _ in range(rng.randint(0, 3)))
        return f"{a.sql} {rng.choice(['', 'NOT '])}IN ({items})"
    if kind == 9:
        t = leaf(rng, scope, scope.a_class(rng, values.TEXTS))
        return rng.choice([f"{t.sql} LIKE 'a%'", f"{t.sql} NOT LIKE '%B'", f"{t.sql} GLOB 'a*'", f"{t.sql} LIKE '_'", f"{t.sql} LIKE '%x_%' ESCAPE 'x'"])
    if kind == 10:
        return rng.choice(["1", "1", "0", "NULL", "1 = 1", "TRUE", "FALSE"])
    if kind == 11:
        b, c, d = leaf(rng, scope, "int"), leaf(rng, scope, "text"), leaf(rng, scope, "int")
        return f"({b.sql}, {c.sql}) {rng.choice(['=', '<', 'IS', '>='])} ({d.sql}, {literal(rng, 'text').sql})"
    if kind == 12:
        t = leaf(rng, scope, scope.a_class(rng, values.TEXTS))
        return f"{t.sql} {rng.choice(['=', '<>', '>'])} {literal(rng, 'text').sql} COLLATE {rng.choice(['NOCASE', 'RTRIM', 'BINARY'])}"
    return expr(rng, scope, "int", min(depth, 1)).sql
