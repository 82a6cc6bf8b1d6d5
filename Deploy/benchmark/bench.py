"""Everything that a workload needs, and what it has found."""

from itertools import count

from benchmark.broker import Topics
from benchmark.database import Database
from benchmark.embedded import EmbeddedBroker
from benchmark.keeping import KeepingBroker
from benchmark.place import COMPARISONS
from benchmark.server import Server


class Bench:
    def __init__(self, place, size, runs, seed):
        self.place = place
        self.size = size
        self.runs = runs
        self.seed = seed
        self.samples = []
        self.faults = []
        self.workload = ""
        self._groups = count(1)
        self.server = Server(place)

    def stop(self):
        self.server.stop()

    def topics(self, keeping=False):
        """Topics of their own, for a group of its own.

        With `keeping` the broker holds as many messages as there are.
        """
        broker = KeepingBroker(self.place) if keeping else EmbeddedBroker()
        return Topics(broker, f"bench-{next(self._groups)}")

    def rounds(self):
        """The runs, one after the other; in each, contenders take turns."""
        for run in range(1, self.runs + 1):
            yield run

    def database(self, catalog, *scripts):
        return Database(self.server, self.place.rollcall, self.workload, catalog, scripts)

    def school(self, users=None, courses=None):
        """Users and courses, with a table for the receipts of others."""
        users, courses = users or self.size.users, courses or self.size.courses
        return self.database(
            "Deploy/benchmark/comparisons/school.yaml",
            f"SET sample.users = {users}; SET sample.courses = {courses}",
            (COMPARISONS / "school.sql").read_text(),
            (COMPARISONS / "receipt.sql").read_text(),
        )

    def record(self, sample, contender, run, count=0, unit="", x=None, **more):
        sample.workload, sample.contender, sample.run = self.workload, contender, run
        sample.count, sample.unit, sample.x = count, unit, x
        sample.more.update(more)
        self.samples.append(sample)
        rate = f" {sample.rate:12,.0f} {unit}/s" if count else ""
        print(f"  run {run}  {sample.title:<28} {sample.seconds:9.3f} s{rate}", flush=True)
        return sample

    def check(self, what, expected, got):
        """Keeps what is wrong; it is told at once and at the end."""
        if expected != got:
            fault = f"{self.workload}: {what}: expected {expected}, got {got}"
            self.faults.append(fault)
            print(f"  {fault}", flush=True)
