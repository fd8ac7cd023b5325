"""Runs a script through the stock sqlite3 shell and through viewserver, and compares what they print."""
import dataclasses
import re
import subprocess

TIME_LIMIT_S = 20
# Errors of statements that a script may well contain: both programs refuse them and go on.
EXPECTED_ERROR = re.compile(r"constraint failed|no such savepoint|transaction is active|within a transaction|cannot store|datatype mismatch|integer overflow")


@dataclasses.dataclass
class Outcome:
    blocks: dict   # marker → lines
    errors: list
    status: int    # exit status; negative: a signal; None: too slow

    def unexpected_errors(self):
        return [e for e in self.errors if not EXPECTED_ERROR.search(e)]


def blocks_of(text):
    """The output cut at its markers, '-- view #n'."""
    result, marker = {}, ""
    for line in text.splitlines():
        if line.startswith("-- "):
            marker = line
            result[marker] = []
        else:
            result.setdefault(marker, []).append(line.replace("-0.0", "0.0") if re.search(r"(^|\|)-0\.0(\||$)", line) else line)
    return result


def loosely(lines):
    """Lines with open answers evened out: letter case, trailing spaces, 1 and 1.0."""
    out = []
    for line in lines:
        line = re.sub(r"(?<=\d)\.0(?!\d)", "", line.lower())
        out.append(re.sub(r" +'", "'", line))
    return sorted(out)


def run(command, text):
    try:
        p = subprocess.run(command, input=text, capture_output=True, text=True, errors="surrogateescape", timeout=TIME_LIMIT_S)
    except subprocess.TimeoutExpired:
        return Outcome({}, [f"did not end within {TIME_LIMIT_S} s"], None)
    errors = [line for line in p.stderr.splitlines() if line.strip()]
    return Outcome(blocks_of(p.stdout), errors, p.returncode)


# Other ways for SQLite to find the same answer. Where they differ, the answer is open, or one is wrong (SQLite 3.40 has such
# faults where a RIGHT or FULL JOIN stands in a compound that it takes apart).
OTHER_WAYS = ("PRAGMA reverse_unordered_selects = ON;\n", ".testctrl optimizations 4294967295\n")


def stock(sqlite, statements, before=""):
    """Plain views in the stock shell; `before` is run first."""
    text = "\n".join(statements) + "\n"
    text = text.replace("CREATE MATERIALIZED VIEW", "CREATE VIEW")
    outcome = run([sqlite, "-batch", ":memory:"], before + text)
    # The shell echoes the statement and a caret under each error: only the errors themselves count.
    outcome.errors = [e for e in outcome.errors if re.match(r"(Parse|Runtime) error|Error", e)]
    return outcome


def ours(program, statements, options=()):
    return run([program, "script", *options, "-"], "\n".join(statements) + "\n")


def difference(expected, found, loose):
    """The first block that differs, or None."""
    for marker, lines in expected.blocks.items():
        others = found.blocks.get(marker)
        if others is None:
            if lines or not found.blocks:
                return f"{marker}: is not in the output; expected {len(lines)} rows"
            continue
        if loose:
            lines, others = loosely(lines), loosely(others)
        if lines != others:
            missing = [line for line in lines if line not in others][:3]
            extra = [line for line in others if line not in lines][:3]
            return f"{marker}: expected {len(lines)} rows, found {len(others)}; missing {missing}, too many {extra}"
    return None
