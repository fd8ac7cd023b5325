"""Records of the topics as SQL statements on the tables of sql/."""
import re

from expand import ROOT


class Table:
    def __init__(self, path):
        text = path.read_text()
        self.topic = re.search(r"@topic\s+(\S+)", text)[1]
        self.key_template = re.search(r"@key\s+(\S+)", text)[1]
        self.append = "-- @append" in text
        self.name = re.search(r"CREATE TABLE (\w+)", text)[1]
        body = re.sub(r"--.*", "", text[text.index("CREATE TABLE"):])
        self.columns = [c for c in re.findall(r"^\s{2}(\w+)\s", body, re.M) if c != "PRIMARY"]


def tables():
    return {t.topic: t for t in (Table(p) for p in sorted((ROOT / "sql").glob("*.sql")))}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(w.capitalize() for w in rest)


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return "'[]'"
    return "'" + value.replace("'", "''") + "'"


def statement(all_tables, topic, key, value):
    table = all_tables[topic]
    if value is None:
        fields = re.findall(r"\{(\w+)\}", table.key_template)
        parts = key.split("#")
        where = " AND ".join(f"{snake(f)} = {literal(v)}" for f, v in zip(fields, parts))
        return f"DELETE FROM {table.name} WHERE {where};"
    columns = [c for c in table.columns if value.get(camel(c)) is not None]
    values = ", ".join(literal(value[camel(c)]) for c in columns)
    return f"{'INSERT' if table.append else 'INSERT OR REPLACE'} INTO {table.name}({', '.join(columns)}) VALUES ({values});"
