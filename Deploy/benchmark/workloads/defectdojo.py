"""A backfill of nearly a million pairs."""

from benchmark.contenders import Rollcall
from benchmark.place import SAMPLES
from benchmark.stage import Stage, command

# The tables as they were, with nothing left to clean up.
CLEAN = """
    TRUNCATE dojo_product_authorized_users, dojo_product_type_authorized_users, dojo_dojo_userevent;
    UPDATE auth_user u SET is_superuser = f.is_superuser, is_staff = f.is_staff FROM flags f
    WHERE u.id = f.id AND (u.is_superuser, u.is_staff) <> (f.is_superuser, f.is_staff);
    TRUNCATE dojo_dojo_userevent"""
# Pairs, flags and history: the same of all.
RESULT = """
    SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
      SELECT 'p' || product_id || ' ' || dojo_user_id FROM dojo_product_authorized_users UNION ALL
      SELECT 't' || product_type_id || ' ' || dojo_user_id FROM dojo_product_type_authorized_users UNION ALL
      SELECT 'u' || concat_ws(' ', id, is_superuser, is_staff) FROM auth_user UNION ALL
      SELECT 'e' || concat_ws(' ', id, is_superuser, is_staff) FROM dojo_dojo_userevent) AS lines (line)"""
PAIRS = """
    SELECT (SELECT count(*) FROM dojo_product_authorized_users)
      + (SELECT count(*) FROM dojo_product_type_authorized_users)"""


def measure(bench):
    python, rollcall = bench.place.python, bench.place.rollcall
    with sample_database(bench, "defectdojo", bench.size.defectdojo) as database:
        database.do("CREATE TABLE flags AS SELECT id, is_superuser, is_staff FROM auth_user")
        worker = Rollcall(LANES=4, BACKFILL_LANES=2)
        with Stage(bench, database, worker) as stage:
            environment = worker.environment(bench, database, stage.topics)
            script = SAMPLES / "defectdojo-set-based.sql"
            psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", script, database.url]
            django = [python, SAMPLES / "defectdojo_django.py", database.url]
            backfill = [rollcall, *"enqueue backfill --backfill authorized-users --wait".split()]
            expected = None
            for run in bench.rounds():
                for name, arguments, of_stage in (
                    ("psql", psql, None),
                    ("django", django, None),
                    ("rollcall", backfill, stage),
                    ("rollcall-again", backfill, stage),
                ):
                    if name != "rollcall-again":
                        database.do(CLEAN)
                        database.settle()
                    sample = command(
                        bench,
                        database,
                        arguments,
                        environment if of_stage else None,
                        stage=of_stage,
                    )
                    pairs = database.value(PAIRS)
                    bench.record(sample, name, run, pairs, "pairs")
                    result = database.value(RESULT)
                    expected = expected or result
                    bench.check(f"pairs, flags and history of {name}", expected, result)
                check_jobs(bench, database, jobs=2 * run, created=run * pairs)


def sample_database(bench, system, settings):
    return bench.database(
        f"Config/catalogs/{system}.yaml",
        *(f"SET sample.{name} = '{value}'" for name, value in settings.items()),
        *(
            (SAMPLES / name).read_text()
            for name in (f"{system}-tables.sql", "sample.sql", f"{system}-rows.sql")
        ),
    )


def check_jobs(bench, database, jobs, created):
    """Every backfill has succeeded, and the receipts know how many pairs there are."""
    got = database.rows(
        "SELECT count(*) FILTER (WHERE state = 'succeeded'), sum(created)::bigint FROM rollcall.jobs"
    )[0]
    bench.check("backfills that succeeded, and pairs created", (jobs, created), got)
