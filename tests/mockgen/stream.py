"""mockgen's lines on stdout as records, and the state that they leave behind."""
import collections
import decimal
import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
Record = collections.namedtuple("Record", "topic key value")


def program(name):
    """The built program: in $VS_BUILD, else the newest below build/."""
    if os.environ.get("VS_BUILD"):
        return str(pathlib.Path(os.environ["VS_BUILD"]) / name)
    built = [p for p in ROOT.glob(f"build/*/{name}") if os.access(p, os.X_OK)]
    if not built:
        raise SystemExit(f"mockgen: no {name} below build/: build it first, or set VS_BUILD")
    return str(max(built, key=lambda p: p.stat().st_mtime))


def environment():
    return {k: v for k, v in os.environ.items() if not k.startswith("MOCKGEN_")}


def raw(*options, env=None):
    done = subprocess.run([program("mockgen"), "--to", "-", "--quiet", *options], capture_output=True, env={**environment(), **(env or {})}, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def parse(text):
    """Numbers are read as Decimal: what is written is compared, not what a double makes of it."""
    for line in text.decode().splitlines():
        topic, key, value = line.split("\t")
        yield Record(topic, key, json.loads(value, parse_float=decimal.Decimal))


def records(*options, env=None):
    return list(parse(raw(*options, env=env)))


def state(stream):
    """{topic: {key: value}} of the compacted topics; ticks are left out."""
    tables = collections.defaultdict(dict)
    for r in stream:
        if r.topic == "stock_ticks":
            continue
        if r.value is None:
            assert r.key in tables[r.topic], f"a tombstone for {r.topic} {r.key}, which was never there"
            del tables[r.topic][r.key]
        else:
            tables[r.topic][r.key] = r.value
    return tables
