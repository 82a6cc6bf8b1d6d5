"""A roster: users are made or changed, and enrolled in a course."""

import csv
import random

from benchmark import processes
from benchmark.contenders import Rollcall
from benchmark.place import COMPARISONS
from benchmark.stage import Stage, command

COURSE = 42
FIRST_NAMES = ("Ada", "Grace", "Zoë", "Łukasz", "Nour", "Mei", "José", "Ann-Kathrin")
LAST_NAMES = ("Lovelace", "Hopper", "Ångström", "O'Neil", "van der Berg", "Nguyễn", "Smith")
# What is left, by names: ids differ from one to the next.
RESULT = """
    SELECT md5(string_agg(concat_ws(' ', u.username, u.full_name, e.course_id, e.role), ','
      ORDER BY u.username)) FROM school.users u LEFT JOIN school.enrollment e ON e.user_id = u.id"""


def measure(bench):
    size = bench.size
    with bench.school() as database:
        people = write_roster(bench, database, size.roster_rows)
        few = bench.place.file("few.csv")
        with open(people, newline="") as whole, open(few, "w", newline="") as part:
            part.writelines(line for _, line in zip(range(size.django_rows + 1), whole))
        psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", database.url]
        psql += ["-f", COMPARISONS / "roster_set_based.sql"]
        django = [bench.place.python, COMPARISONS / "roster_django.py", database.url]
        for run in bench.rounds():
            restore(database)
            sample = command(bench, database, psql, stdin=people)
            bench.record(sample, "psql", run, size.roster_rows, "rows")
            expected = database.value(RESULT)
            restore(database)
            sample = command(bench, database, [*django, "bulk", people])
            bench.record(sample, "django-bulk", run, size.roster_rows, "rows")
            bench.check("people of django-bulk", expected, database.value(RESULT))
            restore(database)
            sample = command(bench, database, [*django, "loop", few])
            bench.record(sample, "django-loop", run, size.django_rows, "rows")
            enrolled = database.value("SELECT count(*) FROM school.enrollment")
            bench.check("people of django-loop", size.django_rows, enrolled)
            for name, options in ("rollcall", ()), ("rollcall-atomic", ("--mode", "atomic")):
                restore(database)
                sample = through_worker(bench, database, people, *options)
                bench.record(sample, name, run, size.roster_rows, "rows")
                bench.check(f"people of {name}", expected, database.value(RESULT))
                check_import(bench, database, size.roster_rows)


def through_worker(bench, database, people, *options, keeping=False):
    worker = Rollcall()
    with Stage(bench, database, worker, keeping) as stage:
        environment = worker.environment(bench, database, stage.topics)
        return command(
            bench, database, arguments(bench, people, *options), environment, stage=stage
        )


def arguments(bench, people, *options):
    enqueue = [bench.place.rollcall, *"enqueue roster-import --roster course-roster".split()]
    return [*enqueue, "--target", COURSE, "--wait", "--timeout", "30m", *options, people]


def enqueue(bench, people, environment):
    return processes.run(arguments(bench, people), environment)


def write_roster(bench, database, rows):
    """Writes the file and, into the table `before`, the people who are there already: every third or so,
    half of them under another name."""
    rng = random.Random(bench.seed)
    path = bench.place.file(f"people-{rows}.csv")
    present = []
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("username", "full_name", "role"))
        for number in range(1, rows + 1):
            first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
            # A comma within the name wants quotes.
            name = f"{last}, {first}" if rng.randrange(10) == 0 else f"{first} {last} {number}"
            writer.writerow((f"person{number}", name, rng.choice(("student", "student", "ta"))))
            if rng.randrange(10) < 3:
                present.append((f"person{number}", name if rng.randrange(2) else f"Former {name}"))
    database.do("CREATE TABLE before (username text NOT NULL, full_name text NOT NULL)")
    database.copy("before", present)
    return path


def restore(database):
    """The people before the import; the ids are given anew."""
    database.do(
        "TRUNCATE school.enrollment, school.users;"
        " INSERT INTO school.users (username, full_name) SELECT username, full_name FROM before"
    )
    database.forget_jobs()
    database.settle()


def check_import(bench, database, rows):
    got = database.rows(
        "SELECT state, items, created + updated + unchanged, rejected FROM rollcall.jobs"
        " WHERE kind = 'roster-import'"
    )
    bench.check("the import's receipt", [("succeeded", rows, rows, 0)], got)
