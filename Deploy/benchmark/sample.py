"""One measurement."""

from dataclasses import asdict, dataclass, field


@dataclass
class Sample:
    workload: str = ""
    contender: str = ""
    run: int = 0
    seconds: float = 0
    # How many of what it did: jobs, items or rows.
    count: int = 0
    unit: str = ""
    # Of the program itself, and of the server.
    cpu: float = 0
    server_cpu: float = 0
    statements: int = 0
    wal_bytes: int = 0
    peak_megabytes: float = 0
    # Whether that memory is a worker's of Rollcall.
    is_worker: bool = False
    # Where it stands on a curve.
    x: float | None = None
    # What else is to be told, by name.
    more: dict = field(default_factory=dict)

    @property
    def title(self):
        return self.contender if self.x is None else f"{self.contender} at {self.x:,}"

    @property
    def rate(self):
        return self.count / self.seconds if self.seconds > 0 else 0

    def as_json(self):
        return asdict(self)
