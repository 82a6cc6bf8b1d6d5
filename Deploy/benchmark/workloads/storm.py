"""Items into a bare table of three columns: first distinct ones, then over and over the same."""

from benchmark import traffic
from benchmark.accounts import check_receipts, digest
from benchmark.contenders import Rollcall
from benchmark.place import COMPARISONS
from benchmark.stage import Stage

CATALOG = "Deploy/benchmark/comparisons/pairs.yaml"
# Of a job.
ITEMS = 50
TARGETS_OF_STORM = 10


def measure(bench):
    count = bench.size.storm_jobs
    targets = max(10, count // 5)
    distinct = traffic.pairs(bench.seed, count, targets, count * ITEMS // targets, unassigns=0)
    storm = traffic.pairs(
        bench.seed, count, targets // TARGETS_OF_STORM, count * ITEMS // targets, unassigns=20
    )
    with bench.database(CATALOG, (COMPARISONS / "pairs.sql").read_text()) as database:
        for run in bench.rounds():
            for name, jobs in ("distinct", distinct), ("duplicates", storm):
                database.do("TRUNCATE pair")
                database.forget_jobs()
                database.settle()
                with Stage(bench, database, Rollcall()) as stage:
                    sample = stage.run(jobs.messages, jobs.jobs)
                bench.record(
                    sample, name, run, jobs.items, "items", jobs=jobs.jobs, rows=len(jobs.rows)
                )
                bench.check("rows", jobs.digest(), digest(database, "pair", "target", "member"))
                check_receipts(bench, database, jobs, len(jobs.rows))
