"""What a worker holds in memory while more and more jobs come without a rest.

The broker hands out all that a partition has in one answer, whatever size a consumer asks for. So that
it is not this which is measured, no more than AHEAD wait in it at any time.
"""

from benchmark.accounts import check_receipts, enrollment_digest
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.batches import single_items
from benchmark.workloads.jobs import clean

AHEAD = 20_000


def measure(bench):
    with bench.school() as database:
        # Once: memory hardly differs from run to run, and the largest takes minutes.
        for backlog in bench.size.backlogs:
            jobs = single_items(bench, backlog)
            clean(database)
            database.settle()
            with Stage(bench, database, Rollcall(), keeping=True) as stage:
                sample = stage.run(jobs.messages, jobs.jobs, ahead=AHEAD)
            bench.record(sample, "rollcall", 1, jobs.jobs, "jobs", backlog)
            print(f"{'':10}{sample.peak_megabytes:.0f} MB", flush=True)
            bench.check("rows", jobs.digest(), enrollment_digest(database))
            check_receipts(bench, database, jobs, len(jobs.rows))
