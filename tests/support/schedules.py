"""Schedules under test: a scheduler whose firings leave marks in a table, and a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, insert, select

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.records import JsonObject
from hulk.kernel.time import utc_now
from hulk.runtime.bus import Bus
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.outbox import Outbox
from hulk.runtime.outbox.tables import event_table
from hulk.runtime.scheduler import Firing, Kind, Policy, Schedule, Scheduler
from hulk.runtime.store import Store, Transaction
from hulk.runtime.telemetry import Metrics

KEY = b"test"
mark_table = Table("test_firing", MetaData(), Column("firing", String(64)), Column("schedule", String(64)), Column("by", String(16)))
NOW = datetime(2054, 11, 21, 12, tzinfo=UTC)
"""A moment that is not past while these tests are: JetStream, which knows no other clock than its own, would fire at once."""


def a_schedule(
    kind: Kind = "every", expression: str = "1s", *, now: datetime | None = None, name: str = "disk", policy: Policy = "run", **more: Any
) -> Schedule:
    """A schedule of acme's in Berlin that leaves marks."""
    made = now or utc_now()
    blank = Schedule(
        id=ids.new("sch"), tenant="acme", name=name, owner="key:ana", kind=kind, expression="", zone="Europe/Berlin", begins="mark",
        wish={"n": 1}, policy=policy, created=made, **more,
    )  # fmt: skip
    return blank.timed(made, kind, expression, "Europe/Berlin")


@dataclass(slots=True)
class Hands:
    """A clock that the test moves."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """What it shows."""
        return self.now

    def move(self, **more: float) -> datetime:
        """Show later."""
        self.now += timedelta(**more)
        return self.now


@dataclass(slots=True)
class Marking:
    """Begins marks; raises `trouble` instead, when there is one."""

    by: str = "one"
    trouble: list[Exception] = field(default_factory=list)

    async def __call__(self, firing: Firing) -> tuple[str, Change[Any]]:
        """The mark."""
        if self.trouble:
            raise self.trouble[-1]

        def mark(tx: Transaction) -> None:
            tx.execute(insert(mark_table), {"firing": firing.id, "schedule": firing.schedule.id, "by": self.by})

        return f"mark_{firing.id}", mark


def a_scheduler(store: Store, bus: Bus, marking: Marking | None = None, **more: Any) -> Scheduler:
    """A scheduler of one process, not running yet."""
    mark_table.create(store.engine, checkfirst=True)
    return Scheduler(store, bus, Outbox(store, KEY), {"mark": marking or Marking()}, Metrics(), **more)


@asynccontextmanager
async def at_work(*schedulers: Scheduler) -> AsyncIterator[None]:
    """They run while the block lasts."""
    if not schedulers:
        yield
        return
    async with meanwhile(schedulers[0].run()), at_work(*schedulers[1:]):
        yield


async def marks(store: Store) -> list[str]:
    """The firings that left marks, in order."""
    return await store.read(lambda connection: [row.firing for row in connection.execute(select(mark_table))])


async def ticks(store: Store) -> list[JsonObject]:
    """What the trail says of firings, in order."""
    query = select(event_table.c.data).where(event_table.c.type == "hulk.scheduler.tick.v1").order_by(event_table.c.sequence)
    return await store.read(lambda connection: [dict(row.data) for row in connection.execute(query)])
