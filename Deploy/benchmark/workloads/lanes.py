"""Jobs a second by the lanes of one worker."""

from benchmark import traffic
from benchmark.accounts import check_receipts
from benchmark.contenders import Rollcall
from benchmark.workloads.jobs import consume


def measure(bench):
    size = bench.size
    jobs = traffic.school(bench.seed, size.curve_jobs, size.users, size.courses)
    with bench.school() as database:
        for run in bench.rounds():
            for lanes in size.lanes:
                consume(bench, database, Rollcall(LANES=lanes), jobs, run, x=lanes)
                check_receipts(bench, database, jobs, len(jobs.rows))
