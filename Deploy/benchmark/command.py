"""From the command line to the exit code."""

import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import traceback
from datetime import datetime, timezone

from benchmark import goals, options, plot, report, workloads
from benchmark.sample import Sample
from benchmark.size import SMALL, Size


def main(arguments):
    chosen = options.parse(arguments)
    if chosen.list:
        for name, sentence in workloads.ALL.items():
            print(f"{name:<14} {sentence}")
        return 0
    if chosen.source:
        samples = [Sample(**fields) for fields in json.loads(chosen.source.read_text())["samples"]]
        faults = []
    else:
        samples, faults = measure(chosen)
    report.show(samples)
    if chosen.plot:
        chosen.plot.write_text(plot.svg(samples))
    for fault in faults:
        print(f"wrong: {fault}", file=sys.stderr)
    return 1 if faults else 0


def measure(chosen):
    from benchmark.place import Place

    # Ctrl-C and an end from outside take the same way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Place(chosen.rollcall)
    try:
        # What it needs has been installed just now.
        from benchmark.bench import Bench

        bench = Bench(place, SMALL if chosen.small else Size(), chosen.runs, chosen.seed)
        try:
            told = conditions(chosen, bench)
            print(", ".join(f"{name} {value}" for name, value in told.items()))
            for name in chosen.workload or workloads.ALL:
                print(f"\n{name}: {workloads.ALL[name]}", flush=True)
                bench.workload = name
                try:
                    importlib.import_module(workloads.module(name)).measure(bench)
                except Exception as error:
                    # The others still have something to say.
                    traceback.print_exc()
                    bench.faults.append(f"{name}: {error}")
                if chosen.json:
                    chosen.json.write_text(as_json(told, bench))
            return bench.samples, bench.faults
        finally:
            bench.stop()
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        place.remove()


def as_json(told, bench):
    figures = {
        "conditions": told,
        "goals": [goal.as_json() for goal in goals.results(bench.samples)],
        "faults": bench.faults,
        "samples": [sample.as_json() for sample in bench.samples],
    }
    return json.dumps(figures, indent=1) + "\n"


def conditions(chosen, bench):
    """Under what the figures were found."""
    version = subprocess.run(
        [bench.place.rollcall, "version"], check=True, stdout=subprocess.PIPE, text=True
    )
    return {
        "at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "machine": f"{platform.system()} {platform.machine()}",
        "postgres": bench.server.version,
        "rollcall": version.stdout.strip(),
        "seed": chosen.seed,
        "runs": chosen.runs,
        "small": chosen.small,
        "load": round(os.getloadavg()[0], 1),
    }
