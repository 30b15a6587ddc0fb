"""All that can be asked of the journal, over a store."""

from collections.abc import Collection

from hulk.kernel.time import Clock, utc_now
from hulk.runtime.store import Store
from hulk.runtime.workflows.queries.dead import Dead, DeadLetter, Which, dead_letters, groups, meant
from hulk.runtime.workflows.queries.payload import Part, payload_of
from hulk.runtime.workflows.queries.queues import Queue, Standing, queues, standing
from hulk.runtime.workflows.queries.runs import Run, Step, counts, run_of, steps_of, the_run
from hulk.runtime.workflows.queries.search import Page, Search, searched
from hulk.runtime.workflows.queries.timeline import WHOLE, Timeline, Window, timeline_of


class RunQueries:
    """What can be asked of the journal."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    async def search(self, search: Search, limit: int = 50, after: str | None = None) -> Page:
        """The newest runs that fit, from the cursor `after` on; raises `Refused` for a cursor that is none."""
        return await self._store.read(lambda connection: searched(connection, search, limit, after))

    async def run(self, run_id: str, most: int | None = None) -> tuple[Run, list[Step]]:
        """A run and its recorded steps in order, at most so many; raises `NotFound`."""
        return await self._store.read(lambda connection: (run_of(the_run(connection, run_id)), steps_of(connection, run_id, 0, most)))

    async def alone(self, run_id: str) -> Run:
        """A run without its steps, which costs the same whether there is one or not; raises `NotFound`."""
        return await self._store.read(lambda connection: run_of(the_run(connection, run_id)))

    async def timeline(self, run_id: str, window: Window = WHOLE) -> Timeline:
        """What became of a run, in that part of its time; raises `NotFound`."""
        return await self._store.read(lambda connection: timeline_of(connection, run_id, window))

    async def payload(self, run_id: str, part: Part) -> str:
        """What a run was given, recorded in a step or resulted in, as JSON text (at most `payloads.MOST_BYTES`). Raises `NotFound` for a
        run, step or result that is not there."""
        return await self._store.read(lambda connection: payload_of(connection, run_id, part))

    async def dead_letters(self, tenant: str | None = None, limit: int = 50) -> list[DeadLetter]:
        """The newest runs that belong to the dead letters."""
        return await self._store.read(lambda connection: dead_letters(connection, tenant, limit))

    async def dead_groups(self, tenant: str | None = None, within: Collection[str] | None = None) -> list[Dead]:
        """How many dead letters there are of each workflow and kind of error, the most first; those in the namespaces `within`."""
        return await self._store.read(lambda connection: groups(connection, tenant, within))

    async def dead_meant(self, which: Which, limit: int) -> tuple[list[str], int]:
        """The oldest of those dead letters, at most `limit`, and how many there are in all."""
        return await self._store.read(lambda connection: meant(connection, which, limit))

    async def queues(self, tenant: str | None = None, within: Collection[str] | None = None) -> list[Queue]:
        """All queues, by name, with the runs of a tenant or of all, in the namespaces `within` or in all."""
        return await self._store.read(lambda connection: queues(connection, tenant, within, self._clock()))

    async def standing(self) -> Standing:
        """How many runs are not at their end, and how many dead letters there are."""
        return await self._store.read(standing)

    async def counts(self) -> dict[str, int]:
        """How many runs there are in each status. Goes through all there are."""
        return await self._store.read(counts)
