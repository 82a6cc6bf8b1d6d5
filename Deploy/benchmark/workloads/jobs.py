"""Many small jobs."""

from benchmark import traffic
from benchmark.accounts import check_deadlocks, check_receipts, enrollment_digest
from benchmark.contenders import PythonConsumer, Rollcall
from benchmark.place import COMPARISONS
from benchmark.stage import Stage, command


def measure(bench):
    size = bench.size
    jobs = traffic.school(bench.seed, size.jobs, size.users, size.courses)
    few = traffic.school(bench.seed, size.single_jobs, size.users, size.courses)
    with bench.school() as database:
        for run in bench.rounds():
            set_based(bench, database, jobs, run)
            consume(
                bench, database, PythonConsumer("python-batches", "batch_consumer.py"), jobs, run
            )
            consume(bench, database, PythonConsumer("python-single", "job_consumer.py"), few, run)
            consume(bench, database, Rollcall(), jobs, run)
            check_receipts(bench, database, jobs, len(jobs.rows))
        check_deadlocks(bench, database)


def set_based(bench, database, jobs, run, x=None, own_rows="true"):
    """The rows that the jobs leave, in one statement: the limit."""
    clean(database, own_rows)
    database.do("TRUNCATE staged")
    database.copy("staged", ((*pair, role) for pair, role in jobs.rows.items()))
    database.settle()
    sample = command(
        bench,
        database,
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        + ["-f", COMPARISONS / "enrollment_set_based.sql", database.url],
    )
    bench.record(sample, "psql", run, len(jobs.rows), "rows", x)
    bench.check("rows of psql", jobs.digest(), enrollment_digest(database, own_rows))


def consume(bench, database, contender, jobs, run, x=None, own_rows="true"):
    clean(database, own_rows)
    database.settle()
    with Stage(bench, database, contender) as stage:
        sample = stage.run(jobs.messages, jobs.jobs)
    bench.record(
        sample,
        contender.name,
        run,
        len(jobs.messages),
        "jobs",
        x,
        items=jobs.items,
        rows=len(jobs.rows),
    )
    bench.check(f"rows of {contender.name}", jobs.digest(), enrollment_digest(database, own_rows))
    return sample


def clean(database, own_rows="true"):
    if own_rows == "true":
        database.do("TRUNCATE school.enrollment")
    else:
        database.do(f"DELETE FROM school.enrollment WHERE {own_rows}")
    database.do("TRUNCATE receipt")
    database.forget_jobs()
