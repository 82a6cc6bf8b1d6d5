"""Items that no rule and no constraint foresees: a trigger of the table refuses them."""

import random

from benchmark import traffic
from benchmark.accounts import check_receipts, enrollment_digest
from benchmark.contenders import Rollcall
from benchmark.stage import Stage
from benchmark.workloads.jobs import clean

# Of a million items.
SHARES = (0, 100, 1_000, 10_000)
TRIGGER = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'user % is refused', NEW.user_id; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON school.enrollment FOR EACH ROW
      WHEN (NEW.user_id > {users}) EXECUTE FUNCTION refuse()"""


def measure(bench):
    size = bench.size
    with bench.school(users=2 * size.users) as database:
        database.do(TRIGGER.format(users=size.users))
        for run in bench.rounds():
            for share in SHARES:
                jobs = poisoned(bench, share)
                clean(database)
                database.settle()
                with Stage(bench, database, Rollcall()) as stage:
                    sample = stage.run(jobs.messages, jobs.jobs)
                name = f"{share / 10_000:g} %"
                bench.record(sample, name, run, len(jobs.messages), "jobs", poison=jobs.rejected)
                bench.check(f"rows with {name}", jobs.digest(), enrollment_digest(database))
                check_receipts(bench, database, jobs, len(jobs.rows))


def poisoned(bench, share):
    """Assign jobs into open courses, in which the trigger refuses some of the members."""
    size = bench.size
    rng = random.Random(bench.seed)
    draw = traffic.Draw(bench.seed, "enrollment")
    jobs = draw.traffic
    for _ in range(size.jobs):
        course = rng.randint(1, size.courses)
        course -= traffic.is_closed(course)
        members = rng.sample(range(1, size.users + 1), rng.randint(1, 19))
        sound = [rng.randrange(1_000_000) >= share for _ in members]
        draw.job(
            "assign",
            course,
            [member if ok else size.users + member for member, ok in zip(members, sound)],
            "student",
        )
        jobs.rejected += sound.count(False)
        jobs.rows.update(((course, member), "student") for member, ok in zip(members, sound) if ok)
    return jobs
