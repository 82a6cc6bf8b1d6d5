"""What must be reached, and whether it was."""

from dataclasses import dataclass
from statistics import median


@dataclass
class Goal:
    text: str
    limit: float
    # What each run, or all of them together, came to.
    values: list
    at_most: bool = True
    unit: str = "x"

    @property
    def is_reached(self):
        middle = median(self.values)
        return middle <= self.limit if self.at_most else middle >= self.limit

    def as_json(self):
        return {
            "goal": self.text,
            "at_most" if self.at_most else "at_least": self.limit,
            "values": self.values,
            "median": median(self.values),
            "reached": self.is_reached,
        }


def results(samples):
    """The goals about which there are figures."""
    everything = [
        ratio(samples, "jobs, time of plain SQL", "jobs", "rollcall", "psql", 1.0),
        rates(samples, "jobs, rate of batches in Python", "jobs", "rollcall", "python-batches", 2),
        rates(
            samples, "jobs, rate of single jobs in Python", "jobs", "rollcall", "python-single", 10
        ),
        rate(samples, "storm, distinct items", "storm", "distinct", 100_000),
        rate(samples, "storm, duplicates", "storm", "duplicates", 150_000),
        ratio(samples, "redelivery, time of the first pass", "redelivery", "again", "first", 0.25),
        ratio(samples, "defectdojo, time of plain SQL", "defectdojo", "rollcall", "psql", 1.0),
        ratio(samples, "defectdojo, time of Django", "defectdojo", "rollcall", "django", 0.3),
        ratio(
            samples,
            "defectdojo again, time of the first",
            "defectdojo",
            "rollcall-again",
            "rollcall",
            0.25,
        ),
        ratio(samples, "roster, time of plain SQL", "roster", "rollcall", "psql", 1.3),
        ratio(
            samples, "roster atomic, time of plain SQL", "roster", "rollcall-atomic", "psql", 1.3
        ),
        memory(samples),
        flat(samples),
    ]
    return [goal for goal in everything if goal.values]


def by_run(samples, workload, contender):
    return {s.run: s for s in samples if (s.workload, s.contender) == (workload, contender)}


def pairs(samples, workload, contender, other):
    """Of each run the two: what else the machine did then, it did to both."""
    ours, others = by_run(samples, workload, contender), by_run(samples, workload, other)
    return [(ours[run], others[run]) for run in sorted(ours.keys() & others.keys())]


def ratio(samples, text, workload, contender, other, limit):
    values = [a.seconds / b.seconds for a, b in pairs(samples, workload, contender, other)]
    return Goal(text, limit, values)


def rates(samples, text, workload, contender, other, limit):
    values = [a.rate / b.rate for a, b in pairs(samples, workload, contender, other)]
    return Goal(text, limit, values, at_most=False)


def rate(samples, text, workload, contender, limit):
    values = [sample.rate for sample in by_run(samples, workload, contender).values()]
    return Goal(text, limit, values, at_most=False, unit="/s")


def memory(samples):
    """The largest worker of all, but for those whose limits were raised to make large batches."""
    peaks = [s.peak_megabytes for s in samples if s.is_worker and s.workload != "batches"]
    return Goal("memory of a worker, the most", 150, [max(peaks)] if peaks else [], unit="MB")


def flat(samples):
    backlogs = sorted((s for s in samples if s.workload == "backlog"), key=lambda s: s.x)
    values = [backlogs[-1].peak_megabytes / backlogs[0].peak_megabytes] if backlogs else []
    return Goal("memory, largest to smallest backlog", 1.1, values)
