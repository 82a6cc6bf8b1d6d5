"""The curves as a picture: SVG, with nothing but this."""

import math
from dataclasses import dataclass
from html import escape
from statistics import median

WIDTH, HEIGHT = 380, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 44, 44
COLOURS = ("#1f5fa8", "#b5542b", "#4a7c3f")
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.title{font-weight:600;font-size:13px}"
    ".axis{stroke:#999}.grid{stroke:#e4e4e4}"
)


@dataclass
class Chart:
    workload: str
    title: str
    x_title: str
    y_title: str
    value: callable
    log_x: bool = False
    log_y: bool = False


CHARTS = (
    Chart("lanes", "Lanes of one worker", "lanes", "jobs a second", lambda s: s.rate),
    Chart("workers", "Workers of two lanes", "workers", "jobs a second", lambda s: s.rate),
    Chart(
        "batches",
        "What an item costs",
        "jobs of a batch",
        "microseconds",
        lambda s: s.more["micros_an_item"],
        log_x=True,
        log_y=True,
    ),
    Chart("tables", "Rows that are there already", "million rows", "seconds", lambda s: s.seconds),
    Chart(
        "backlog",
        "Memory of a worker",
        "jobs without a rest",
        "MB",
        lambda s: s.peak_megabytes,
        log_x=True,
    ),
)


def svg(samples):
    charts = [chart for chart in CHARTS if any(s.workload == chart.workload for s in samples)]
    rows = math.ceil(len(charts) / 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {max(1, rows) * HEIGHT}">',
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
    ]
    for number, chart in enumerate(charts):
        place = f"translate({number % 2 * WIDTH} {number // 2 * HEIGHT})"
        parts.append(f'<g transform="{place}">{"".join(drawn(chart, samples))}</g>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def drawn(chart, samples):
    lines = series(chart, samples)
    xs = sorted({x for points in lines.values() for x in points})
    ticks = scale(
        [y for points in lines.values() for ys in points.values() for y in ys], chart.log_y
    )

    def place_x(x):
        return LEFT + share(x, xs[0], xs[-1], chart.log_x) * (WIDTH - LEFT - RIGHT)

    def place_y(y):
        return (
            HEIGHT - BOTTOM - share(y, ticks[0], ticks[-1], chart.log_y) * (HEIGHT - TOP - BOTTOM)
        )

    yield text(LEFT, 20, chart.title, "title")
    yield text(LEFT, TOP - 6, chart.y_title)
    yield text(WIDTH - RIGHT, HEIGHT - 8, chart.x_title, anchor="end")
    for y in ticks:
        kind = "grid" if y > ticks[0] else "axis"
        yield rule(LEFT, place_y(y), WIDTH - RIGHT, place_y(y), kind)
        yield text(LEFT - 6, place_y(y) + 4, short(y), anchor="end")
    for x in xs:
        label = short(x / 1e6) if chart.workload == "tables" else short(x)
        yield text(place_x(x), HEIGHT - BOTTOM + 16, label, anchor="middle")
    for points, colour in zip(lines.values(), COLOURS):
        path = " ".join(
            f"{place_x(x):.1f},{place_y(median(values)):.1f}"
            for x, values in sorted(points.items())
        )
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, values in points.items():
            yield (
                f'<line x1="{place_x(x):.1f}" x2="{place_x(x):.1f}" y1="{place_y(min(values)):.1f}"'
                f' y2="{place_y(max(values)):.1f}" stroke="{colour}"/>'
                f'<circle cx="{place_x(x):.1f}" cy="{place_y(median(values)):.1f}" r="3" fill="{colour}"/>'
            )
    if len(lines) > 1:
        for number, (name, colour) in enumerate(zip(lines, COLOURS)):
            yield text(WIDTH - RIGHT, 20 + 16 * number, name, anchor="end", fill=colour)


def series(chart, samples):
    """For each line its points, and the runs of each; one line, but for the comparison of tables."""
    lines = {}
    for sample in samples:
        if sample.workload == chart.workload:
            name = sample.contender if chart.workload == "tables" else ""
            lines.setdefault(name, {}).setdefault(sample.x, []).append(chart.value(sample))
    return lines


def share(value, low, high, is_log):
    """How far up it is between the two, from 0 to 1."""
    if is_log:
        value, low, high = math.log10(value), math.log10(low), math.log10(high)
    return (value - low) / (high - low) if high > low else 0.5


def scale(values, is_log):
    """What stands at the axis: from 0 to a number that divides well, or powers of ten."""
    if is_log:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return [10.0**power for power in range(low, max(high, low + 1) + 1)]
    power = 10 ** math.floor(math.log10(max(values)))
    top = next(power * step for step in (1, 2, 4, 6, 8, 10) if power * step >= max(values))
    return [top * step / 4 for step in range(5)]


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:.3g}"


def text(x, y, words, kind="", anchor="start", fill=""):
    colour = f' style="fill:{fill}"' if fill else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}"{colour}>'
        f"{escape(words)}</text>"
    )


def rule(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'
