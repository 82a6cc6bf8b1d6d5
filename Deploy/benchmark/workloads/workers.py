"""Jobs a second by workers of one group."""

from benchmark import traffic
from benchmark.accounts import check_receipts
from benchmark.contenders import Rollcall
from benchmark.workloads.jobs import consume

# So that four workers have no more lanes than the largest one of the other curve.
LANES = 2


def measure(bench):
    size = bench.size
    jobs = traffic.school(bench.seed, size.curve_jobs, size.users, size.courses)
    with bench.school() as database:
        for run in bench.rounds():
            for workers in size.workers:
                consume(
                    bench, database, Rollcall(workers=workers, LANES=LANES), jobs, run, x=workers
                )
                check_receipts(bench, database, jobs, len(jobs.rows))
