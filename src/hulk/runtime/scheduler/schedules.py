"""Where schedules are kept: SQL, each change guarded by the row's version."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, or_, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.runtime.scheduler.schedule import Schedule
from hulk.runtime.scheduler.tables import schedule_table
from hulk.runtime.store import Store, Transaction

_NAMES = tuple(Schedule.__dataclass_fields__)


class Schedules:
    """The table of schedules."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, schedule: Schedule) -> Change[None]:
        """Keep a new one; raises `Conflict` when its tenant has one of that name."""

        def change(tx: Transaction) -> None:
            if not tx.insert_new(schedule_table, _columns(schedule)):
                raise Conflict("There is a schedule “{name}” already. Use another name, or change that one.", name=schedule.name)

        return change

    def replace(self, schedule: Schedule) -> Change[bool]:
        """Keep what became of `schedule`; False when it was changed or removed since it was read."""
        columns = {**_columns(schedule), "version": schedule.version + 1}
        at = and_(schedule_table.c.id == schedule.id, schedule_table.c.version == schedule.version)

        def change(tx: Transaction) -> bool:
            return tx.execute(update(schedule_table).where(at).values(columns)).rowcount == 1

        return change

    def remove(self, schedule: Schedule) -> Change[None]:
        """Forget it."""

        def change(tx: Transaction) -> None:
            tx.execute(delete(schedule_table).where(schedule_table.c.id == schedule.id))

        return change

    async def change(self, tenant: str, wanted: str, act: Callable[[Schedule], Schedule]) -> Schedule:
        """Keep what `act` makes of a tenant's schedule (id or name); read again when somebody was faster. Raises `NotFound`."""
        while True:
            changed = act(await self.find(tenant, wanted))
            if (await self._store.commit(self.replace(changed)))[0]:
                return replace(changed, version=changed.version + 1)

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


def _columns(schedule: Schedule) -> dict[str, Any]:
    return asdict(schedule)


def _schedule(row: Row[Any]) -> Schedule:
    return Schedule(**{name: getattr(row, name) for name in _NAMES})
