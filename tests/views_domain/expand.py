"""Expands the templates of views/*.sql to plain SQL, apart from the server's own expander, for checks on stock SQLite."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class View:
    def __init__(self, path):
        self.name = path.stem
        text = path.read_text()
        self.params, self.sets, self.group_by, self.default_group_by = {}, {}, [], []
        self.title, self.description, self.key = "", "", []
        body = []
        for line in text.splitlines():
            m = re.match(r"--\s*@(\w+)\s*(.*)", line)
            if not m:
                body.append(re.sub(r"\s*--.*", "", line) if line.strip().startswith("--") else line)
                continue
            word, rest = m.groups()
            if word == "title":
                self.title = rest
            elif word == "description":
                self.description = rest
            elif word == "key":
                self.key = [k.strip() for k in rest.split(",")]
            elif word == "param":
                self.param(rest)
            elif word == "group_by":
                all_, default = rest.split("=")
                self.group_by = [d.strip() for d in all_.split(",")]
                self.default_group_by = [d.strip() for d in default.split(",")]
        self.select = "\n".join(body).strip().rstrip(";")

    def param(self, rest):
        m = re.match(r"(\w+)\s+set of \((.*?)\)\s*=\s*(.*)", rest)
        if m:
            self.sets[m[1]] = [v.strip().strip("'") for v in m[2].split(",")]
            return
        m = re.match(r"(\w+)\s+set of (\S+)\s*=\s*all", rest)
        if m:
            self.sets[m[1]] = None
            return
        m = re.match(r"(\w+)\s+(text|integer|real)\s*=\s*(.*)", rest)
        if not m:
            raise ValueError(f"{self.name}: @param {rest}")
        self.params[m[1]] = m[3].strip()

    def expand(self, group_by=None, **chosen):
        """The SELECT for a selection; what is not named takes its default."""
        dimensions = group_by or self.default_group_by
        sql = self.select.replace("{{group_by}}", ", ".join(dimensions))

        def branch(m):
            name, value = m[1].split(".")
            picked = dimensions if name == "group_by" else (chosen.get(name) or self.sets[name])
            return m[2] if value in picked else (m[3] or "")

        sql = re.sub(r"\{\{if ([\w.]+)\}\}((?:(?!\{\{).)*)(?:\{\{else\}\}((?:(?!\{\{).)*))?\{\{end\}\}", branch, sql, flags=re.S)
        if "{{" in sql:
            raise ValueError(f"{self.name}: a template is left: {sql[sql.index('{{'):][:40]}")
        for name in self.sets:
            values = chosen.get(name)
            listed = ", ".join("'" + str(v).replace("'", "''") + "'" for v in values) if values else None
            sql = re.sub(r"[\w.]+\s+IN\s+\(:" + name + r"\)", "TRUE" if listed is None else lambda m: m[0].replace(":" + name, listed), sql)
        for name, default in self.params.items():
            sql = re.sub(":" + name + r"\b", str(chosen.get(name, default)), sql)
        return sql


def load():
    return {p.stem: View(p) for p in sorted((ROOT / "views").glob("*.sql"))}


def ordered(views):
    """Views after those that they read."""
    done, result = set(), []

    def visit(name):
        if name in done:
            return
        done.add(name)
        for other in views:
            if other != name and re.search(r"\b(FROM|JOIN)\s+" + other + r"\b", views[name].select):
                visit(other)
        result.append(views[name])

    for name in views:
        visit(name)
    return result


def script():
    """Tables and views, as plain SQLite."""
    parts = [p.read_text() for p in sorted((ROOT / "sql").glob("*.sql"))]
    parts.append("CREATE TABLE clock (now INTEGER NOT NULL);\nINSERT INTO clock VALUES (0);")
    parts += [f"CREATE VIEW {v.name} AS {v.expand()};" for v in ordered(load())]
    return "\n".join(parts)


if __name__ == "__main__":
    print(script())
