"""What the command line says."""

import argparse
from pathlib import Path

from benchmark import workloads


def positive(text):
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a number from 1, got {text!r}")
    return int(text)


def program(text):
    path = Path(text).resolve()
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"expected the program rollcall, got {text!r}")
    return path


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="Deploy/bench",
        description="Measures Rollcall beside plain SQL, two Python consumers and Django, in turn, on "
        "one private Postgres and one private broker. Let nothing else run meanwhile.",
    )
    parser.add_argument(
        "workload", nargs="*", help="what to measure, all by default; --list names them"
    )
    parser.add_argument("--list", action="store_true", help="name the workloads and leave")
    parser.add_argument(
        "--small", action="store_true", help="little of everything, to see that it works"
    )
    parser.add_argument(
        "--runs", type=positive, help="how often each is run; 3 by default, 1 with --small"
    )
    parser.add_argument("--seed", type=int, default=7, help="what the samples are drawn from; 7")
    parser.add_argument(
        "--rollcall", type=program, metavar="PATH", help="a program that is built; it builds one"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where the figures go")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="where the curves go")
    parser.add_argument(
        "--from",
        type=Path,
        metavar="FILE",
        dest="source",
        help="measure nothing: print, and plot, the figures of an earlier --json",
    )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.workload) - set(workloads.ALL))
    if unknown:
        parser.error(f"expected workloads of {', '.join(workloads.ALL)}; got {', '.join(unknown)}")
    if options.runs is None:
        options.runs = 1 if options.small else 3
    return options
