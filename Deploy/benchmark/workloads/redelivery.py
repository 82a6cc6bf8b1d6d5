"""The same jobs again under the same ids: everything is recognised and nothing is changed."""

from benchmark import traffic
from benchmark.accounts import check_receipts
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.jobs import clean

# With the version of each row: one that is written with the values that it has counts, too.
ROWS = "SELECT md5(string_agg(concat_ws(' ', e, e.ctid, e.xmin), ',' ORDER BY id)) FROM {} e"


def measure(bench):
    size = bench.size
    jobs = traffic.school(bench.seed, size.jobs, size.users, size.courses)
    repeats = len(jobs.messages) - jobs.jobs
    with bench.school() as database:
        for run in bench.rounds():
            clean(database)
            database.settle()
            with Stage(bench, database, Rollcall()) as stage:
                first = stage.run(jobs.messages, jobs.jobs)
                bench.record(first, "first", run, len(jobs.messages), "jobs")
                before = versions(database)
                again = stage.run(
                    jobs.messages, repeats + len(jobs.messages), ("rollcall.job_duplicate",)
                )
                bench.record(again, "again", run, len(jobs.messages), "jobs")
            bench.check("rows and receipts after the second time", before, versions(database))
            check_receipts(bench, database, jobs, len(jobs.rows))


def versions(database):
    return [database.value(ROWS.format(name)) for name in ("school.enrollment", "rollcall.job")]
