"""Runs jobs through a program that consumes them, and takes the time.

The rule is one for all: the program is started, has its partitions and is idle; it is stopped with
SIGSTOP while the messages go to the broker; the clock runs from SIGCONT to the commit of the last
receipt, both by the clock of this machine.
"""

import signal
import time

from benchmark import contenders, processes
from benchmark.sample import Sample

# How often it is asked whether all is done; what the asking costs falls on everybody alike.
POLL_SECONDS = 0.25
# Without any progress for so long, something is wrong.
STALL_SECONDS = 120


class Stage:
    def __init__(self, bench, database, contender, keeping=False):
        self._bench = bench
        self._database = database
        self._contender = contender
        self.topics = bench.topics(keeping)
        self.started = []

    def __enter__(self):
        try:
            self.started = self._contender.start(self._bench, self._database, self.topics)
            contenders.wait_until_ready(self._contender, self._database, self.started, self._logs)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        contenders.stop(self.started)
        self.topics.stop()

    def _logs(self):
        files = sorted(self._bench.place.directory.glob(f"{self.topics.group}-*.log"))
        return "\n".join(file.read_text()[-2000:] for file in files)

    def run(self, messages, expected, tables=None, ahead=None):
        """Returns what it took until the tables have as many rows as expected.

        With `ahead` no more messages wait than that: the others are sent while receipts come.
        """
        tables = tables or self._contender.receipts
        for process in self.started:
            process.send_signal(signal.SIGSTOP)
        ahead = ahead or len(messages)
        self.topics.produce(messages[:ahead])
        meter = Meter(self._bench.server, self._database, self.started)
        begin = self._database.time()
        for process in self.started:
            process.send_signal(signal.SIGCONT)
        self._wait(expected, tables, messages, ahead)
        sample = meter.sample()
        sample.seconds = last_commit(self._database, tables) - begin
        sample.peak_megabytes = max(processes.peak_megabytes(p.pid) for p in self.started)
        sample.is_worker = self._contender.is_worker
        return sample

    def _wait(self, expected, tables, messages, ahead):
        sent = ahead
        question = "SELECT " + " + ".join(f"(SELECT count(*) FROM {name})" for name in tables)
        last, since, pause = -1, time.monotonic(), POLL_SECONDS
        while True:
            time.sleep(pause)
            asked = time.monotonic()
            done = self._database.value(question)
            # Counting a million rows takes a while, too.
            pause = max(POLL_SECONDS, 50 * (time.monotonic() - asked))
            if done >= expected:
                return
            if sent < min(done + ahead, len(messages)):
                self.topics.produce(messages[sent : done + ahead])
                sent = done + ahead
            if done > last:
                last, since = done, time.monotonic()
            if any(process.poll() is not None for process in self.started):
                raise RuntimeError(f"{self._contender.name} ended in the middle: {self._logs()}")
            if time.monotonic() - since > STALL_SECONDS:
                raise RuntimeError(
                    f"{self._contender.name}: expected {expected} receipts, got {done}, and none "
                    f"in {STALL_SECONDS} s: {self._logs()}"
                )


class Meter:
    """What was spent since it was made."""

    def __init__(self, server, database, started=()):
        self._server = server
        self._database = database
        self._started = started
        database.do("SELECT pg_stat_statements_reset()")
        self._wal = database.wal_bytes()
        self._server_cpu = server.cpu_seconds()
        self._cpu = self._own_cpu()

    def _own_cpu(self):
        return sum(processes.cpu_seconds(process.pid) for process in self._started)

    def sample(self):
        return Sample(
            cpu=self._own_cpu() - self._cpu,
            server_cpu=self._server.cpu_seconds() - self._server_cpu,
            statements=self._database.statements(),
            wal_bytes=self._database.wal_bytes() - self._wal,
        )


def command(bench, database, arguments, environment=None, stdin=None, stage=None):
    """A command from its start to its end.

    With a stage the command sends work to it and waits for the end: what the workers spend counts, and
    the memory is theirs.
    """
    workers = stage.started if stage else ()
    meter = Meter(bench.server, database, workers)
    ended = processes.run(arguments, environment, stdin)
    sample = meter.sample()
    sample.seconds = ended.seconds
    sample.cpu += ended.cpu
    sample.peak_megabytes = ended.peak_megabytes
    if workers:
        sample.peak_megabytes = max(processes.peak_megabytes(p.pid) for p in workers)
        sample.is_worker = True
        sample.more["command_megabytes"] = ended.peak_megabytes
    return sample


def last_commit(database, tables):
    """When the newest row of these tables was there for all to see."""
    newest = max(
        database.value(
            f"SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) FROM {name}"
        )
        or 0
        for name in tables
    )
    return float(newest)
