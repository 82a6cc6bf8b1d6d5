"""Whether what is in the tables is what was asked for."""


def digest(database, table, target, member, where="true"):
    """Of a table's rows, as `Traffic` computes it of those that must be there."""
    return database.value(
        f"SELECT md5(coalesce(string_agg(format('%s %s %s', {target}, {member}, role), e'\\n'"
        f" ORDER BY {target}, {member}), '')) FROM {table} WHERE {where}"
    )


def enrollment_digest(database, where="true"):
    return digest(database, "school.enrollment", "course_id", "user_id", where)


def check_receipts(bench, database, traffic, rows_more):
    """Rollcall's receipts add up: to the items, to the rejections and to the rows there are more."""
    (jobs, items, outcomes, rejected, rows, open_jobs) = database.rows(
        "SELECT count(*), sum(items)::bigint, sum(created + updated + unchanged + removed + absent"
        " + superseded + rejected)::bigint, sum(rejected)::bigint, sum(created - removed)::bigint,"
        " count(*) FILTER (WHERE finished_at IS NULL) FROM rollcall.jobs"
    )[0]
    bench.check("jobs with a receipt", traffic.jobs, jobs)
    bench.check("jobs that have not ended", 0, open_jobs)
    bench.check("items of the receipts", traffic.items, items)
    bench.check("outcomes of items", traffic.items, outcomes)
    bench.check("rejected items", traffic.rejected, rejected)
    bench.check("items created less items removed", rows_more, rows)
    bench.check("dead letters", 0, database.value("SELECT count(*) FROM rollcall.dead_letters"))


def check_deadlocks(bench, database):
    bench.check(
        "deadlocks",
        0,
        database.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"),
    )
