"""The jobs into tables that have many rows already."""

from benchmark import traffic
from benchmark.accounts import check_receipts
from benchmark.contenders import Rollcall
from benchmark.workloads.jobs import consume, set_based

# The rows that are there belong to other users in the same courses: those of the jobs come between
# them in the indexes on ids and on pairs.
FILL = """
    ALTER TABLE school.enrollment
      DROP CONSTRAINT enrollment_pkey, DROP CONSTRAINT enrollment_course_id_user_id_key,
      DROP CONSTRAINT enrollment_course_id_fkey, DROP CONSTRAINT enrollment_user_id_fkey;
    DROP INDEX school.enrollment_user_id;
    INSERT INTO school.enrollment (id, course_id, user_id)
      SELECT left(encode(sha256(convert_to(c.id || '::' || u.id, 'UTF8')), 'hex'), 32), c.id, u.id
      FROM school.users u CROSS JOIN school.course c
      WHERE u.id > {users} AND c.id % 100 <> 0 ORDER BY u.id, c.id LIMIT {rows};
    ALTER TABLE school.enrollment ADD PRIMARY KEY (id);
    ALTER TABLE school.enrollment ADD UNIQUE (course_id, user_id);
    CREATE INDEX enrollment_user_id ON school.enrollment (user_id);
    ALTER TABLE school.enrollment
      ADD FOREIGN KEY (course_id) REFERENCES school.course DEFERRABLE INITIALLY DEFERRED,
      ADD FOREIGN KEY (user_id) REFERENCES school.users DEFERRABLE INITIALLY DEFERRED"""


def measure(bench):
    size = bench.size
    jobs = traffic.school(bench.seed, size.curve_jobs, size.users, size.courses)
    # All that others take is left where it is between the runs.
    own_rows = f"user_id <= {size.users}"
    for rows in size.tables:
        others = rows // (size.courses * 99 // 100) + 1
        with bench.school(users=size.users + others) as database:
            # What is unknown to the jobs must be unknown here.
            database.do(f"UPDATE school.users SET id = id + 10000000 WHERE id > {size.users}")
            if rows:
                database.do(FILL.format(users=size.users, rows=rows))
            for run in bench.rounds():
                set_based(bench, database, jobs, run, rows, own_rows)
                consume(bench, database, Rollcall(), jobs, run, rows, own_rows)
                check_receipts(bench, database, jobs, len(jobs.rows))
