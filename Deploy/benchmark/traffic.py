"""Jobs drawn from a seed, and what must be left when they are done."""

import hashlib
import random
from dataclasses import dataclass, field

ROLES = ("student", "student", "student", "student", "student", "ta", "teacher")
# Milliseconds of a moment in 2026: ids grow with time, as producers are advised to make them.
FIRST_MOMENT = 1_790_000_000_000


def is_closed(course):
    """As in the school of the demo."""
    return course % 100 == 0


@dataclass
class Traffic:
    """Messages and their result."""

    messages: list = field(default_factory=list)
    jobs: int = 0
    items: int = 0
    rejected: int = 0
    # (target, member): role.
    rows: dict = field(default_factory=dict)

    def digest(self):
        """As `Database` computes it of the table."""
        lines = "\n".join(f"{t} {m} {role}" for (t, m), role in sorted(self.rows.items()))
        return hashlib.md5(lines.encode()).hexdigest()


class Draw:
    """Makes jobs for one relation."""

    def __init__(self, seed, relation):
        self.random = random.Random(seed)
        self.relation = relation
        self.traffic = Traffic()

    def job(self, kind, target, members, role=None, key=None):
        traffic = self.traffic
        traffic.jobs += 1
        traffic.items += len(members)
        moment = FIRST_MOMENT + traffic.jobs
        digits = (
            f"{moment:012x}7{self.random.getrandbits(12):03x}8{self.random.getrandbits(60):015x}"
        )
        number = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        attributes = f',"attributes":{{"role":"{role}"}}' if role else ""
        value = (
            f'{{"specversion":"1.0","id":"{number}","source":"/services/admin",'
            f'"type":"rollcall.{kind}","time":"2026-11-21T08:00:00Z","data":{{'
            f'"relation":"{self.relation}","target":{target},'
            f'"members":[{",".join(map(str, members))}]{attributes}}}}}'
        )
        traffic.messages.append((key or f"{self.relation}/{target}", value.encode()))
        return number


def school(seed, count, users, courses, target=None, repeats=10, unassigns=10):
    """`count` messages of 1 to 19 members: some repeat an earlier one under its id, some take members
    away, and one member in 200 is unknown.

    `target` draws the course, from 1 to `courses`.
    """
    draw = Draw(seed, "enrollment")
    rng, traffic = draw.random, draw.traffic
    target = target or (lambda rng: rng.randint(1, courses))
    taken = {}
    while len(traffic.messages) < count:
        kind = rng.randrange(100)
        if kind < repeats and traffic.messages:
            traffic.messages.append(rng.choice(traffic.messages))
            continue
        course = target(rng)
        size = rng.randint(1, 19)
        if kind < repeats + unassigns and taken.get(course):
            members = rng.sample(taken[course], min(size, len(taken[course])))
            draw.job("unassign", course, members)
            for member in members:
                traffic.rows.pop((course, member), None)
            continue
        role = rng.choice(ROLES)
        members = rng.sample(range(1, users + 1), size)
        members = [users + m if rng.randrange(200) == 0 else m for m in members]
        draw.job("assign", course, members, role)
        for member in members:
            if is_closed(course) or member > users:
                traffic.rejected += 1
            else:
                traffic.rows[(course, member)] = role
                taken.setdefault(course, []).append(member)
        if course in taken:
            taken[course] = taken[course][-40:]
    return traffic


def pairs(seed, count, targets, members_each, unassigns):
    """`count` jobs of 50 items over a bare table of `targets` times `members_each` pairs.

    Without unassigns, and with as many pairs as items, no pair comes twice.
    """
    draw = Draw(seed, "pair")
    rng, traffic = draw.random, draw.traffic
    slices = [(t, s) for t in range(1, targets + 1) for s in range(0, members_each, 50)]
    rng.shuffle(slices)
    for number in range(count):
        target, first = slices[number % len(slices)] if not unassigns else rng.choice(slices)
        members = range(first + 1, first + 51)
        if unassigns and rng.randrange(100) < unassigns:
            draw.job("unassign", target, members)
            for member in members:
                traffic.rows.pop((target, member), None)
        else:
            draw.job("assign", target, members, "student")
            for member in members:
                traffic.rows[(target, member)] = "student"
    return traffic
