"""Classes of values, the pools they come from, and what is known of an expression.

A class says which storage types an expression can have, so that the generator can stay clear of answers that SQLite
leaves open (which of 1 and 1.0, 'a' and 'A' stands for a group; the order in which inexact reals are added):
  int     integers that may be added up       real   reals that are exact in binary, so that any order gives the same sum
  big     integers near the ends of int64     num    reals that are deterministic but must not be added up
  text    BINARY text    nocase, rtrim  text with that collation     blob
  inf     reals with infinities               any    a column without affinity: everything
"""
import dataclasses

CLASSES = ("int", "real", "text", "nocase", "rtrim", "any", "blob", "big", "inf", "num")

# A column's name tells its class, so that USING and NATURAL meet columns of one class.
NAMES = {
    "int": ["k", "g", "a", "b", "id"],
    "real": ["x", "y"],
    "text": ["s", "t"],
    "nocase": ["n"],
    "rtrim": ["r"],
    "any": ["v", "w"],
    "blob": ["z"],
    "big": ["h"],
    "inf": ["f"],
    "num": ["q"],
}

POOLS = {
    "int": ["0", "1", "2", "3", "4", "5", "-1", "2", "3", "NULL", "7", "100"],
    "real": ["0.0", "0.5", "1.0", "1.5", "2.0", "-2.25", "3.0", "NULL", "10.75"],
    "text": ["'a'", "'b'", "'A'", "''", "'1'", "'x y'", "'a '", "'é'", "NULL", "'ab'", "'1.0'", "'it''s'"],
    "nocase": ["'a'", "'A'", "'b'", "'B'", "''", "NULL", "'ab'", "'Ab'"],
    "rtrim": ["'a'", "'a '", "'b'", "'b  '", "''", "' '", "NULL"],
    "any": ["1", "1.0", "'1'", "'a'", "NULL", "x'31'", "2", "2.5", "'A'", "''", "x''", "0", "'1.0'"],
    "blob": ["x''", "x'00'", "x'61'", "x'6162'", "NULL", "x'ff'"],
    "big": ["9223372036854775807", "-9223372036854775807", "9007199254740993", "9007199254740992", "1", "NULL", "0", "4611686018427387904"],
    "inf": ["9e999", "-9e999", "0.0", "1.5", "NULL", "-3.0"],
}
POOLS["num"] = POOLS["real"]

TYPES = {
    "int": ["INTEGER", "INT", "BIGINT"],
    "real": ["REAL", "DOUBLE PRECISION"],
    "text": ["TEXT", "VARCHAR(10)"],
    "nocase": ["TEXT COLLATE NOCASE"],
    "rtrim": ["TEXT COLLATE RTRIM"],
    "any": ["", "BLOB", ""],
    "blob": ["BLOB"],
    "big": ["INTEGER"],
    "inf": ["REAL"],
}
STRICT_TYPES = {"int": "INTEGER", "real": "REAL", "text": "TEXT", "nocase": "TEXT COLLATE NOCASE", "rtrim": "TEXT COLLATE RTRIM",
                "any": "ANY", "blob": "BLOB", "big": "INTEGER", "inf": "REAL"}

# Bits before and after the point of the values in a pool: sums stay exact while both together fit a double.
BITS = {"int": (7, 0), "real": (4, 2), "any": (3, 1)}
EXACT_BITS = 50
SUM_BITS = 11  # a group never has more than 2^11 rows

# Equal values of these classes can differ: which one SQLite shows for a group is left open.
AMBIGUOUS = ("nocase", "rtrim", "any")
TEXTS = ("text", "nocase", "rtrim")
NUMBERS = ("int", "real", "num", "inf", "big")


@dataclasses.dataclass
class Expr:
    sql: str
    cls: str
    ib: int = 0
    fb: int = 0
    open: bool = False  # SQLite leaves open which of several equal values this is: only to be shown, not computed with
    same_only: bool = False  # of no reliable affinity (an arm of a compound): compare only with its own class

    def exact(self):
        return self.ib + self.fb <= EXACT_BITS


@dataclasses.dataclass
class Column:
    name: str
    cls: str
    ib: int = 0
    fb: int = 0
    open: bool = False
    same_only: bool = False
    generated: bool = False


@dataclasses.dataclass
class Source:
    """A table, a view or a CTE that a FROM clause can name."""
    name: str
    columns: list
    key: list = None  # names of the columns that identify a row, where there are any
    table: bool = False


def quoted(name):
    return name if name.replace("_", "a").isalnum() and name.lower() not in ("order", "group", "select") else '"' + name.replace('"', '""') + '"'


def literal(rng, cls):
    pool = POOLS[cls]
    if rng.random() < 0.93:
        pool = [p for p in pool if p != "NULL"]
    return Expr(rng.choice(pool), cls, *BITS.get(cls, (0, 0)))
