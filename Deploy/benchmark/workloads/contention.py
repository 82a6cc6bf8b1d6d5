"""Four lanes that get in each other's way."""

import bisect
import itertools
import random

from benchmark import traffic
from benchmark.accounts import check_deadlocks, check_receipts, enrollment_digest
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.jobs import clean


def measure(bench):
    size = bench.size
    uniform = drawn(bench, lambda rng: rng.randint(1, size.courses))
    zipf = drawn(bench, zipf_targets(size.courses))
    # Jobs of one course come under many keys: several lanes write the same rows at the same time.
    scattered = drawn(bench, zipf_targets(size.courses), keyed=False)
    with bench.school() as database:
        for run in bench.rounds():
            for name, jobs in (
                ("even", uniform),
                ("zipf", zipf),
                ("zipf, keys at random", scattered),
            ):
                clean(database)
                database.settle()
                with Stage(bench, database, Rollcall()) as stage:
                    sample = stage.run(jobs.messages, jobs.jobs)
                bench.record(sample, name, run, len(jobs.messages), "jobs")
                bench.check(f"rows of {name}", jobs.digest(), enrollment_digest(database))
                check_receipts(bench, database, jobs, len(jobs.rows))
        check_deadlocks(bench, database)


def zipf_targets(courses):
    """The n-th course is drawn in proportion to 1/n."""
    weights = list(itertools.accumulate(1 / n for n in range(1, courses + 1)))
    return lambda rng: 1 + bisect.bisect_left(weights, rng.random() * weights[-1])


def drawn(bench, target, keyed=True):
    """Assign jobs whose result does not depend on their order."""
    size = bench.size
    rng = random.Random(bench.seed)
    draw = traffic.Draw(bench.seed, "enrollment")
    jobs = draw.traffic
    for _ in range(size.jobs):
        course = target(rng)
        course -= traffic.is_closed(course)
        members = rng.sample(range(1, size.users + 1), rng.randint(1, 19))
        key = None if keyed else str(rng.getrandbits(64))
        draw.job("assign", course, members, "student", key)
        jobs.rows.update(((course, member), "student") for member in members)
    return jobs
