"""The figures as tables on a terminal."""

from statistics import median

from benchmark import goals


def show(samples):
    for workload in dict.fromkeys(sample.workload for sample in samples):
        print(f"\n{workload}")
        table(HEAD, [line(group) for group in groups(samples, workload)])
    reached = goals.results(samples)
    if reached:
        print("\nGoals")
        table(
            ("goal", "wanted", "median", "min..max", ""),
            [
                (
                    goal.text,
                    f"{'<=' if goal.at_most else '>='} {number(goal.limit)} {goal.unit}",
                    number(median(goal.values)),
                    f"{number(min(goal.values))}..{number(max(goal.values))}",
                    "reached" if goal.is_reached else "missed",
                )
                for goal in reached
            ],
        )


HEAD = (
    "",
    "seconds",
    "min..max",
    "a second",
    "own CPU s",
    "server CPU s",
    "statements",
    "WAL MB",
    "peak MB",
    "besides",
)


def groups(samples, workload):
    """The runs of each contender; on a curve, of each point."""
    found = {}
    for sample in samples:
        if sample.workload == workload:
            found.setdefault((sample.contender, sample.x), []).append(sample)
    return list(found.values())


def line(group):
    first = group[0]
    seconds = [sample.seconds for sample in group]

    def middle(name):
        return median(getattr(sample, name) for sample in group)

    besides = ", ".join(
        f"{name} {number(median(sample.more[name] for sample in group))}" for name in first.more
    )
    return (
        first.title,
        f"{median(seconds):.3f}",
        f"{min(seconds):.3f}..{max(seconds):.3f}",
        f"{median(s.rate for s in group):,.0f} {first.unit}" if first.count else "",
        f"{middle('cpu'):.2f}",
        f"{middle('server_cpu'):.2f}",
        f"{middle('statements'):,.0f}",
        f"{middle('wal_bytes') / 1e6:.1f}",
        f"{middle('peak_megabytes'):.0f}",
        besides,
    )


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def table(head, lines):
    rows = [head, *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        cells = [
            cell.ljust(width) if column in (0, len(head) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        print("  " + "  ".join(cells).rstrip())
