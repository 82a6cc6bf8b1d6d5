"""How fast a roster file is read and checked.

The last row opens a quote that nothing closes: the command reads all of the file, refuses it and sends
nothing.
"""

from benchmark import processes
from benchmark.place import COMPARISONS, without_libpq
from benchmark.sample import Sample
from benchmark.workloads.roster import arguments, write_roster

REFUSED = 65


def measure(bench):
    rows = bench.size.memory_rows
    with bench.school() as database:
        sound = write_roster(bench, database, rows)
    spoilt = bench.place.file("spoilt.csv")
    spoilt.write_bytes(sound.read_bytes() + b'last,"no end,student\n')
    megabytes = sound.stat().st_size / 1e6
    topics = bench.topics()
    environment = {
        **without_libpq(),
        **topics.environment(),
        "ROLLCALL_DATABASE_URL": bench.server.url("postgres"),
    }
    for run in bench.rounds():
        for name, command, expected in (
            ("python", [bench.place.python, COMPARISONS / "csv_rows.py", sound], 0),
            ("rollcall", arguments(bench, spoilt), REFUSED),
        ):
            ended = processes.run(command, environment, expected=expected)
            sample = Sample(
                seconds=ended.seconds, cpu=ended.cpu, peak_megabytes=ended.peak_megabytes
            )
            mb_s = megabytes / ended.seconds
            bench.record(sample, name, run, rows, "rows", megabytes_a_second=mb_s)
