"""What a worker holds in memory while more and more jobs wait for it."""

from benchmark.accounts import check_receipts, enrollment_digest
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.batches import single_items
from benchmark.workloads.jobs import clean


def measure(bench):
    with bench.school() as database:
        # Once: memory hardly differs from run to run, and the largest takes minutes.
        for backlog in bench.size.backlogs:
            jobs = single_items(bench, backlog)
            clean(database)
            database.settle()
            with Stage(bench, database, Rollcall()) as stage:
                sample = stage.run(jobs.messages, jobs.jobs)
            bench.record(sample, "rollcall", 1, jobs.jobs, "jobs", backlog)
            print(f"{'':10}{sample.peak_megabytes:.0f} MB", flush=True)
            bench.check("rows", jobs.digest(), enrollment_digest(database))
            check_receipts(bench, database, jobs, len(jobs.rows))
