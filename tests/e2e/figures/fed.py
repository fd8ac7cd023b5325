"""The stack of the end-to-end tests without a generator: a test feeds it records through Kafka, piece by piece."""
import collections
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from stack import DEADLINE_S, ROOT, Stack, program, wait_for  # noqa: E402

__all__ = ["ROOT", "Fed", "program"]


class Fed(Stack):
    def __init__(self):
        super().__init__("--kafka-config", "fetch.wait.max.ms=10", "--strict", generator=None)
        self.sent = collections.Counter()
        self.answered = {}  # by view: has it had a row yet

    def send(self, records):
        """Records (topic, key, value text; 'null' is a tombstone), each to its topic, then waits until all are applied."""
        by_topic = collections.defaultdict(list)
        for topic, key, value in records:
            by_topic[topic].append(f"{key}\t{'' if value == 'null' else value}\n")
        for topic, texts in by_topic.items():
            subprocess.run(["kcat", "-P", "-q", "-b", self.address, "-t", topic, "-K", "\t", "-Z"], input="".join(texts), text=True, check=True, timeout=DEADLINE_S)
            self.sent[topic] += len(texts)
        wait_for(f"{sum(self.sent.values())} records to be applied", self.caught_up, alive=[self.server])

    def caught_up(self):
        metrics = self.get("/metrics")
        applied = dict(re.findall(r'^viewserver_topic_records_total\{topic="([^"]+)"\} (\S+)', metrics, re.M))
        refused = dict(re.findall(r'^viewserver_topic_dead_letters_total\{topic="([^"]+)"\} (\S+)', metrics, re.M))
        if any(float(n) for n in refused.values()):
            raise AssertionError(f"records were refused: {refused}")
        return all(float(applied.get(topic, 0)) >= n for topic, n in self.sent.items())

    def rows(self, view, **selection):
        """(version, names of the columns, rows) of a selection; sets are given as lists."""
        query = {k: ",".join(v) if isinstance(v, (list, tuple)) else str(v) for k, v in selection.items() if v is not None}
        answer = self.get(f"/api/v1/views/{view}/rows?{urllib.parse.urlencode(query)}")
        return answer["version"], [c["name"] for c in answer["columns"]], answer["rows"]

    def shell_rows(self, statement):
        """Rows of the live database as objects, by the stock shell."""
        text = self.shell(statement, "-json", "-readonly", "-cmd", ".timeout 5000")
        return json.loads(text) if text.strip() else []
