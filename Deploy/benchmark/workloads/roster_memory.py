"""What the command and a worker hold in memory for a roster of a million rows."""

from benchmark.workloads.roster import check_import, restore, through_worker, write_roster


def measure(bench):
    rows = bench.size.memory_rows
    with bench.school() as database:
        people = write_roster(bench, database, rows)
        restore(database)
        sample = through_worker(bench, database, people, keeping=True)
        bench.record(sample, "rollcall", 1, rows, "rows")
        command = sample.more["command_megabytes"]
        print(f"{'':10}worker {sample.peak_megabytes:.0f} MB, enqueue {command:.0f} MB", flush=True)
        check_import(bench, database, rows)
