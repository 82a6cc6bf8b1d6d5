"""How much of everything there is."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Size:
    users: int = 20_000
    courses: int = 2_000
    jobs: int = 20_000
    # A transaction a job is slow, and its time a job does not depend on how many follow.
    single_jobs: int = 3_000
    storm_jobs: int = 10_000
    curve_jobs: int = 20_000
    tables: tuple = (0, 1_000_000, 10_000_000)
    lanes: tuple = (1, 2, 4, 8)
    workers: tuple = (1, 2, 4)
    # How many jobs of one item make a batch, and how many such jobs are measured.
    batches: tuple = ((1, 1_000), (10, 5_000), (100, 20_000), (1_000, 50_000), (10_000, 100_000))
    backlogs: tuple = (20_000, 100_000, 1_000_000)
    roster_rows: int = 100_000
    django_rows: int = 3_000
    memory_rows: int = 1_000_000
    probes: int = 200
    defectdojo: dict = field(
        default_factory=lambda: {"seed": 7, "users": 15_000, "products": 17_000, "present": 0}
    )
    antenna: dict = field(default_factory=lambda: {"seed": 7, "projects": 1_000})


SMALL = Size(
    users=2_000,
    courses=200,
    jobs=2_000,
    single_jobs=200,
    storm_jobs=500,
    curve_jobs=1_000,
    tables=(0, 50_000),
    lanes=(1, 4),
    workers=(1, 2),
    batches=((1, 200), (100, 2_000)),
    backlogs=(2_000, 10_000),
    roster_rows=3_000,
    django_rows=200,
    memory_rows=20_000,
    probes=30,
    defectdojo={"seed": 7, "users": 600, "products": 700, "present": 0},
    antenna={"seed": 7, "projects": 40},
)
