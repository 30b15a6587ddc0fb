"""Acting in turn: of the processes that share a PostgreSQL, one at a time reads, acts elsewhere, and writes down that it has."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, text

from hulk.runtime.store.trouble import translated

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Turn(Generic[T]):
    """What is done in turn with those that have the same `key`, a number of one's own: unless what `read` gives is empty, `act` on it, on
    the event loop, then `write`. That may be written again after a crash of the database's machine, as if it had not been: it is to say
    only what has been done."""

    key: int
    read: Callable[[Connection], T]
    act: Callable[[T], Coroutine[Any, Any, None]]
    write: Callable[[Connection, T], object]


async def taken(engine: Engine, threads: Executor, turn: Turn[T]) -> T | None:
    """What `read` gave, once all was done; None when another process has its turn. Raises what `act` raises: nothing was written then.

    Who is frozen meanwhile loses its turn as it loses any transaction (`database.FROZEN_SECONDS`)."""
    acting = _Acting(turn, asyncio.get_running_loop())
    done = acting.loop.run_in_executor(threads, acting.alone, engine)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        acting.stop()
        await asyncio.wait([done])
        _ = done.cancelled() or done.exception()  # nobody else asks how it ended
        raise


@dataclass(slots=True)
class _Acting(Generic[T]):
    """A turn in a thread, whose act is on the loop; it may be stopped at any moment."""

    turn: Turn[T]
    loop: asyncio.AbstractEventLoop
    _act: "Future[None] | None" = None
    _stopped: bool = False

    def alone(self, engine: Engine) -> T | None:
        """The turn, in the thread."""
        with translated(), engine.begin() as connection:
            if not connection.execute(_TAKE, {"key": self.turn.key}).scalar_one():
                return None
            if found := self.turn.read(connection):
                self._acted(found)
                self.turn.write(connection, found)
            return found

    def _acted(self, found: T) -> None:
        self._act = asyncio.run_coroutine_threadsafe(self.turn.act(found), self.loop)
        if self._stopped:
            self._act.cancel()
        self._act.result()

    def stop(self) -> None:
        """Have its act cancelled, even if it begins only now."""
        self._stopped = True
        if self._act is not None:
            self._act.cancel()


_TAKE = text("select pg_try_advisory_xact_lock(:key) and set_config('synchronous_commit', 'off', true) is not null")
"""Takes the turn until the transaction ends, which waits for no disk (https://www.postgresql.org/docs/18/wal-async-commit.html)."""
