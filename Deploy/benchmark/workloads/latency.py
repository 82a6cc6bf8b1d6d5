"""How long a small job takes, from the producer to the commit, alone and beside a roster import."""

import threading
import time

from benchmark import traffic
from benchmark.contenders import Rollcall
from benchmark.sample import Sample
from benchmark.stage import Stage
from benchmark.workloads.jobs import clean
from benchmark.workloads.roster import check_import, enqueue, write_roster

PAUSE_SECONDS = 0.05
LATENCIES = """
    SELECT p.id, extract(epoch FROM pg_xact_commit_timestamp(j.xmin))::float8 - p.sent
    FROM rollcall.job j JOIN probe p ON p.id = j.id ORDER BY p.sent"""


def measure(bench):
    rows = bench.size.roster_rows
    with bench.school() as database:
        database.do("CREATE TABLE probe (id uuid PRIMARY KEY, sent float8 NOT NULL)")
        people = write_roster(bench, database, rows)
        for run in bench.rounds():
            for name in "alone", "beside an import":
                clean(database)
                database.do("DELETE FROM school.users WHERE username LIKE 'person%'")
                database.settle()
                worker = Rollcall()
                with Stage(bench, database, worker) as stage:
                    environment = worker.environment(bench, database, stage.topics)
                    busy = name != "alone"
                    imported = threading.Thread(
                        target=enqueue, args=(bench, people, environment), daemon=True
                    )
                    if busy:
                        imported.start()
                        wait_for_parts(database)
                    sent = send(bench, stage, imported if busy else None, run * 2 + busy)
                    if busy:
                        imported.join()
                        check_import(bench, database, rows)
                    wait_for(database, len(sent))
                database.do("TRUNCATE probe")
                database.copy("probe", sent)
                record(bench, database, name, run, len(sent))


def wait_for_parts(database):
    """Until rows of the import are being applied."""
    deadline = time.monotonic() + 120
    while not database.value("SELECT count(*) FROM rollcall.job_part WHERE state = 'done'"):
        if time.monotonic() > deadline:
            raise RuntimeError("expected the import to begin within 120 s")
        time.sleep(0.02)


def send(bench, stage, imported, seed):
    """Jobs of one to three members, one after the other, for as long as the import lasts."""
    draw = traffic.Draw(bench.seed + seed, "enrollment")
    sent = []
    while len(sent) < bench.size.probes if imported is None else imported.is_alive():
        rng = draw.random
        course = rng.randint(1, bench.size.courses - 1)
        members = rng.sample(range(1, bench.size.users + 1), rng.randint(1, 3))
        number = draw.job("assign", course - traffic.is_closed(course), members, "student")
        moment = time.time()
        stage.topics.produce(draw.traffic.messages[-1:])
        sent.append((number, moment))
        time.sleep(max(0, PAUSE_SECONDS - (time.time() - moment)))
    return sent


def wait_for(database, count):
    deadline = time.monotonic() + 60
    while database.value("SELECT count(*) FROM rollcall.job WHERE kind = 'assign'") < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"expected {count} small jobs to end within 60 s")
        time.sleep(0.05)


def record(bench, database, name, run, count):
    latencies = sorted(row[1] for row in database.rows(LATENCIES))
    bench.check("small jobs that have ended", count, len(latencies))
    if latencies:
        figures = {
            f"p{percent}_ms": 1000 * latencies[(len(latencies) - 1) * percent // 100]
            for percent in (50, 95, 99, 100)
        }
        sample = Sample(seconds=figures["p50_ms"] / 1000)
        bench.record(sample, name, run, **figures, jobs=count)
