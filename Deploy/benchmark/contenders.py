"""Programs that consume jobs, ready to go."""

import json
import os
import subprocess
import time

from benchmark import processes
from benchmark.broker import PARTITIONS
from benchmark.place import COMPARISONS, ROOT, without_libpq

# Longer than any backlog takes to be produced: who is stopped meanwhile stays in the group.
SESSION_SECONDS = 240
READY_SECONDS = 90


class Rollcall:
    """Workers; settings by their variables, without the prefix."""

    receipts = ("rollcall.job",)
    is_worker = True

    def __init__(self, name="rollcall", workers=1, **settings):
        self.name = name
        self.workers = workers
        self.settings = {f"ROLLCALL_{key}": str(value) for key, value in settings.items()}

    def environment(self, bench, database, topics):
        return {
            **{k: v for k, v in without_libpq().items() if not k.startswith("ROLLCALL_")},
            "ROLLCALL_DATABASE_URL": database.url,
            "ROLLCALL_CATALOG": str(ROOT / database.catalog),
            **topics.environment(),
        }

    def start(self, bench, database, topics):
        started = []
        for number in range(1, self.workers + 1):
            environment = {
                **self.environment(bench, database, topics),
                "ROLLCALL_LOG_FORMAT": "text",
                "ROLLCALL_HEARTBEAT_INTERVAL": "1s",
                "ROLLCALL_KAFKA_SESSION_TIMEOUT": f"{SESSION_SECONDS}s",
                "ROLLCALL_WORKER_ID": f"bench-{number}",
                # Any that is free.
                "ROLLCALL_ENDPOINT_PORT": "0",
                **self.settings,
            }
            with open(bench.place.file(f"{topics.group}-{number}.log"), "w") as log:
                started.append(
                    subprocess.Popen(
                        [bench.place.rollcall, "worker"],
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        return started

    def is_ready(self, database, _):
        # Assignments, roster imports and backfills.
        expected = 3 * PARTITIONS
        return database.rows(
            "SELECT coalesce(sum(partitions), 0)::int, count(*) FILTER (WHERE partitions > 0)"
            " FROM rollcall.workers WHERE heartbeat_at > now() - interval '3 s'"
        ) == [(expected, self.workers)]


class PythonConsumer:
    """One of the scripts beside this."""

    receipts = ("receipt",)
    is_worker = False

    def __init__(self, name, script):
        self.name = name
        self.script = COMPARISONS / script

    def start(self, bench, database, topics):
        self._log = bench.place.file(f"{topics.group}-{self.name}.log")
        properties = {**topics.properties, "session.timeout.ms": SESSION_SECONDS * 1000}
        with open(self._log, "w") as log:
            return [
                subprocess.Popen(
                    [bench.place.python, self.script, database.url, topics.brokers]
                    + [topics.assignments, topics.group, json.dumps(properties)],
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            ]

    def is_ready(self, _, __):
        return "ready" in self._log.read_text()


def wait_until_ready(contender, database, started, logs):
    deadline = time.monotonic() + READY_SECONDS
    while not contender.is_ready(database, started):
        for process in started:
            if process.poll() is not None:
                raise RuntimeError(f"{contender.name} ended: {logs()}")
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{contender.name}: expected its partitions in {READY_SECONDS} s: {logs()}"
            )
        time.sleep(0.05)


def stop(started):
    for process in started:
        processes.stop(process)
