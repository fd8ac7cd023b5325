"""Makes a failing script small: whole statements first, then pieces of each statement."""
import re
import time

import check

TIME_LIMIT_S = 60
TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[A-Za-z_][\w.]*|\d[\w.]*|<>|<=|>=|==|!=|\|\||\S")


VIEW = re.compile(r"CREATE (?:MATERIALIZED )?VIEW (\w+)")


def pattern(text):
    """A message without its names and numbers: what makes two of them the same."""
    return re.sub(r"\(in: .*|\b\w*\d\w*\b|\"[^\"]*\"|\.\w+", "", text)


class Shrinker:
    def __init__(self, program, sqlite, failure, loose):
        self.program, self.sqlite, self.failure, self.loose = program, sqlite, failure, loose
        self.deadline = time.monotonic() + TIME_LIMIT_S

    def fails(self, statements):
        """Does this script fail the same way, and is it one that SQLite takes and answers in only one way?"""
        if time.monotonic() > self.deadline:
            return False
        # Each view is read once: SQLite looks into a plain view only then.
        read = [f"SELECT '-- {name}'; SELECT * FROM {name} LIMIT 0;" for s in statements for name in VIEW.findall(s)]
        if not check.expected(self.sqlite, statements + read)[0]:
            return False
        plain, _ = check.expected(self.sqlite, statements)
        try:
            check.one_strategy(self.program, statements, plain, self.failure.strategy, self.loose)
        except check.Failure as f:
            return f.kind == self.failure.kind and (f.kind != "refused" or pattern(f.text) == pattern(self.failure.text))
        return False

    def reduce(self, items, test):
        """Delta debugging: takes out runs of items, halving their length, while the test holds."""
        size = max(1, len(items) // 2)
        while True:
            at, removed = 0, False
            while at < len(items):
                shorter = items[:at] + items[at + size:]
                if shorter and test(shorter):
                    items, removed = shorter, True
                else:
                    at += size
            if size == 1 and not removed:
                return items
            size = max(1, size // 2)

    def statement(self, statements, at):
        def with_tokens(tokens):
            return statements[:at] + [" ".join(tokens)] + statements[at + 1:]

        tokens = TOKEN.findall(statements[at])
        if not self.fails(with_tokens(tokens)):
            return statements
        tokens = self.groups(tokens, lambda t: self.fails(with_tokens(t)))
        tokens = self.reduce(tokens, lambda t: self.fails(with_tokens(t)))
        return with_tokens(tokens)

    def groups(self, tokens, test):
        """Tries each parenthesis as a whole: left out, or NULL in its place."""
        at = 0
        while at < len(tokens):
            if tokens[at] == "(":
                depth, end = 0, at
                while end < len(tokens):
                    depth += (tokens[end] == "(") - (tokens[end] == ")")
                    end += 1
                    if depth == 0:
                        break
                for other in ([], ["NULL"], tokens[at + 1:end - 1]):
                    if test(tokens[:at] + other + tokens[end:]):
                        tokens = tokens[:at] + other + tokens[end:]
                        at -= 1
                        break
            at += 1
        return tokens

    def rows(self, statements, at):
        """Takes rows out of an INSERT … VALUES (…), (…)."""
        head, found, values = statements[at].partition(" VALUES (")
        if not found or values.count("), (") == 0 or " ON CONFLICT" in values:
            return statements

        def with_rows(rows):
            return statements[:at] + [head + found + "), (".join(rows) + ");"] + statements[at + 1:]

        rows = values.rstrip(";").rstrip().removesuffix(")").split("), (")
        return with_rows(self.reduce(rows, lambda r: self.fails(with_rows(r)))) if self.fails(with_rows(rows)) else statements

    def shrink(self, statements):
        statements = self.reduce(statements, self.fails)
        for at, text in enumerate(statements):
            if " VALUES (" in text:
                statements = self.rows(statements, at)
        for at in sorted(range(len(statements)), key=lambda i: "VIEW" not in statements[i]):
            statements = self.statement(statements, at)
        return self.reduce(statements, self.fails)
