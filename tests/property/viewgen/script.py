"""One whole case: tables, data, views, then changes with queries in between."""
import random
import sqlite3

from . import change, schema
from .query import Generator
from .values import Column, Source, quoted


MOST_TRIES = 6
MOST_ROWS = 200   # of a view over the first data
MOST_STEPS = 300  # thousand instructions of SQLite's machine that a view may take


class View:
    def __init__(self, name, query, materialized, names):
        self.name, self.query, self.materialized, self.names = name, query, materialized, names
        self.columns = query.columns

    def create(self, materialized=True):
        columns = f"({', '.join(quoted(n) for n in self.names)})" if self.names else ""
        word = "MATERIALIZED VIEW" if self.materialized and materialized else "VIEW"
        return f"CREATE {word} {self.name}{columns} AS {self.query.sql};"


def show(view, number):
    """A marker, and all rows with their types, in an order of their own."""
    items = ", ".join(f"quote({quoted(n)})" for n in (view.names or [c.name for c in view.columns]))
    order = ", ".join(str(i + 1) for i in range(len(view.columns)))
    return [f"SELECT '-- {view.name} #{number}';", f"SELECT {items} FROM {view.name} ORDER BY {order};"]


class Case:
    """The statements of a case, and whether it may show open answers (then compare loosely)."""

    def __init__(self, seed, number):
        rng = random.Random(f"{seed}/{number}")
        self.rng = rng
        self.loose = rng.random() < 0.08
        self.queries = 0
        self.views = []
        self.altered = []
        self.stage, self.rehearsed = sqlite3.connect(":memory:", isolation_level=None), 0
        self.steps = 0
        self.stage.set_progress_handler(self.too_long, 1000)
        self.statements = self.build(rng)
        self.stage.close()

    def build(self, rng):
        self.tables = []
        for i in range(rng.randint(2, 4)):
            self.tables.append(schema.make_table(rng, f"t{i}", self.tables))
        out = []
        if any(t.parent for t in self.tables):
            out.append("PRAGMA foreign_keys = ON;")
        out += [t.ddl for t in self.tables]
        for t in self.tables:
            out += schema.make_rows(rng, t, rng.choice([0, 3, 5, 8, 8, 12]))
        out += schema.make_triggers(rng, self.tables)
        for _ in range(rng.randint(1, 4)):
            out.append(self.add_view(rng, out))
        for _ in range(rng.randint(4, 12)):
            out += self.step(rng, out)
        for v in self.views:
            out += self.show(v)
        return out

    def rehearse(self, statements):
        """Runs statements on a database of our own, so that most views that are made have rows to show."""
        for s in statements:
            self.steps = 0
            try:
                self.stage.execute(s.replace("CREATE MATERIALIZED VIEW", "CREATE VIEW"))
            except sqlite3.Error:
                pass  # a constraint that the script runs into as well

    def too_long(self):
        self.steps += 1
        return self.steps > MOST_STEPS

    def a_query(self, rng, out):
        """A SELECT. Most of those that have no rows over the first data are thrown away, and all that have many or take
        long: a view is maintained on every change, and three views crossed with one another would be all that is tested."""
        self.rehearse(out[self.rehearsed:])
        self.rehearsed = len(out)
        sources = list(self.tables) + [Source(v.name, v.columns) for v in self.views]
        for _ in range(MOST_TRIES):
            q = Generator(rng, sources, self.loose).query()
            self.steps = 0
            try:
                rows = len(self.stage.execute(q.sql).fetchmany(MOST_ROWS + 1))
                if 0 < rows <= MOST_ROWS or (rows == 0 and rng.random() < 0.15):
                    return q
            except sqlite3.Error:
                pass  # a few are not SQL: another one
        return Generator(rng, self.tables, self.loose).query(depth=0)

    def add_view(self, rng, out):
        q = self.a_query(rng, out)
        names = None
        if rng.random() < 0.12:
            names = [f"col {i}" if rng.random() < 0.1 else f"m{i}" for i in range(len(q.columns))]
            q.columns = [Column(n, c.cls, c.ib, c.fb, c.open, c.same_only) for n, c in zip(names, q.columns)]
        v = View(f"v{len(self.views)}", q, rng.random() < 0.85, names)
        self.views.append(v)
        return v.create()

    def show(self, view):
        self.queries += 1
        return show(view, self.queries)

    def some_view(self):
        return self.show(self.rng.choice(self.views))

    def step(self, rng, out):
        kind = rng.random()
        if kind < 0.2:
            return change.transaction(rng, self.tables, self.some_view)
        if kind < 0.24:
            self.altered.append(kind)
            return change.alteration(rng, self.tables, len(self.altered))
        if kind < 0.26 and len(self.views) < 6:
            return [self.add_view(rng, out)]
        if kind < 0.3:
            t = rng.choice(self.tables)
            return [f"DELETE FROM {t.name};"] + self.some_view() + schema.make_rows(rng, t, 4)
        return [change.change(rng, self.tables)] + (self.some_view() if rng.random() < 0.5 else [])

    def text(self):
        return "\n".join(self.statements) + "\n"
