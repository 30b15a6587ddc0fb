"""Hearing a Mattermost server: what its websocket tells, in order, and by REST whatever that left out."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from hulk.kernel.errors import HulkError, Unavailable
from hulk.modules.channels.adapters.mattermost.catching_up import CatchUp
from hulk.modules.channels.adapters.mattermost.marks import Mark
from hulk.modules.channels.adapters.mattermost.posts import Id, post_of
from hulk.modules.channels.adapters.mattermost.server import Server
from hulk.modules.channels.adapters.mattermost.socket import Socket, opened
from hulk.modules.channels.adapters.mattermost.sorting import Sorter
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Heard

Marked = Callable[[str], Awaitable[None]]
SWEEP_SECONDS = 300.0
"""How often it is asked by REST whether anything was missed, though nothing seems to be."""
_HELLO_SECONDS = 20.0
_BATCH = 50
"""Events that are given on together; and after which the mark is kept even if nothing in them was for Hulk: far less than the server has
for a line that is taken up again (128)."""


class Team(BaseModel):
    """A team, of which only the id matters."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id


@dataclass(frozen=True, slots=True)
class MattermostListens:
    """Hears as one bot. `team` is the name of the only team whose channels it hears; empty: all."""

    server: Server
    sorter: Sorter
    team: str = ""

    async def listen(self, heard: Heard, mark: str, marked: Marked) -> None:
        """See `Listens`. It returns when a line is cut that was there: at best it is taken up again."""
        await self.server.asked_me()
        await self.server.client()
        if self.team:
            self.sorter.team = (await self.server.get(Team, f"/teams/name/{self.team}")).id
        begun = Mark.parsed(mark)
        at = begun or Mark()
        async with opened(self.server, at.connection, at.sequence) as socket, _read(socket) as told:
            await Line(self.server, self.sorter, heard, marked, told, at, fresh=begun is None).run()


@dataclass(slots=True)
class Line:
    """One line while it is open. `mark` is what is safe; `fresh`: nothing was ever heard, and what was before does not matter."""

    server: Server
    sorter: Sorter
    heard: Heard
    marked: Marked
    told: "asyncio.Queue[dict[str, Any] | HulkError | None]"
    mark: Mark
    fresh: bool
    _unkept: int = 0

    async def run(self) -> None:
        """Give on all that is told, until the line is cut. Raises what keeps it from being heard."""
        batch, looked = await self._batch(_HELLO_SECONDS), time.monotonic()
        if not batch:
            raise Unavailable("{vendor} does not answer.", vendor=self.server.vendor.called)
        if isinstance(batch[0], dict):  # a sign of life: one that is taken up again may have nothing to tell
            await self.heard(())
        while await self._given(batch):
            if time.monotonic() - looked >= SWEEP_SECONDS:
                await self._catch_up()
                looked = time.monotonic()
            batch = await self._batch(SWEEP_SECONDS)

    async def _batch(self, wait: float) -> list[dict[str, Any] | HulkError | None]:
        """What was told by now, waiting for the first; nothing when there was none for so long."""
        batch = list[dict[str, Any] | HulkError | None]()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                batch.append(await self.told.get())
        while batch and len(batch) < _BATCH and not self.told.empty():
            batch.append(self.told.get_nowait())
        return batch

    async def _given(self, batch: list[dict[str, Any] | HulkError | None]) -> bool:
        """Whether there may be more."""
        arrivals, over = list[Arrival](), False
        at = self.mark
        for one in batch:
            if one is None or isinstance(one, HulkError):
                over = True
                break
            if isinstance(one.get("event"), str):
                at = await self._event(one, at, arrivals)
        await self._safe(at, arrivals)
        if batch and isinstance(batch[-1], HulkError):
            raise batch[-1]
        return not over

    async def _event(self, told: dict[str, Any], at: Mark, arrivals: list[Arrival]) -> Mark:
        """What it says is added to `arrivals`; how far that is. Before one that does not come next, what is missing is asked for."""
        event, data, number = told["event"], told.get("data"), told.get("seq")
        data = data if isinstance(data, dict) else {}
        if event == "hello":
            return await self._hello(str(data.get("connection_id", "")), at, arrivals)
        if not isinstance(number, int):
            return at
        if number != at.sequence:
            at = await self._missed(at, arrivals)
        if (arrival := await self.sorter.told(event, data)) is not None:
            arrivals.append(arrival)
        self._unkept += 1
        post = post_of(data.get("post")) if event == "posted" else None
        at = replace(at, sequence=number + 1)
        return at if post is None else at.heard(post.channel_id, post.id, post.create_at).up_to(post.create_at)

    async def _hello(self, connection: str, at: Mark, arrivals: list[Arrival]) -> Mark:
        """A line that is another than before knows nothing of what was missed."""
        taken_up = connection == at.connection
        at = replace(at, connection=connection, sequence=1)
        return at if taken_up else await self._missed(at, arrivals)

    async def _missed(self, at: Mark, arrivals: list[Arrival]) -> Mark:
        """Nothing that is kept on the way says that the line may be taken up: who dies here must begin here again."""
        await self._safe(replace(at, connection=""), arrivals)
        arrivals.clear()
        self.sorter.unsure()
        await self._catch_up()
        await self._kept(replace(self.mark, connection=at.connection, sequence=at.sequence))
        return self.mark

    async def _catch_up(self) -> None:
        if self.fresh:
            newest = max((room.last_post_at for room in await self.server.rooms()), default=0)
            self.mark, self.fresh = self.mark.up_to(newest), False
            await self.marked(str(self.mark))
            return
        self.mark = await CatchUp(self.server, self.sorter)(self.mark, self.heard, self._kept)

    async def _safe(self, at: Mark, arrivals: list[Arrival]) -> None:
        """Give them on, and then keep how far that is."""
        if arrivals:
            await self.heard(arrivals)
        if arrivals or self._unkept >= _BATCH:
            await self._kept(at)
        self.mark = at

    async def _kept(self, at: Mark) -> None:
        await self.marked(str(at))
        self.mark, self._unkept = at, 0


@contextlib.asynccontextmanager
async def _read(socket: Socket) -> AsyncIterator["asyncio.Queue[dict[str, Any] | HulkError | None]"]:
    """What the line tells while something else is done: at its end None, or why it ended. It is read on so that signs of life are given."""
    told: asyncio.Queue[dict[str, Any] | HulkError | None] = asyncio.Queue(1_000)

    async def read() -> None:
        try:
            while (one := await socket.next()) is not None:
                await told.put(one)
            await told.put(None)
        except HulkError as error:
            await told.put(error)

    problem: HulkError | None = None
    async with asyncio.TaskGroup() as group:
        task = group.create_task(read())
        try:
            yield told
        except HulkError as error:  # told without the group's wrapping
            problem = error
        finally:
            task.cancel()
    if problem is not None:
        raise problem
