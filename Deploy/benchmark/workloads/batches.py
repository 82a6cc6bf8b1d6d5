"""What an item costs by the most jobs that a batch may have: jobs of one item, one lane."""

import random

from benchmark import traffic
from benchmark.accounts import check_receipts, enrollment_digest
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.jobs import clean


def measure(bench):
    with bench.school() as database:
        for run in bench.rounds():
            for batch, count in bench.size.batches:
                jobs = single_items(bench, count)
                worker = Rollcall(
                    LANES=1,
                    BATCH_JOBS=batch,
                    BATCH_ITEMS=10_000,
                    LIMITS_IN_FLIGHT_JOBS=max(5_000, 4 * batch),
                )
                clean(database)
                database.settle()
                with Stage(bench, database, worker) as stage:
                    sample = stage.run(jobs.messages, jobs.jobs)
                micros = 1e6 * sample.seconds / jobs.items
                bench.record(
                    sample, worker.name, run, jobs.items, "items", batch, micros_an_item=micros
                )
                bench.check("rows", jobs.digest(), enrollment_digest(database))
                check_receipts(bench, database, jobs, len(jobs.rows))


def single_items(bench, count):
    size = bench.size
    rng = random.Random(bench.seed)
    draw = traffic.Draw(bench.seed, "enrollment")
    for _ in range(count):
        course = rng.randint(1, size.courses)
        course -= traffic.is_closed(course)
        member = rng.randint(1, size.users)
        draw.job("assign", course, [member], "student")
        draw.traffic.rows[(course, member)] = "student"
    return draw.traffic
