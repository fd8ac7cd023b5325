"""Tables of every kind, with data that is small and nasty."""
import dataclasses

from . import values
from .values import Column, Source, quoted


@dataclasses.dataclass
class Table(Source):
    ddl: str = ""
    strict: bool = False
    rowid: bool = True
    key_range: int = 8
    not_null: set = dataclasses.field(default_factory=set)
    parent: tuple = None  # (table, column) of a foreign key on our column k

    def writable(self):
        return [c for c in self.columns if not c.generated]


def value_for(rng, table, column):
    """A literal for one column; key columns from a small range, so that conflicts and joins hit."""
    if table.key and column.name in table.key and column.cls == "int":
        return str(rng.randint(1, table.key_range))
    if table.parent and column.name == "k":
        return str(rng.randint(1, 6)) if rng.random() < 0.85 else "NULL"
    pool = values.POOLS[column.cls]
    if column.name in table.not_null or (table.key and column.name in table.key):
        pool = [p for p in pool if p != "NULL"]
    return rng.choice(pool)


def make_table(rng, name, earlier):
    kinds = ["ipk", "ipk", "auto", "none", "norowid", "norowid2", "pair", "textkey", "unique"]
    kind = rng.choice(kinds)
    strict = rng.random() < 0.2
    classes = ["int"] * 3 + ["real"] * 2 + ["text"] * 2 + ["any"] * 2 + ["nocase", "rtrim", "blob", "big", "inf"]
    columns, used = [], set()

    def add(cls):
        free = [n for n in values.NAMES[cls] if n not in used and n != "id"]
        if free:
            used.add(free[0])
            columns.append(Column(free[0], cls, *values.BITS.get(cls, (0, 0))))

    add("int")
    for _ in range(rng.randint(2, 5)):
        add(rng.choice(classes))
    if not any(c.cls == "int" and c.name == "g" for c in columns) and rng.random() < 0.7:
        add("int")
    odd = rng.random() < 0.1 and "odd" not in used
    if odd:
        columns.append(Column("the order", "int", *values.BITS["int"]))

    key, lines, options, not_null = None, [], [], set()
    if kind in ("ipk", "auto", "norowid"):
        columns.insert(0, Column("id", "int", 4, 0))
        key = ["id"]
    elif kind in ("norowid2", "pair"):
        columns.insert(0, Column("id", "int", 4, 0))
        key = ["id", "k"]
    elif kind == "textkey":
        text = [c for c in columns if c.cls == "text"]
        if not text:
            columns.append(Column("s", "text"))
        key = ["s"]
    elif kind == "unique":
        columns.insert(0, Column("id", "int", 4, 0))
        key = ["id"]
    table = Table(name, columns, key, True, strict=strict, rowid=not kind.startswith("norowid"))
    parents = [t for t in earlier if t.key == ["id"]]
    if parents and "k" not in (key or []) and rng.random() < 0.3:
        table.parent = (rng.choice(parents).name, "id")
    for c in columns:
        kind_text = values.STRICT_TYPES[c.cls] if strict else rng.choice(values.TYPES[c.cls])
        line = quoted(c.name) + (" " + kind_text if kind_text else "")
        if key == [c.name]:
            if kind == "ipk":
                line = "id INTEGER PRIMARY KEY"
            elif kind == "auto":
                line = "id INTEGER PRIMARY KEY AUTOINCREMENT"
            elif kind == "unique":
                line += " UNIQUE"
                not_null.add(c.name)
            else:
                line += " NOT NULL PRIMARY KEY"
        elif key and c.name in key:
            line += " NOT NULL"
        elif table.parent and c.name == "k":
            action = rng.choice(["CASCADE", "SET NULL", "CASCADE"])
            line += f" REFERENCES {table.parent[0]}({table.parent[1]}) ON DELETE {action} ON UPDATE {rng.choice(['CASCADE', 'NO ACTION'])}"
        elif rng.random() < 0.1:
            default = next(p for p in values.POOLS[c.cls] if p != "NULL")
            line += f" NOT NULL DEFAULT {default}"
            not_null.add(c.name)
        elif c.cls == "int" and rng.random() < 0.07:
            line += f" CHECK ({quoted(c.name)} < 100 OR {quoted(c.name)} IS NULL)"
        lines.append(line)
    if rng.random() < 0.2:
        base = rng.choice([c for c in columns if c.cls == "int"])
        kind_text = rng.choice(["STORED", "VIRTUAL"]) if kind != "norowid2" else "VIRTUAL"
        lines.append(f"gen INTEGER GENERATED ALWAYS AS ({quoted(base.name)} * 2 + 1) {kind_text}")
        columns.append(Column("gen", "int", 9, 0, generated=True))
    if len(key or []) == 2:
        lines.append("PRIMARY KEY (id, k)")
    if kind == "none" and rng.random() < 0.3:
        lines.append("UNIQUE (k, g)" if any(c.name == "g" for c in columns) else "UNIQUE (k)")
    if not table.rowid:
        options.append("WITHOUT ROWID")
    if strict:
        options.append("STRICT")
    table.not_null = not_null
    table.ddl = f"CREATE TABLE {name}({', '.join(lines)}){' ' if options else ''}{', '.join(options)};"
    return table


def make_rows(rng, table, count, verb="INSERT OR IGNORE INTO"):
    """One INSERT of `count` rows, or none."""
    if not count:
        return []
    columns = table.writable()
    if table.parent and count > 2:  # one at a time: a parent that is not there refuses the whole statement
        return [text for _ in range(count) for text in make_rows(rng, table, 1, verb)]
    rows = ", ".join("(" + ", ".join(value_for(rng, table, c) for c in columns) + ")" for _ in range(count))
    return [f"{verb} {table.name}({', '.join(quoted(c.name) for c in columns)}) VALUES {rows};"]


def make_triggers(rng, tables):
    """A user trigger now and then: the changes that it makes must reach the views too."""
    result = []
    if rng.random() < 0.15 and len(tables) > 1:
        source, target = rng.sample(tables, 2)
        event = rng.choice(["INSERT", "UPDATE", "DELETE"])
        row = "OLD" if event == "DELETE" else "NEW"
        number = next(c for c in source.columns if c.cls == "int")
        sets = [c for c in target.writable() if c.cls == "int" and c.name not in (target.key or []) and not (target.parent and c.name == "k")
                and c.name not in target.not_null]
        if sets and target.parent is None:
            c = rng.choice(sets)
            where = f"{quoted(c.name)} = {row}.{quoted(number.name)}"
            result.append(f"CREATE TRIGGER trg_{source.name} AFTER {event} ON {source.name} BEGIN UPDATE OR IGNORE {target.name} SET {quoted(c.name)} = "
                          f"({row}.{quoted(number.name)} + 1) % 7 WHERE {where}; END;")
    if rng.random() < 0.08:
        t = rng.choice(tables)
        number = next(c for c in t.columns if c.cls == "int")
        result.append(f"CREATE TRIGGER guard_{t.name} BEFORE INSERT ON {t.name} WHEN NEW.{quoted(number.name)} = 5 BEGIN SELECT raise(IGNORE); END;")
    return result
