"""What is measured: a module each, with a function `measure`."""

ALL = {
    "jobs": "many small jobs, beside plain SQL and two Python consumers",
    "storm": "distinct items, then ten times as many as there are pairs, into a bare table",
    "redelivery": "the same jobs again, under the same ids",
    "poison": "items that only a trigger of the table refuses: 0.01, 0.1 and 1 %",
    "contention": "targets of which few have most jobs, and lanes that want the same rows",
    "latency": "small jobs while a roster is imported",
    "lanes": "curve: jobs a second by lanes",
    "workers": "curve: jobs a second by workers of two lanes",
    "batches": "curve: what an item costs by the jobs of a batch",
    "tables": "curve: the jobs into tables that have many rows already, beside plain SQL",
    "backlog": "curve: memory of a worker by the jobs that come without a rest",
    "defectdojo": "a backfill of nearly a million pairs, beside plain SQL and Django",
    "antenna": "a backfill that is run again after nothing, and after a little, has changed",
    "roster": "a roster of users and enrolments, beside plain SQL and Django",
    "roster-memory": "memory for a roster of a million rows",
    "csv": "how fast a roster file is checked, beside Python's csv module",
}


def module(name):
    return f"benchmark.workloads.{name.replace('-', '_')}"
