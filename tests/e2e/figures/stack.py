"""Starts a broker and a server of our own for a test, feeds records through Kafka, and asks over REST and the sqlite3 shell."""
import collections
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
DEADLINE_S = 60
POLL_S = 0.05
TOPICS = ["base.account", "base.instrument", "base.sod-holding", "base.price", "base.intraday-cash", "base.order-events", "base.fx-rate",
          "base.etf-constituent", "base.benchmark-weight", "stock_ticks"]


class Trouble(Exception):
    pass


def program(name):
    if os.environ.get("VS_BUILD"):
        return str(pathlib.Path(os.environ["VS_BUILD"]) / name)
    built = [p for p in ROOT.glob(f"build/*/{name}") if os.access(p, os.X_OK)]
    if not built:
        raise Trouble(f"no {name} below build/: build it first, or set VS_BUILD")
    return str(max(built, key=lambda p: p.stat().st_mtime))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition):
    """Polls until the condition gives something true, and returns it."""
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(POLL_S)
    raise Trouble(f"waited {DEADLINE_S} s for {what}")


class Stack:
    """A context: broker and server run inside it and are stopped at its end."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="vs-figures-")
        self.path = pathlib.Path(self.folder.name)
        self.processes, self.sent = [], collections.Counter()
        try:
            self.start_broker()
            self.start_server()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        for p in reversed(self.processes):
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in reversed(self.processes):
            try:
                p.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        self.folder.cleanup()

    def start(self, name, *arguments):
        log = open(self.path / f"{name}.log", "w")
        p = subprocess.Popen([program(name), *arguments], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        log.close()
        self.processes.append(p)
        return p

    def log_of(self, name):
        return (self.path / f"{name}.log").read_text(errors="replace")[-2000:]

    def alive(self, process, name, what, condition):
        def check():
            if process.poll() is not None:
                raise Trouble(f"{name} ended with status {process.returncode}: {self.log_of(name)}")
            return condition()
        return wait_for(what, check)

    def start_broker(self):
        address = self.path / "address"
        p = self.start("viewserver-broker", "--address-file", str(address), *(f"{t}:4" for t in TOPICS))
        self.alive(p, "viewserver-broker", "the broker's address", lambda: address.exists() and address.read_text().strip())
        self.brokers = address.read_text().strip()

    def start_server(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.live_db = str(self.path / "live.db")
        self.server = self.start("viewserver", "serve", "--port", str(port), "--kafka", self.brokers, "--live-db", self.live_db, "--sql", str(ROOT / "sql"),
                                 "--views", str(ROOT / "views"), "--kafka-config", "fetch.wait.max.ms=10", "--strict")
        self.alive(self.server, "viewserver", "the server to be ready", lambda: self.get("/readyz", missing=None) is not None)

    def get(self, path, missing=Trouble):
        """The body of a GET; `missing` instead where there is no answer or not a good one (Trouble: raise it)."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=DEADLINE_S) as answer:
                return answer.read().decode()
        except (urllib.error.URLError, ConnectionError) as e:
            if missing is not Trouble:
                return missing
            text = e.read().decode(errors="replace")[:600] if isinstance(e, urllib.error.HTTPError) else str(e)
            raise Trouble(f"GET {path}: {text}") from None

    def rows(self, view, **selection):
        """(version, columns, rows) of a selection; sets are given as lists."""
        query = {k: ",".join(v) if isinstance(v, (list, tuple)) else str(v) for k, v in selection.items() if v is not None}
        answer = json.loads(self.get(f"/api/v1/views/{view}/rows?{urllib.parse.urlencode(query)}"))
        return answer["version"], [c["name"] for c in answer["columns"]], answer["rows"]

    def shell(self, sql):
        """Rows of the live database, as the stock shell gives them, in JSON."""
        done = subprocess.run(["sqlite3", "-json", "-readonly", "-cmd", ".timeout 5000", self.live_db, sql], capture_output=True, text=True, timeout=DEADLINE_S)
        if done.returncode:
            raise Trouble(f"sqlite3: {done.stderr.strip()}")
        return json.loads(done.stdout) if done.stdout.strip() else []

    def send(self, lines):
        """Lines of topic, key and value between tabs ('null': a tombstone), each to its topic, then waits until all are applied."""
        by_topic = collections.defaultdict(list)
        for topic, key, value in lines:
            by_topic[topic].append(f"{key}\t{'' if value == 'null' else value}\n")
        for topic, texts in by_topic.items():
            subprocess.run(["kcat", "-P", "-q", "-b", self.brokers, "-t", topic, "-K", "\t", "-Z"], input="".join(texts), text=True, check=True, timeout=DEADLINE_S)
            self.sent[topic] += len(texts)
        self.alive(self.server, "viewserver", f"{sum(self.sent.values())} records to be applied", self.caught_up)

    def caught_up(self):
        metrics = self.get("/metrics")
        applied = dict(re.findall(r'^viewserver_topic_records_total\{topic="([^"]+)"\} (\S+)', metrics, re.M))
        refused = dict(re.findall(r'^viewserver_topic_dead_letters_total\{topic="([^"]+)"\} (\S+)', metrics, re.M))
        if any(float(n) for n in refused.values()):
            raise Trouble(f"records were refused: {refused}")
        return all(float(applied.get(t, 0)) >= n for t, n in self.sent.items())
