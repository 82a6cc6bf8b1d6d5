"""A backfill that is run again with every deployment."""

from benchmark.contenders import Rollcall
from benchmark.place import SAMPLES
from benchmark.stage import Stage, command
from benchmark.workloads.defectdojo import sample_database

CLEAN = """
    TRUNCATE auth_group, auth_group_permissions, guardian_groupobjectpermission, users_user_groups,
      users_roleschemaversion, rollcall.backfill_version"""
# How many in a thousand of the rows people have touched.
DRIFT = 20
# What every role group of every project has in the end, by name.
RESULT = """
    SELECT md5(string_agg(concat_ws(' ', g.name, p.codename), ',' ORDER BY g.name, p.codename))
    FROM auth_group_permissions gp JOIN auth_group g ON g.id = gp.group_id
    JOIN auth_permission p ON p.id = gp.permission_id"""


def measure(bench):
    drift = (SAMPLES / "antenna-drift.sql").read_text()
    worker = Rollcall(LANES=4, BACKFILL_LANES=2)
    with sample_database(bench, "antenna", bench.size.antenna) as database:
        with Stage(bench, database, worker) as stage:
            environment = worker.environment(bench, database, stage.topics)
            backfill = [bench.place.rollcall, *"enqueue backfill --wait".split()]
            backfill += ["--backfill", "role-permissions"]

            def once(name, run, *more):
                database.settle()
                sample = command(bench, database, backfill + list(more), environment, stage=stage)
                bench.record(sample, name, run)
                return database.value(RESULT)

            for run in bench.rounds():
                database.do(CLEAN)
                fresh = once("fresh", run)
                bench.check("permissions after it was skipped", fresh, once("skipped", run))
                bench.check(
                    "permissions after nothing had changed",
                    fresh,
                    once("unchanged", run, "--force"),
                )
                database.do(f"SET sample.seed = {run}; SET sample.drift = {DRIFT}; {drift}")
                once("drifted", run, "--force")
                states = database.rows(
                    "SELECT DISTINCT state, skipped FROM rollcall.jobs ORDER BY 2"
                )
                bench.check("how jobs ended", [("succeeded", False), ("succeeded", True)], states)
