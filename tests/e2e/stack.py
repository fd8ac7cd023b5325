"""The real programs on free ports of loopback: broker, generator, server; stopped at the end, whatever happens."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEADLINE_S = 60
MARK = "VS_TEST_MARK"
SMALL = ("--accounts", "8", "--instruments", "120", "--holdings-per-account", "60", "--orders", "200", "--price-interval", "1", "--market-hours", "off")


def program(name):
    """The built program: in $VS_BUILD, else the newest below build/."""
    if os.environ.get("VS_BUILD"):
        return str(pathlib.Path(os.environ["VS_BUILD"]).resolve() / name)
    built = [p for p in ROOT.glob(f"build/*/{name}") if os.access(p, os.X_OK)]
    if not built:
        raise SystemExit(f"e2e: no {name} below build/: build it first, or set VS_BUILD")
    return str(max(built, key=lambda p: p.stat().st_mtime))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, deadline_s=DEADLINE_S, alive=()):
    """Looks until the condition is true, and returns its value; a process of `alive` that ends is a failure at once."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        try:
            found = condition()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            found = None
        if found:
            return found
        for process in alive:
            if process.poll() is not None:
                raise AssertionError(f"{process.args[0]} ended with {process.returncode} while waiting for {what}:\n{tail(process)}")
        time.sleep(0.02)  # between two looks
    raise AssertionError(f"waited {deadline_s} s for {what}" + "".join("\n" + tail(p) for p in alive))


def tail(process):
    log = getattr(process, "log", None)
    return pathlib.Path(log).read_text(errors="replace")[-3000:] if log else ""


def marked(mark):
    """Processes that carry the mark in their environment: what a test started, and what that started."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0") and (entry / "cmdline").read_bytes():
                    found.append((int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except OSError:
                continue
    return found


class Stack:
    """with Stack() as s: s.get("/api/v1") … Options go to the server, `generator` to mockgen."""

    def __init__(self, *options, generator=SMALL, kafka=True):
        self.options, self.generator, self.kafka = options, generator, kafka
        self.processes = []
        self.mark = uuid.uuid4().hex
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="viewserver-e2e.", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))

    def spawn(self, *command):
        log = self.folder / f"{len(self.processes)}.log"
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("MOCKGEN_", "VIEWSERVER_"))}
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**environment, MARK: self.mark})
        process.log = log
        self.processes.append(process)
        return process

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        address = self.folder / "address"
        topics = [line.split()[2] for f in sorted((ROOT / "sql").glob("*.sql")) for line in f.read_text().splitlines() if line.startswith("-- @topic")]
        self.broker = self.spawn(program("viewserver-broker"), "--partitions", "4", "--address-file", str(address), *topics)
        wait_for("the broker", address.exists, alive=[self.broker])
        self.address = address.read_text().strip()
        self.port = free_port()
        self.live_db = self.folder / "live.db"
        self.start_server()
        self.mockgen = self.spawn(program("mockgen"), "--to", self.address, "--quiet", *self.generator) if self.generator else None
        wait_for("the server to be ready", lambda: self.get("/readyz"), alive=[self.server])
        if self.generator:
            wait_for("the holdings", lambda: self.count("SELECT count(*) FROM sod_holding") > 0, alive=[self.server, self.mockgen])

    def start_server(self):
        ui = ("--ui", os.environ["VS_UI"]) if os.environ.get("VS_UI") else ()
        self.server = self.spawn(program("viewserver"), "serve", "--port", str(self.port), "--kafka", self.address, "--live-db", str(self.live_db),
                                 "--sql", str(ROOT / "sql"), "--views", str(ROOT / "views"), *ui, *self.options)

    def __exit__(self, *_):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, path):
        with urllib.request.urlopen(self.url(path), timeout=DEADLINE_S) as answer:
            body = answer.read()
            return json.loads(body) if "json" in answer.headers.get("Content-Type", "") else body.decode()

    def refused(self, path, data=None, method=None):
        """(status, problem document) of a request that must fail."""
        request = urllib.request.Request(self.url(path), data=data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                raise AssertionError(f"{path} was answered with {answer.status}")
        except urllib.error.HTTPError as e:
            with e:
                assert e.headers["Content-Type"].startswith("application/problem+json"), e.headers["Content-Type"]
                return e.code, json.load(e)

    def shell(self, statement, *options):
        """What the stock sqlite3 shell prints for it on the live database."""
        done = subprocess.run(["sqlite3", *options, str(self.live_db), statement], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        if done.returncode != 0:
            raise AssertionError(f"sqlite3: {done.stderr}")
        return done.stdout

    def count(self, statement):
        return int(self.shell(statement).strip())

    def stop_server(self, number=signal.SIGTERM):
        self.server.send_signal(number)
        return self.server.wait(DEADLINE_S)
