"""Statements that change the tables."""
from . import values
from .expression import Scope, boolean, expr
from .schema import make_rows, value_for
from .values import Expr, quoted


def row_scope(table):
    return Scope([Expr(quoted(c.name), c.cls, c.ib, c.fb) for c in table.columns])


def where(rng, table):
    """Mostly a few rows by key, at times a condition, at times all."""
    kind = rng.random()
    if table.key and kind < 0.5:
        c = next(c for c in table.columns if c.name == table.key[0])
        if c.cls == "int":
            return rng.choice([f" WHERE {quoted(c.name)} = {rng.randint(1, table.key_range)}", f" WHERE {quoted(c.name)} <= {rng.randint(1, 4)}",
                               f" WHERE {quoted(c.name)} IN ({rng.randint(1, 8)}, {rng.randint(1, 8)})"])
    if kind < 0.92:
        return f" WHERE {boolean(rng, row_scope(table), 1)}"
    return ""


def assignment(rng, table, column):
    if rng.random() < 0.6 or column.cls not in ("int", "real", "text"):
        return value_for(rng, table, column)
    e = expr(rng, row_scope(table), column.cls, 1)
    if column.cls == "int" and not e.sql.isdigit():
        return f"({e.sql}) % 11"
    if column.cls == "text":
        return f"substr({e.sql}, 1, 4)"
    return value_for(rng, table, column) if e.fb > 3 or e.ib > 6 else e.sql


def insert(rng, table):
    verb = rng.choice(["INSERT INTO", "INSERT INTO", "INSERT OR IGNORE INTO", "INSERT OR REPLACE INTO", "REPLACE INTO", "INSERT OR FAIL INTO"])
    return make_rows(rng, table, rng.choice([1, 1, 1, 2, 3]), verb)[0]


def upsert(rng, table):
    if not table.key or len(table.key) > 2:
        return insert(rng, table)
    text = make_rows(rng, table, rng.choice([1, 1, 2]), "INSERT INTO")[0].rstrip(";")
    others = [c for c in table.writable() if c.name not in table.key]
    target = f"ON CONFLICT({', '.join(quoted(k) for k in table.key)})"
    if rng.random() < 0.2 or not others:
        return f"{text} ON CONFLICT DO NOTHING;"
    c = rng.choice(others)
    name = quoted(c.name)
    if c.cls == "int" and rng.random() < 0.4:
        return f"{text} {target} DO UPDATE SET {name} = ({name} + excluded.{name}) % 13;"
    return f"{text} {target} DO UPDATE SET {name} = excluded.{name}{rng.choice(['', f' WHERE {name} IS NOT excluded.{name}'])};"


def insert_select(rng, table, tables):
    """Copies rows of another table, in a fixed order."""
    other = rng.choice(tables)
    classes = {c.cls: quoted(c.name) for c in other.columns}
    items = []
    for c in table.writable():
        if table.key and c.name in table.key and c.cls == "int":
            items.append(f"(abs(coalesce({classes.get('int', '1')}, 0)) + {rng.randint(0, 6)}) % {table.key_range} + 1")
        elif c.cls in classes and c.name not in table.not_null and c.cls != "int":
            items.append(classes[c.cls])
        else:
            items.append(value_for(rng, table, c))
    order = ", ".join(quoted(c.name) for c in other.columns)
    return (f"INSERT OR {rng.choice(['IGNORE', 'REPLACE'])} INTO {table.name}({', '.join(quoted(c.name) for c in table.writable())}) "
            f"SELECT {', '.join(items)} FROM {other.name} ORDER BY {order} LIMIT {rng.randint(1, 6)};")


def update(rng, table, tables):
    key = set(table.key or [])
    others = [c for c in table.writable() if c.name not in key and not (table.parent and c.name == "k")]
    kind = rng.random()
    if key and kind < 0.15:  # the key itself, of one row
        c = next(c for c in table.columns if c.name in key)
        verb = rng.choice(["UPDATE", "UPDATE OR REPLACE", "UPDATE OR IGNORE"])
        only = "".join(f" AND {quoted(k)} = {rng.randint(1, table.key_range)}" for k in table.key[1:])
        if c.cls == "int":
            return f"{verb} {table.name} SET {quoted(c.name)} = {rng.randint(1, table.key_range)} WHERE {quoted(c.name)} = {rng.randint(1, table.key_range)}{only};"
    if not others:
        return insert(rng, table)
    if kind < 0.25:
        sources = [t for t in tables if t is not table and any(c.cls == "int" for c in t.columns)]
        numbers = [c for c in others if c.cls == "int"]
        if sources and numbers:
            t, c = rng.choice(sources), rng.choice(numbers)
            a = rng.choice([quoted(x.name) for x in t.columns if x.cls == "int"])
            mine = rng.choice([quoted(x.name) for x in table.columns if x.cls == "int"])
            return (f"UPDATE OR IGNORE {table.name} SET {quoted(c.name)} = src.m FROM (SELECT {a} AS j, max({a}) % 9 AS m FROM {t.name} GROUP BY {a}) AS src "
                    f"WHERE src.j = {table.name}.{mine};")
    chosen = rng.sample(others, min(len(others), rng.choice([1, 1, 2])))
    sets = ", ".join(f"{quoted(c.name)} = {assignment(rng, table, c)}" for c in chosen)
    return f"UPDATE {table.name} SET {sets}{where(rng, table)};"


def delete(rng, table):
    kind = rng.random()
    if kind < 0.08:
        return f"DELETE FROM {table.name};"
    if kind < 0.15:
        order = ", ".join(quoted(c.name) for c in table.columns)
        return f"DELETE FROM {table.name} ORDER BY {order} LIMIT {rng.randint(1, 3)};"
    return f"DELETE FROM {table.name}{where(rng, table)};"


def change(rng, tables):
    table = rng.choice(tables)
    kind = rng.random()
    if kind < 0.3:
        return insert(rng, table)
    if kind < 0.42:
        return upsert(rng, table)
    if kind < 0.5:
        return insert_select(rng, table, tables)
    if kind < 0.78:
        return update(rng, table, tables)
    return delete(rng, table)


def transaction(rng, tables, query):
    """BEGIN … COMMIT or ROLLBACK, with savepoints, and queries that see the uncommitted state."""
    result = [rng.choice(["BEGIN;", "BEGIN IMMEDIATE;", "BEGIN TRANSACTION;"])]
    for _ in range(rng.randint(1, 4)):
        kind = rng.random()
        if kind < 0.2:
            result.append("SAVEPOINT one;")
            result += [change(rng, tables) for _ in range(rng.randint(1, 2))]
            if rng.random() < 0.5:
                result += query()
            result.append(rng.choice(["ROLLBACK TO one;", "RELEASE one;"]))
            if result[-1].startswith("ROLLBACK") and rng.random() < 0.7:
                result.append("RELEASE one;")
        else:
            result.append(change(rng, tables))
        if rng.random() < 0.3:
            result += query()
    result.append(rng.choice(["COMMIT;", "END;", "COMMIT;", "ROLLBACK;"]))
    return result


def alteration(rng, tables, number):
    """A change of the schema that leaves the meaning of the views."""
    table = rng.choice(tables)
    kind = rng.randint(0, 4)
    if kind == 0:
        return [f"ALTER TABLE {table.name} ADD COLUMN extra{number} INTEGER DEFAULT {rng.randint(0, 3)};"]
    if kind == 1:
        c = rng.choice([c for c in table.columns if not c.generated])
        return [f"CREATE INDEX ix{number} ON {table.name}({quoted(c.name)});"]
    if kind == 2:
        c = rng.choice([c for c in table.columns if not c.generated])
        return [f"CREATE INDEX ix{number} ON {table.name}({quoted(c.name)} DESC) WHERE {quoted(c.name)} IS NOT NULL;", f"DROP INDEX ix{number};"]
    if kind == 3:
        return [f"CREATE TABLE copy{number} AS SELECT * FROM {table.name};", f"DROP TABLE copy{number};"]
    return ["PRAGMA user_version = 3;"]
