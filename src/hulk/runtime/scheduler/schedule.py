"""A schedule, and what is due of it. Pure rules."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal, TypeAlias

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.kernel.time import iso
from hulk.runtime.scheduler.timetable import Kind, Timetable, timetable, upcoming, written

Policy: TypeAlias = Literal["run", "skip"]
"""What happens to a firing that was missed, because no Hulk ran or the store was away: run once, now; or skip."""

MISSED = timedelta(seconds=30)
"""A firing that late is a missed one; one that is less late was only waiting for its turn."""
MOST_COUNTED = 1000
"""Missed moments are counted up to here; a schedule of every second that slept for a year has 30 million of them."""
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule. `begins` is the kind of thing it begins (`intent`, …) and `wish` what that needs to know; `next` the moment it
    fires at (None: never again), `asked` one at which somebody wanted it to fire besides; `begun` is the id of what it began
    last; `missed` counts moments at which it should have fired and did not. `version` grows with each change."""

    id: str
    tenant: str
    namespace: str = DEFAULT_NAMESPACE
    name: str
    owner: str
    kind: Kind
    expression: str
    zone: str
    begins: str
    wish: JsonObject
    policy: Policy
    paused: bool = False
    next: datetime | None = None
    asked: datetime | None = None
    last: datetime | None = None
    begun: str | None = None
    problem: JsonObject | None = None
    fired: int = 0
    missed: int = 0
    version: int = 1
    created: datetime

    @property
    def timetable(self) -> Timetable:
        """Its moments, paused or not."""
        return timetable(self.kind, self.expression, self.zone, self.created)

    @property
    def moment(self) -> datetime | None:
        """When it is to be looked at next; None for one that rests."""
        return self.asked or (None if self.paused else self.next)

    def upcoming(self, now: datetime, most: int) -> list[datetime]:
        """The next moments at which it fires, none while it is paused."""
        return [] if self.paused else list(upcoming(self.timetable, now, most))

    def timed(self, now: datetime, kind: Kind, expression: str, zone: str) -> "Schedule":
        """The same at other moments; raises `Refused` when they are wrong or none is to come."""
        kept = written(kind, expression, zone)
        following = timetable(kind, kept, zone, self.created).after(now)
        if following is None:
            raise Refused("“{expression}” never comes: it has passed, or there is no such date.", expression=expression)
        return replace(self, kind=kind, expression=kept, zone=zone, next=following)

    def wishing(self, begins: str, wish: JsonObject) -> "Schedule":
        """The same, beginning something else."""
        return replace(self, begins=begins, wish=wish)

    def keeping(self, policy: Policy) -> "Schedule":
        """The same, with another policy for what was missed."""
        return replace(self, policy=policy)

    def paused_now(self) -> "Schedule":
        """The same, at rest."""
        return replace(self, paused=True)

    def resumed(self, now: datetime) -> "Schedule":
        """The same, no longer at rest; what would have fired meanwhile was not missed."""
        return replace(self, paused=False, next=self.timetable.after(now)) if self.paused else self

    def asking(self, now: datetime) -> "Schedule":
        """The same, to fire at once besides."""
        return replace(self, asked=now)

    def due(self, now: datetime) -> "Firing | None":
        """What is to fire now; asking for it goes first, then the timetable."""
        if self.asked is not None:
            return Firing(schedule=self, moment=self.asked, now=now, asked=True)
        if self.paused or self.next is None or self.next > now:
            return None
        return Firing(schedule=self, moment=self.next, now=now, asked=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """A moment of a schedule that has come. The same moment has the same `id` in every process."""

    schedule: Schedule
    moment: datetime
    now: datetime
    asked: bool

    @property
    def id(self) -> str:
        """Made of the schedule and the moment; what is begun carries it as its idempotency key."""
        return ids.derived("fire", self.schedule.id, "asked" if self.asked else "timed", iso(self.moment))

    @property
    def late(self) -> timedelta:
        """How long after its moment this is."""
        return max(timedelta(0), self.now - self.moment)

    @property
    def skipped(self) -> bool:
        """Whether it was missed and shall not be made up for."""
        return not self.asked and self.late >= MISSED and self.schedule.policy == "skip"

    @property
    def missed(self) -> int:
        """How many moments pass with this one without anything being begun for them; at most `MOST_COUNTED` and one."""
        if self.asked:
            return 0
        passed = takewhile(lambda moment: moment <= self.now, upcoming(self.schedule.timetable, self.moment, MOST_COUNTED))
        return sum(1 for _ in passed) + self.skipped

    def advanced(self) -> Schedule:
        """The schedule with this moment behind it, and all others that have passed."""
        if self.asked:
            return replace(self.schedule, asked=None)
        return replace(self.schedule, next=self.schedule.timetable.after(self.now), missed=self.schedule.missed + self.missed)

    def fired(self, begun: str | None, problem: JsonObject | None) -> Schedule:
        """The same, with what was begun, or why nothing could be."""
        moved = self.advanced()
        return replace(moved, last=self.moment, begun=begun or moved.begun, problem=problem, fired=moved.fired + (begun is not None))


def named(name: str) -> str:
    """`name` if a schedule may be called so; raises `Refused`."""
    trimmed = name.strip()
    if not 0 < len(trimmed) <= LONGEST_NAME or not trimmed.isprintable():
        raise Refused(
            "A schedule's name has 1 to {most} printable characters; this one has {count}.", most=LONGEST_NAME, count=len(trimmed)
        )
    return trimmed
