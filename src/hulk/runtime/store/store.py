"""One writer thread that commits in groups, and readers beside it."""

import asyncio
import contextlib
import functools
import queue
import random
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection, Engine, text

from hulk.kernel.durable import Change, Retry, backoff
from hulk.kernel.errors import Unavailable
from hulk.runtime.store.answers import Answer, deliver, failed
from hulk.runtime.store.counting import Counting
from hulk.runtime.store.database import BUSY_SECONDS, engine_for, reading
from hulk.runtime.store.login import Login
from hulk.runtime.store.lookup import Lookup
from hulk.runtime.store.quick import Connections
from hulk.runtime.store.transaction import Alike, Shared, Transaction
from hulk.runtime.store.trouble import Away, Collided, Dropped, Trouble, committing, translated
from hulk.runtime.store.turns import Turn, taken
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)
T = TypeVar("T")
K = TypeVar("K")

WRITER_CACHE = 4096
"""KiB of the database that the writer keeps in memory."""
GROUP = 512
"""The most change groups in one transaction."""
COLLISIONS = Retry(attempts=10, first=timedelta(milliseconds=10), most=timedelta(seconds=1))
"""How a transaction is tried again that the database ended because of another process's, or whose connection was lost. It waits a
little: who tries at once meets the other's next transaction, and may lose every time."""


@dataclass(eq=False, frozen=True, slots=True)
class _Group:
    """Changes that somebody waits for, all or none."""

    changes: Sequence[Change[Any]]
    result: "asyncio.Future[list[Any]]"

    def apply(self, transaction: Transaction) -> list[Any]:
        return [change(transaction) for change in self.changes]

    @property
    def alike(self) -> Alike[Any, Any] | None:
        """Its change, if that can be written together with others."""
        only = self.changes[0] if len(self.changes) == 1 else None
        return only if isinstance(only, Alike) else None

    def apart(self) -> "_Group":
        """The same, to be written alone."""
        return _Group([functools.partial(change) for change in self.changes], self.result)


class _Mistake(Exception):
    """A group whose change failed, and nobody else's."""

    def __init__(self, group: _Group, error: Exception) -> None:
        super().__init__(group)
        self.answer = Answer(group.result, error)


class _Unlike(Exception):
    """Of changes that were written at once not all went as expected."""


class Store:
    """Commits changes and answers reads. Made by `opened`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._reading = Connections(reading(engine))
        self._writing = Connections(engine, cache=WRITER_CACHE)
        self._waiting: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="store-read")
        self._lookups: dict[Any, Lookup[Any, Any]] = {}
        self._writer = threading.Thread(target=self._write, name="store-write", daemon=True)
        self._writer.start()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    def measure(self, metrics: Metrics) -> None:
        """Count the statements among the program's metrics; those to PostgreSQL, which others may count too. SQLite is part of us."""
        if self.dialect == "postgresql":
            about = "Statements sent to PostgreSQL."
            metrics.tally("postgres_queries_total", about, ("operation",), Counting(self.engine))

    async def commit(self, *changes: Change[Any]) -> list[Any]:
        """Apply `changes` in order, all or none; give their results once they are on disk.

        Raises what a change raises, and `Unavailable` when the database is away, locked or full. Who is cancelled while
        waiting does not know whether they were applied; if so, what was to be done after the commit is done."""
        group = _Group(changes, asyncio.get_running_loop().create_future())
        with self._closing:
            if self._closed:
                raise Unavailable("The store is closed: Hulk is stopping.")
            self._waiting.put(group)
        return await group.result

    async def read(self, query: Callable[[Connection], T]) -> T:
        """What `query` gives on a connection of its own; raises `Unavailable` when the database is away."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    async def in_turn(self, turn: Turn[list[T]]) -> list[T] | None:
        """What the turn's `read` gave, once its act was done; None when another process is at it. Raises what `act` raises, and
        `Unavailable` when the database is away. Of SQLite, which is one process's, its turn is always."""
        if self.dialect == "postgresql":
            return await taken(self.engine, self._readers, turn)
        if found := await self.read(turn.read):
            await turn.act(found)
            await self.commit(lambda tx: turn.write(tx.connection, found))
        return found

    async def look_up(self, query: Callable[[Connection, Sequence[K]], Mapping[K, T]], key: K) -> T | None:
        """What `query` gives for `key`, asked for many keys at once when many ask; raises as `read`. `query` is one of a module."""
        return await self._lookup(query)(key)

    def _lookup(self, query: Callable[[Connection, Sequence[K]], Mapping[K, T]]) -> Lookup[K, T]:
        if (found := self._lookups.get(query)) is None:
            ask = Lookup(lambda keys: self._read(lambda connection: query(connection, keys)), self._readers)
            found = self._lookups.setdefault(query, ask)
        return found

    def _read(self, query: Callable[[Connection], T]) -> T:
        try:
            return self._asked(query)
        except Dropped:
            return self._asked(query)

    def _asked(self, query: Callable[[Connection], T]) -> T:
        with translated(), self._reading.one() as connection:
            return query(connection)

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            groups, last = self._gathered(first)
            answers = self._commit(groups)
            _report(answers)
            deliver(answers)
            if last:
                return

    def _gathered(self, first: _Group) -> tuple[list[_Group], bool]:
        """All groups that wait now, and whether the writer was told to end."""
        groups = [first]
        while len(groups) < GROUP:
            try:
                group = self._waiting.get_nowait()
            except queue.Empty:
                return groups, False
            if group is None:
                return groups, True
            groups.append(group)
        return groups, False

    def _commit(self, groups: Sequence[_Group]) -> list[Answer]:
        """All groups in one transaction, but those whose own change fails: the others do not pay for their mistake."""
        mistaken: list[Answer] = []
        collisions = 0
        while True:
            try:
                return mistaken + self._together(groups)
            except _Mistake as mistake:
                mistaken.append(mistake.answer)
                groups = [group for group in groups if group.result is not mistake.answer.result]
            except _Unlike:
                groups = [group.apart() for group in groups]
            except Collided as error:
                collisions += 1
                if collisions == COLLISIONS.attempts:
                    return mistaken + _failed(groups, error)
                time.sleep(backoff(COLLISIONS, collisions - 1, random.random()).total_seconds())  # noqa: S311  # jitter, not a secret
            except Exception as error:  # noqa: BLE001  # every kind of failure belongs to whoever waits for the groups
                return mistaken + (_failed(groups, error) if len(groups) == 1 or isinstance(error, Away) else self._apart(groups))

    def _apart(self, groups: Sequence[_Group]) -> list[Answer]:
        """Each group in a transaction of its own: it is not known whose fault it was that they could not commit together."""
        answers: list[Answer] = []
        for position, group in enumerate(groups):
            answers += self._commit([group])
            if isinstance(answers[-1].outcome, Away):
                return answers + _failed(groups[position + 1 :], answers[-1].outcome)
        return answers

    def _together(self, groups: Sequence[_Group]) -> list[Answer]:
        if not groups:
            return []
        with translated(), self._writing.one() as connection, connection.begin() as transaction:
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            shared = Shared()
            answers = _all_applied(groups, lambda: Transaction(connection, shared))
            for act in shared.closing:
                act()
            with committing():
                transaction.commit()
        return answers

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        with self._closing:
            self._closed = True
            self._waiting.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._reading.close()
        self._writing.close()
        self.engine.dispose()


def _all_applied(groups: Sequence[_Group], begin: Callable[[], Transaction]) -> list[Answer]:
    """Those that are alike first, each kind of them written at once; then the others, in their order."""
    kinds: defaultdict[Any, list[_Group]] = defaultdict(list)
    for group in groups:
        kinds[group.alike and group.alike.write].append(group)
    others = kinds.pop(None, [])
    answers = [answer for alike in kinds.values() for answer in _written(alike, begin)]
    return answers + [_applied(group, begin(), group.apply) for group in others]


def _written(groups: Sequence[_Group], begin: Callable[[], Transaction]) -> list[Answer]:
    """Groups of one kind, written at once."""
    changes = [cast("Alike[Any, Any]", group.alike) for group in groups]
    if len(groups) == 1:
        return [_applied(groups[0], begin(), groups[0].apply)]
    _write(changes[0].write, begin(), [change.item for change in changes])
    return [_applied(group, begin(), change.applied) for group, change in zip(groups, changes, strict=True)]


def _write(write: Callable[[Transaction, Sequence[Any]], bool], transaction: Transaction, items: Sequence[Any]) -> None:
    """Raises `_Unlike` when not all were as expected, whatever the reason; what the reason was shows when each is written alone."""
    try:
        with translated():
            expected = write(transaction, items)
    except (Away, Collided):
        raise
    except Exception as error:
        raise _Unlike from error
    if not expected:
        raise _Unlike


def _applied(group: _Group, transaction: Transaction, apply: Callable[[Transaction], list[Any]]) -> Answer:
    try:
        with translated():
            return Answer(group.result, apply(transaction), transaction.following)
    except (Away, Collided):
        raise
    except Exception as error:
        raise _Mistake(group, error) from error


def _failed(groups: Sequence[_Group], error: Exception) -> list[Answer]:
    return failed([group.result for group in groups], error)


def _report(answers: Sequence[Answer]) -> None:
    reasons = [str(one.outcome) for one in answers if isinstance(one.outcome, Trouble)]
    if reasons:
        log.warning("store_unavailable", commits=len(reasons), reason=reasons[0])


@contextlib.asynccontextmanager
async def opened(url: str, data: Path, *, busy: float = BUSY_SECONDS, login: Login | None = None) -> AsyncIterator[Store]:
    """The store of that URL (empty: SQLite in `data`), closed at the end; `login` is who we are to PostgreSQL, unless the URL says it.
    Raises `Unavailable` when it does not answer."""
    store = Store(engine_for(url, data, busy=busy, login=login))
    try:
        await store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        yield store
    finally:
        await asyncio.to_thread(store.close)
