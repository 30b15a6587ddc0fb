"""Where schedules are kept: SQL, each change guarded by the row's version, and told to the trail with who made it, and why."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from hulk.kernel.durable import Change, followed
from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.events import Event, Trail, changed_as, digest, reasoned
from hulk.kernel.records import JsonObject, fields_of
from hulk.kernel.time import iso
from hulk.runtime.scheduler.schedule import Schedule
from hulk.runtime.scheduler.tables import schedule_table
from hulk.runtime.store import Store, Transaction

What: TypeAlias = Literal["created", "changed", "removed", "asked"]
"""What somebody does to a schedule."""


class Schedules:
    """The table of schedules."""

    def __init__(self, store: Store, trail: Trail) -> None:
        self._store = store
        self._trail = trail

    async def add(self, schedule: Schedule, reason: str = "") -> None:
        """Keep a new one of its owner's; raises `Conflict` when its tenant has one of that name."""

        def change(tx: Transaction) -> None:
            if not tx.insert_new(schedule_table, _columns(schedule)):
                raise Conflict("There is a schedule “{name}” already. Use another name, or change that one.", name=schedule.name)

        await self._store.commit(change, self._told("created", schedule.owner, reason, None, schedule))

    def replace(self, schedule: Schedule) -> Change[bool]:
        """Keep what became of `schedule`; False when it was changed or removed since it was read."""
        columns = {**_columns(schedule), "version": schedule.version + 1}
        at = and_(schedule_table.c.id == schedule.id, schedule_table.c.version == schedule.version)

        def change(tx: Transaction) -> bool:
            return tx.execute(update(schedule_table).where(at).values(columns)).rowcount == 1

        return change

    def kept(self, schedule: Schedule, also: Sequence[Change[Any]]) -> Change[bool]:
        """As `replace`, with `also` if it finds the schedule as it was."""
        return followed(self.replace(schedule), lambda won: also if won else [])

    async def remove(self, tenant: str, wanted: str, actor: str, reason: str = "") -> Schedule:
        """Forget a tenant's schedule (id or name); gives what it was. Raises `NotFound`."""
        found = await self.find(tenant, wanted)
        at = schedule_table.c.id == found.id
        removal = followed(
            lambda tx: tx.execute(delete(schedule_table).where(at)).rowcount,
            lambda gone: [self._told("removed", actor, reason, found, None)] if gone else [],
        )
        await self._store.commit(removal)
        return found

    async def change(
        self, tenant: str, wanted: str, act: Callable[[Schedule], Schedule], actor: str, reason: str = "", *, what: What = "changed"
    ) -> Schedule:
        """Keep what `act` makes of a tenant's schedule (id or name); read again when somebody was faster. Raises `NotFound`."""
        while True:
            found = await self.find(tenant, wanted)
            after = act(found)
            told = [] if plain(after) == plain(found) else [self._told(what, actor, reason, found, after)]
            if (await self._store.commit(self.kept(after, told)))[0]:
                return replace(after, version=after.version + 1)

    def _told(self, what: What, actor: str, reason: str, before: Schedule | None, after: Schedule | None) -> Change[None]:
        one = after or before
        assert one is not None  # noqa: S101  # a change is one of something
        data = {"name": one.name, **changed_as(plain, reasoned(reason), before, after)}
        return self._trail.append(Event(type=f"hulk.schedule.{what}.v1", subject=one.id, tenant=one.tenant, actor=actor, data=data))

    async def find(self, tenant: str, wanted: str) -> Schedule:
        """A tenant's schedule by id or name; raises `NotFound`."""
        either = or_(schedule_table.c.id == wanted, schedule_table.c.name == wanted)
        found = await self._read(and_(schedule_table.c.tenant == tenant, either))
        if not found:
            raise NotFound("There is no schedule “{wanted}”.", wanted=wanted[:100])
        return min(found, key=lambda one: one.id != wanted)

    async def get(self, id_: str) -> Schedule | None:
        """The schedule of that id, if it is still there."""
        return next(iter(await self._read(schedule_table.c.id == id_)), None)

    async def of_tenant(self, tenant: str) -> Sequence[Schedule]:
        """A tenant's schedules by name."""
        return await self._read(schedule_table.c.tenant == tenant)

    async def until(self, moment: datetime) -> Sequence[Schedule]:
        """Those of all tenants that are to be looked at until then."""
        timed = and_(schedule_table.c.next <= moment, schedule_table.c.paused.is_(False))
        return await self._read(or_(timed, schedule_table.c.asked <= moment))

    async def awake(self) -> Sequence[Schedule]:
        """Those of all tenants that will fire again."""
        return await self._read(and_(schedule_table.c.next.is_not(None), schedule_table.c.paused.is_(False)))

    async def _read(self, which: Any) -> list[Schedule]:
        query = select(schedule_table).where(which).order_by(schedule_table.c.name)

        def read(connection: Connection) -> list[Schedule]:
            return [_schedule(row) for row in connection.execute(query)]

        return await self._store.read(read)


def plain(schedule: Schedule) -> JsonObject:
    """What somebody can change about it; of what it begins, a digest: the text is not told."""
    return {
        "namespace": schedule.namespace, schedule.kind: schedule.expression, "timezone": schedule.zone, "missed": schedule.policy,
        "paused": schedule.paused, "begins": schedule.begins, "wish": digest(schedule.wish),
        "asked": schedule.asked and iso(schedule.asked),
    }  # fmt: skip


def _columns(schedule: Schedule) -> dict[str, Any]:
    return asdict(schedule)


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(**fields_of(Schedule, row))
