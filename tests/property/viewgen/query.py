"""SELECTs from the whole grammar."""
import dataclasses
import re

from . import values
from .expression import Scope, boolean, expr, leaf
from .values import Column, Expr, Source, quoted

SHOWN = {"nocase": ("lower({})", "text"), "rtrim": ("rtrim({})", "text"), "any": ("CAST({} AS REAL)", "num")}


@dataclasses.dataclass
class Query:
    sql: str
    columns: list
    ctes: list = dataclasses.field(default_factory=list)

    def text(self):
        return self.sql


@dataclasses.dataclass
class From:
    sql: str
    columns: list  # Expr, qualified
    keys: list     # column texts that identify a joined row, or None
    single: Source = None
    merged: list = dataclasses.field(default_factory=list)  # columns of a USING under their bare names


def deterministic(e):
    """The expression, or one that is the same for all values that SQLite holds equal."""
    if e.cls in SHOWN:
        form, cls = SHOWN[e.cls]
        return Expr(form.format(e.sql), cls, 0, 0)
    return e


def outer_scope(scope):
    """What a subquery may read of the query around it: qualified names only, since a bare one may mean its own."""
    return Scope([c for c in scope.columns if "." in c.sql])


class Generator:
    def __init__(self, rng, sources, loose=False):
        self.rng = rng
        self.sources = sources  # what a FROM may name: tables and the views made so far
        self.aliases = 0
        self.loose = loose
        self.in_compound = False
        self.ctes = []          # of the statement that is being made: (text, Source)
        self.budget = 4         # nested queries that this statement may still have

    # --- FROM ---
    def alias(self):
        self.aliases += 1
        return f"s{self.aliases}"

    def source_columns(self, alias, columns):
        return [Expr(f"{alias}.{quoted(c.name)}", c.cls, c.ib, c.fb, c.open, c.same_only) for c in columns]

    def item(self, depth):
        rng = self.rng
        alias = self.alias()
        kind = rng.random()
        if kind < 0.1 and depth > 0 and self.budget > 0:
            self.budget -= 1
            q = self.core(depth - 1)
            return From(f"({q.sql}) AS {alias}", self.source_columns(alias, q.columns), None, Source(alias, q.columns))
        if kind < 0.14:
            rows = ", ".join(f"({values.literal(rng, 'int').sql}, {values.literal(rng, 'text').sql})" for _ in range(rng.randint(1, 3)))
            columns = [Column("column1", "int", 7), Column("column2", "text")]
            return From(f"(VALUES {rows}) AS {alias}", self.source_columns(alias, columns), None, Source(alias, columns))
        pool = self.sources + [s for _, s in self.ctes] * 2
        if len(self.sources) > 3 and rng.random() < 0.4:
            pool = self.sources[2:]  # views on views
        s = rng.choice(pool)
        columns = self.source_columns(alias, s.columns)
        keys = None
        if s.table:
            keys = [f"{alias}.{quoted(k)}" for k in s.key] if s.key else [f"{alias}.rowid"]
        hint = " NOT INDEXED" if s.table and rng.random() < 0.03 else ""
        return From(f"{quoted(s.name)} {'AS ' if rng.random() < 0.5 else ''}{alias}{hint}", columns, keys, s)

    def condition(self, left, right, depth):
        """An ON: mostly an equality of columns of one class, at times anything."""
        rng = self.rng
        kind = rng.random()
        classes = [c for c in values.CLASSES if any(e.cls == c and not e.open for e in left.columns) and any(e.cls == c and not e.open for e in right.columns)]
        if kind < 0.75 and classes:
            parts = []
            for _ in range(1 if rng.random() < 0.7 else 2):
                cls = rng.choice(classes if "int" not in classes or rng.random() < 0.4 else ["int"])
                a = rng.choice([e for e in left.columns if e.cls == cls and not e.open])
                b = rng.choice([e for e in right.columns if e.cls == cls and not e.open])
                op = rng.choice(["=", "=", "=", "=", "IS", "<", "<=", "<>"])
                parts.append(f"{a.sql} {op} {b.sql}" if rng.random() < 0.85 or cls != "int" else f"{a.sql} + 1 {op} {b.sql}")
            return rng.choice([" AND ", " AND ", " OR "]).join(parts)
        scope = Scope(left.columns + right.columns, None, None)
        return boolean(rng, scope, 1) if kind < 0.95 else rng.choice(["1", "0", "1 = 1", "NULL"])

    def join(self, left, right, depth):
        rng = self.rng
        keys = left.keys + right.keys if left.keys and right.keys else None
        columns = left.columns + right.columns
        kind = rng.random()
        shared = []
        if left.single and right.single:
            names = {c.name: c.cls for c in left.single.columns if not c.open}
            shared = [c.name for c in right.single.columns if not c.open and names.get(c.name) == c.cls and c.cls not in ("nocase", "rtrim", "any", "inf")]
        word = rng.choice(["JOIN", "JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "LEFT OUTER JOIN", "RIGHT JOIN", "FULL JOIN"])
        if self.in_compound and word in ("RIGHT JOIN", "FULL JOIN"):
            word = "LEFT JOIN"  # SQLite 3.40 itself answers wrongly when it takes such a compound apart
        if shared and kind < 0.2:
            using = rng.sample(shared, 1 if rng.random() < 0.7 else min(2, len(shared)))
            names = ", ".join(quoted(n) for n in using)
            bits = {c.name: c for c in left.single.columns}
            merged = [Expr(quoted(n), bits[n].cls, max(bits[n].ib, 12), max(bits[n].fb, 2)) for n in using]
            return From(f"{left.sql} {word} {right.sql} USING ({names})", columns, keys, merged=merged)
        if shared and kind < 0.25:
            return From(f"{left.sql} NATURAL {word} {right.sql}", columns, keys)
        if kind < 0.3:
            return From(f"{left.sql}{rng.choice([', ', ' CROSS JOIN '])}{right.sql}", columns, keys)
        return From(f"{left.sql} {word} {right.sql} ON {self.condition(left, right, depth)}", columns, keys)

    def from_clause(self, depth, at_most=3):
        rng = self.rng
        count = rng.choice([1, 1, 2, 2, 2, 3][: 2 + at_most + 1])
        result = self.item(depth)
        for i in range(1, min(count, at_most)):
            other = self.item(depth)
            if i == 1 and rng.random() < 0.06:
                third = self.item(0)
                inner = self.join(other, third, depth)
                other = From(f"({inner.sql})", inner.columns, inner.keys)
            result = self.join(result, other, depth)
        if count == 2 or at_most == 2:
            result.columns = result.columns + result.merged
        return result

    # --- subqueries, called by the expressions ---
    def scalar(self, scope, cls):
        rng = self.rng
        if self.budget <= 0:
            return leaf(rng, scope, cls)
        self.budget -= 1
        f = self.from_clause(0, 1)
        inner = Scope(f.columns, outer_scope(scope))
        where = boolean(rng, inner, 1)
        a = leaf(rng, Scope(f.columns), "int")
        what = rng.choice(["count(*)", f"max({a.sql})", f"min({a.sql})", f"count(DISTINCT {a.sql})"] + ([f"sum({a.sql})"] if a.ib < 30 else []))
        if rng.random() < 0.2 and "." in a.sql:  # a literal would be a position
            return Expr(f"(SELECT {a.sql} FROM {f.sql} WHERE {where} ORDER BY {a.sql} LIMIT 1)", "int", a.ib)
        return Expr(f"(SELECT {what} FROM {f.sql} WHERE {where})", "int", max(a.ib + values.SUM_BITS, 12))

    def condition_subquery(self, scope):
        rng = self.rng
        if self.budget <= 0:
            return boolean(rng, Scope(scope.columns, scope.outer), 0)
        self.budget -= 1
        f = self.from_clause(0, 2)
        inner = Scope(f.columns, outer_scope(scope) if rng.random() < 0.6 else None)
        where = f" WHERE {boolean(rng, inner, 1)}" if rng.random() < 0.8 else ""
        if rng.random() < 0.5 and scope.columns:
            a, b = leaf(rng, outer_scope(scope), "int"), leaf(rng, Scope(f.columns), "int")
            where = f" WHERE {a.sql} = {b.sql}" + (" AND" + where[6:] if where else "")
        kind = rng.random()
        if kind < 0.5:
            return f"{rng.choice(['', 'NOT '])}EXISTS (SELECT {rng.choice(['1', '*'])} FROM {f.sql}{where})"
        cls = Scope(f.columns).a_class(rng, ("int", "text", "real", "nocase"))
        a, b = leaf(rng, outer_scope(scope), cls), leaf(rng, Scope(f.columns), cls)
        if kind < 0.85:
            extra = rng.choice(["", "", f" GROUP BY {b.sql}"]) if b.sql.startswith("s") else ""
            return f"{a.sql} {rng.choice(['', 'NOT '])}IN (SELECT {b.sql} FROM {f.sql}{where}{extra})"
        if kind < 0.92:
            a2, b2 = leaf(rng, outer_scope(scope), "int"), leaf(rng, Scope(f.columns), "int")
            return f"({a.sql}, {a2.sql}) {rng.choice(['', 'NOT '])}IN (SELECT {b.sql}, {b2.sql} FROM {f.sql}{where})"
        a = leaf(rng, outer_scope(scope), "int")
        return f"{a.sql} {rng.choice(['=', '>', '<='])} {self.scalar(scope, 'int').sql}"

    def hook(self, depth):
        return _Subqueries(self) if depth > 0 else None

    # --- a SELECT without its ORDER BY ---
    def core(self, depth, classes=None, lone=True):
        """classes: of the result columns, where an arm of a compound must fit the others."""
        rng = self.rng
        f = self.from_clause(depth)
        scope = Scope(f.columns, None, self.hook(depth))
        where = f" WHERE {boolean(rng, scope, 2)}" if rng.random() < 0.5 else ""
        kind = rng.random()
        if kind < 0.38:
            items, tail = self.grouped(f, scope, classes)
        elif kind < 0.46:
            items, tail = [self.aggregate(scope, c) for c in (classes or self.some_classes(1, 3))], ""
            if rng.random() < 0.3:
                tail = f" HAVING {self.aggregate(scope, 'int').sql} {rng.choice(['>', '<', '=', 'IS NOT'])} {rng.randint(0, 3)}"
        elif kind < 0.58 and classes is None:
            items, tail = self.windowed(f, scope), ""
        else:
            return self.plain(f, scope, where, classes)
        columns, texts = self.name_columns(items)
        return Query(f"SELECT {', '.join(texts)} FROM {f.sql}{where}{tail}", columns)

    def some_classes(self, low, high):
        return [self.rng.choice(["int", "int", "int", "real", "text", "any", "num"]) for _ in range(self.rng.randint(low, high))]

    def plain(self, f, scope, where, classes):
        rng = self.rng
        distinct = rng.random() < 0.3
        if classes is None and not distinct and f.single and rng.random() < 0.12:
            columns = [dataclasses.replace(c, generated=False) for c in f.single.columns]
            return Query(f"SELECT * FROM {f.sql}{where}", columns)
        items = []
        for cls in classes or [None] * rng.randint(1, 4):
            e = scope.any_column(rng) if cls is None and rng.random() < 0.6 else expr(rng, scope, cls or scope.a_class(rng, ("int", "real", "text", "num", "any")), 2)
            e = e or leaf(rng, scope, "int")
            if (distinct or classes) and not self.loose:
                e = deterministic(e)
            elif distinct:
                e = dataclasses.replace(e, open=e.cls in values.AMBIGUOUS)
            items.append(e)
        columns, texts = self.name_columns(items)
        return Query(f"SELECT {'DISTINCT ' if distinct else ''}{', '.join(texts)} FROM {f.sql}{where}", columns)

    def name_columns(self, items):
        rng = self.rng
        columns, texts, used = [], [], set()
        for i, e in enumerate(items):
            free = [n for n in values.NAMES.get(e.cls, []) if n not in used]
            name = free[0] if free and rng.random() < 0.4 else f"c{i}"
            used.add(name)
            columns.append(Column(name, e.cls, e.ib, e.fb, e.open, e.same_only))
            texts.append(f"{e.sql} {'AS ' if rng.random() < 0.9 else ''}{name}")
        return columns, texts

    def aggregate(self, scope, cls):
        """An aggregate, or an expression over some, of about the class that is asked for."""
        rng = self.rng
        bare = Scope(scope.columns)  # no subqueries within an aggregate's argument
        distinct = "DISTINCT " if rng.random() < 0.2 else ""
        tail = f" FILTER (WHERE {boolean(rng, bare, 1)})" if rng.random() < 0.2 else ""
        if cls in ("text", "blob", "big", "inf"):
            e = expr(rng, bare, cls, 1)
            return Expr(f"{rng.choice(['min', 'max'])}({e.sql}){tail}", e.cls)
        if cls == "real":
            e = expr(rng, bare, "real", 1)
            if e.ib + e.fb > 30:
                return Expr(f"max({e.sql}){tail}", "real", e.ib, e.fb)
            return Expr(f"{rng.choice(['sum', 'sum', 'total'])}({distinct}{e.sql}){tail}", "real", e.ib + values.SUM_BITS, e.fb)
        if cls == "num":
            e = expr(rng, bare, rng.choice(["int", "real"]), 1)
            if e.ib + e.fb > 35:
                return Expr(f"min({e.sql}){tail}", "num")
            return Expr(f"avg({distinct}{e.sql}){tail}", "num")
        if cls in ("nocase", "rtrim", "any"):
            e = leaf(rng, bare, cls)
            return Expr(f"count({distinct}{e.sql}){tail}", "int", 12)
        kind = rng.randint(0, 9)
        e = expr(rng, bare, "int", 1)
        if kind <= 1:
            return Expr(f"count(*){tail}", "int", 12)
        if kind == 2:
            any_ = bare.any_column(rng) or e
            return Expr(f"count({distinct}{any_.sql}){tail}", "int", 12)
        if kind == 3:
            return Expr(f"{rng.choice(['min', 'max'])}({e.sql}){tail}", "int", e.ib)
        if kind == 4:
            t = leaf(rng, bare, "text")
            return Expr(f"length(group_concat({t.sql}, ';'))", "int", 12)
        if e.ib > 30:
            return Expr(f"max({e.sql}){tail}", "int", e.ib)
        if kind == 5:
            other = self.aggregate(scope, "int")
            return Expr(f"({other.sql} + sum({distinct}{e.sql}){tail} * 2)", "int", max(other.ib, e.ib + values.SUM_BITS + 1) + 1)
        if kind == 6:
            return Expr(f"CASE WHEN count(*){tail} > {rng.randint(0, 3)} THEN sum({e.sql}) ELSE -1 END", "int", e.ib + values.SUM_BITS)
        if kind == 7:
            return Expr(f"coalesce(sum({e.sql}){tail}, 0)", "int", e.ib + values.SUM_BITS)
        return Expr(f"sum({distinct}{e.sql}){tail}", "int", e.ib + values.SUM_BITS)

    def grouped(self, f, scope, classes):
        rng = self.rng
        keys, items = [], []
        by_key = f.keys and rng.random() < 0.15 and f.single and f.single.key
        bare = Scope(f.columns)
        wanted = classes or [None] * rng.randint(2, 4)
        n_keys = rng.randint(1, max(1, len(wanted) - 1))
        for i, cls in enumerate(wanted):
            if i < n_keys:
                e = bare.any_column(rng) if cls is None else expr(rng, bare, cls, 1)
                if e is None or rng.random() < 0.3:
                    e = expr(rng, bare, cls or bare.a_class(rng), 1)
                if re.fullmatch(r"[-(]*[\d.]+[)]*", e.sql):
                    e = bare.pick(rng, e.cls) or Expr(f"({e.sql} + 0)", e.cls, e.ib, e.fb)
                if e.cls == "text" and rng.random() < 0.15:
                    keys.append(f"{e.sql} COLLATE NOCASE")
                    items.append(Expr(f"lower({e.sql})", "text"))
                    continue
                shown = deterministic(e)
                if shown is e and rng.random() < 0.25:
                    keys.append(str(i + 1))
                elif self.loose and e.cls in values.AMBIGUOUS:
                    keys.append(e.sql)
                    shown = dataclasses.replace(e, open=True)
                else:
                    keys.append(e.sql)
                items.append(shown)
            else:
                items.append(self.aggregate(scope, cls or (scope.a_class(rng) if rng.random() < 0.6 else "int")))
        if by_key and classes is None:  # bare columns that the key determines
            alias = f.keys[0].rsplit(".", 1)[0]
            keys = list(f.keys)
            items = [e for e in f.columns if e.sql.startswith(alias + ".")][:3] + [self.aggregate(scope, "int")]
        having = ""
        if rng.random() < 0.3:
            a = self.aggregate(scope, rng.choice(["int", "int", "real"]))
            having = f" HAVING {a.sql} {rng.choice(['>', '<', '>=', '<>', 'IS NOT'])} {rng.randint(-1, 4)}"
            if rng.random() < 0.3:
                having += f" OR {self.aggregate(scope, 'int').sql} IS NULL"
        return items, f" GROUP BY {', '.join(keys)}{having}"

    def windowed(self, f, scope):
        rng = self.rng
        bare = Scope(f.columns)
        items = []
        for _ in range(rng.randint(1, 2)):
            items.append(bare.any_column(rng) or leaf(rng, bare, "int"))
        for _ in range(rng.randint(1, 2)):
            part = bare.any_column(rng)
            partition = f"PARTITION BY {part.sql} " if part and rng.random() < 0.6 else ""
            order = leaf(rng, bare, bare.a_class(rng, ("int", "real", "text")))
            direction = rng.choice(["", " DESC", " DESC NULLS LAST", " NULLS LAST"])
            a = leaf(rng, bare, "int")
            if f.keys:
                total = ", ".join([order.sql + direction] + f.keys)
                frame = rng.choice(["", "", " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING", " ROWS UNBOUNDED PRECEDING", " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
                                    " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE CURRENT ROW"])
                text = leaf(rng, bare, "text")
                ranked = rng.choice(["row_number()", f"lag({a.sql})", f"lead({a.sql}, 2, -1)", "ntile(3)", "rank()"])
                framed = rng.choice([f"sum({a.sql})", f"count({a.sql})", f"max({a.sql})", f"first_value({a.sql})", f"nth_value({a.sql}, 2)", f"last_value({a.sql})"])
                if rng.random() < 0.15:
                    items.append(Expr(f"group_concat({text.sql}) OVER ({partition}ORDER BY {total})", "text"))
                elif rng.random() < 0.5:
                    items.append(Expr(f"{ranked} OVER ({partition}ORDER BY {total})", "int", max(a.ib, 12)))
                else:
                    items.append(Expr(f"{framed} OVER ({partition}ORDER BY {total}{frame})", "int", a.ib + values.SUM_BITS))
            else:
                fn = rng.choice(["rank()", "dense_rank()", "count(*)", f"sum({a.sql})", f"max({a.sql})"])
                items.append(Expr(f"{fn} OVER ({partition}ORDER BY {order.sql}{direction})", "int", a.ib + values.SUM_BITS))
        return items

    # --- a whole SELECT ---
    def query(self, depth=2):
        rng = self.rng
        self.ctes, self.budget = [], 4
        prefix = self.with_clause(depth) if rng.random() < 0.18 else ""
        if rng.random() < 0.15:
            q = self.compound(depth)
        else:
            q = self.core(depth)
        if rng.random() < 0.15 and not any(c.open for c in q.columns):
            q = self.limited(q)
        q.sql = prefix + q.sql
        return q

    def compound(self, depth):
        rng = self.rng
        classes = [rng.choice(["int", "int", "text", "real"]) for _ in range(rng.randint(1, 3))]
        arms, operators = [], []
        self.in_compound = True
        for i in range(rng.randint(2, 3)):
            arms.append(self.core(depth - 1, classes))
            operators.append(rng.choice(["UNION", "UNION ALL", "UNION ALL", "INTERSECT", "EXCEPT"]))
        self.in_compound = False
        sql = arms[0].sql
        for arm, op in zip(arms[1:], operators):
            sql += f" {op} {arm.sql}"
        columns = []
        for at, c in enumerate(arms[0].columns):
            others = [arm.columns[at] for arm in arms]
            cls = c.cls if all(o.cls == c.cls for o in others) else "any"
            columns.append(Column(c.name, cls, max(o.ib for o in others) + 1, max(o.fb for o in others), open=cls == "any", same_only=True))
        return Query(sql, columns)

    def limited(self, q):
        """ORDER BY over every column, so that the rows within LIMIT are the only ones."""
        rng = self.rng
        if any(c.cls in values.AMBIGUOUS for c in q.columns):
            return q
        order = list(range(1, len(q.columns) + 1))
        rng.shuffle(order)
        terms = ", ".join(f"{n}{rng.choice(['', ' DESC', ' ASC', ' NULLS LAST'])}" for n in order)
        tail = rng.choice([f" LIMIT {rng.randint(0, 5)}", f" LIMIT {rng.randint(1, 4)} OFFSET {rng.randint(0, 2)}", " LIMIT -1 OFFSET 1", ""])
        return Query(f"{q.sql} ORDER BY {terms}{tail}", q.columns)

    def with_clause(self, depth):
        rng = self.rng
        texts, recursive = [], False
        for i in range(rng.randint(1, 2)):
            name = f"w{i}"
            kind = rng.random()
            tables = [s for s in self.sources if s.table]
            if kind < 0.2:
                recursive = True
                texts.append(f"{name}(k) AS (VALUES(1) UNION ALL SELECT k + 1 FROM {name} WHERE k < {rng.randint(2, 5)})")
                source = Source(name, [Column("k", "int", 4)])
            elif kind < 0.4:
                pairs = [(t, [c for c in t.columns if c.cls == "int"]) for t in tables]
                t, ints = rng.choice([p for p in pairs if len(p[1]) > 1] or pairs)
                a, b = (rng.sample(ints, 2) if len(ints) > 1 else ints * 2)
                recursive = True
                texts.append(f"{name}(k) AS (SELECT {quoted(a.name)} FROM {t.name} WHERE {quoted(a.name)} < {rng.randint(1, 4)} UNION SELECT {t.name}.{quoted(b.name)} "
                             f"FROM {t.name} JOIN {name} ON {t.name}.{quoted(a.name)} = {name}.k)")
                source = Source(name, [Column("k", "int", 9)])
            else:
                q = self.core(depth - 1)
                texts.append(f"{name} AS {rng.choice(['', '', 'MATERIALIZED ', 'NOT MATERIALIZED '])}({q.sql})")
                source = Source(name, q.columns)
            self.ctes.append((texts[-1], source))
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(texts)} "


class _Subqueries:
    def __init__(self, generator):
        self.generator = generator

    def scalar(self, scope, cls):
        return self.generator.scalar(scope, cls)

    def condition(self, scope):
        return self.generator.condition_subquery(scope)
