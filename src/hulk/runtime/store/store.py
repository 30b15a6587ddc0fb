"""One writer thread that commits in groups, and readers beside it."""

import asyncio
import contextlib
import functools
import queue
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection, CursorResult, Engine, Executable, Insert, Table, text
from sqlalchemy.dialects import postgresql, sqlite

from hulk.kernel.durable import Change
from hulk.kernel.errors import Unavailable
from hulk.runtime.store.database import BUSY_SECONDS, engine_for
from hulk.runtime.store.trouble import Away, Collided, Trouble, translated

log = structlog.get_logger(__name__)
T = TypeVar("T")

GROUP = 512
"""The most change groups in one transaction."""
COLLISIONS = 10
"""How often a transaction is tried again that the database ended because of another process's."""


@dataclass(slots=True)
class _Shared:
    """What the groups of one database transaction share."""

    memo: dict[str, Any] = field(default_factory=dict)
    closing: list[Callable[[], None]] = field(default_factory=list)


@dataclass(slots=True)
class Transaction:
    """The transaction that changes are applied to. `execute` is all that most need."""

    connection: Connection
    _shared: "_Shared"
    _after: list[Callable[[], None]] = field(default_factory=list)

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement; its result has `rowcount`, `one()`, `scalar()`…"""
        return self.connection.execute(statement, parameters)

    def insert_new(self, table: Table, values: Mapping[str, Any]) -> bool:
        """Insert a row unless one with the same key is there; whether it was inserted."""
        return self.execute(_insert_new(self.connection.dialect.name, table), values).rowcount == 1

    def put(self, table: Table, values: Mapping[str, Any]) -> None:
        """Insert a row; one with the same key is overwritten."""
        statement = _insert(self.connection.dialect.name, table).values(values)
        self.execute(statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values))

    def once(self, key: str, make: Callable[[], T], before_commit: Callable[[T], None]) -> T:
        """What `make` gave for `key` in this database transaction, made at the first call; `before_commit` gets it at the end.

        Lets many changes that commit together pay once for what they share, such as the head of a chain."""
        if key not in self._shared.memo:
            made = self._shared.memo[key] = make()
            self._shared.closing.append(lambda: before_commit(made))
        return cast("T", self._shared.memo[key])

    def after(self, act: Callable[[], None]) -> None:
        """Have `act` called on the event loop once this transaction is on disk; never when it is rolled back."""
        self._after.append(act)


@functools.cache
def _insert_new(dialect: str, table: Table) -> Insert:
    counted = {"preserve_rowcount": True}  # SQLAlchemy keeps it for updates and deletes only, and psycopg drops it
    return _insert(dialect, table).on_conflict_do_nothing().execution_options(**counted)


def _insert(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that may say what is done about a row that is there; each dialect has its own."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


@dataclass(eq=False, frozen=True, slots=True)
class _Group:
    """Changes that somebody waits for, all or none."""

    changes: Sequence[Change[Any]]
    result: "asyncio.Future[list[Any]]"

    def apply(self, transaction: Transaction) -> list[Any]:
        return [change(transaction) for change in self.changes]


@dataclass(frozen=True, slots=True)
class _Settled:
    """How it went for a group: what its changes gave, or why nothing was written."""

    group: _Group
    outcome: list[Any] | Exception
    after: Sequence[Callable[[], None]] = ()

    def tell(self) -> None:
        """On the event loop: call what was to be called after the commit, then whoever waits, if they still do."""
        for act in self.after:
            self.group.result.get_loop().call_soon(act)
        if self.group.result.done():
            return
        if isinstance(self.outcome, Exception):
            self.group.result.set_exception(self.outcome)
        else:
            self.group.result.set_result(self.outcome)


class _Mistake(Exception):
    """A group whose change failed, and nobody else's."""

    def __init__(self, group: _Group, error: Exception) -> None:
        super().__init__(group)
        self.settled = _Settled(group, error)


class Store:
    """Commits changes and answers reads. Made by `opened`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="store-read")
        self._writer = threading.Thread(target=self._write, name="store-write", daemon=True)
        self._writer.start()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

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

    def _read(self, query: Callable[[Connection], T]) -> T:
        with translated(), self.engine.connect() as connection:
            return query(connection)

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            groups, last = self._gathered(first)
            settled = self._commit(groups)
            _report(settled)
            _deliver(settled)
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

    def _commit(self, groups: Sequence[_Group]) -> list[_Settled]:
        """All groups in one transaction, but those whose own change fails: the others do not pay for their mistake."""
        mistaken: list[_Settled] = []
        collisions = 0
        while True:
            try:
                return mistaken + self._together(groups)
            except _Mistake as mistake:
                mistaken.append(mistake.settled)
                groups = [group for group in groups if group is not mistake.settled.group]
            except Collided as error:
                collisions += 1
                if collisions > COLLISIONS:
                    return mistaken + _failed(groups, error)
            except Exception as error:  # noqa: BLE001  # every kind of failure belongs to whoever waits for the groups
                return mistaken + (_failed(groups, error) if len(groups) == 1 or isinstance(error, Away) else self._apart(groups))

    def _apart(self, groups: Sequence[_Group]) -> list[_Settled]:
        """Each group in a transaction of its own: it is not known whose fault it was that they could not commit together."""
        settled: list[_Settled] = []
        for position, group in enumerate(groups):
            settled += self._commit([group])
            if isinstance(settled[-1].outcome, Away):
                return settled + _failed(groups[position + 1 :], settled[-1].outcome)
        return settled

    def _together(self, groups: Sequence[_Group]) -> list[_Settled]:
        if not groups:
            return []
        with translated(), self.engine.connect() as connection, connection.begin():
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            shared = _Shared()
            settled = [_applied(group, Transaction(connection, shared)) for group in groups]
            for act in shared.closing:
                act()
        return settled

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        with self._closing:
            self._closed = True
            self._waiting.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()


def _applied(group: _Group, transaction: Transaction) -> _Settled:
    try:
        with translated():
            return _Settled(group, group.apply(transaction), transaction._after)  # noqa: SLF001  # the store's own
    except (Away, Collided):
        raise
    except Exception as error:
        raise _Mistake(group, error) from error


def _failed(groups: Sequence[_Group], error: Exception) -> list[_Settled]:
    """The same failure for each; an error of ours as one of its own for each, since raising adds to it."""
    return [_Settled(group, error.again() if isinstance(error, Trouble) else error) for group in groups]


def _report(settled: Sequence[_Settled]) -> None:
    reasons = [str(one.outcome) for one in settled if isinstance(one.outcome, Trouble)]
    if reasons:
        log.warning("store_unavailable", commits=len(reasons), reason=reasons[0])


def _deliver(settled: Sequence[_Settled]) -> None:
    """Tell each group's event loop how it went, in the order of the commit; a loop that is closed has nobody waiting."""
    loops: defaultdict[asyncio.AbstractEventLoop, list[_Settled]] = defaultdict(list)
    for one in settled:
        loops[one.group.result.get_loop()].append(one)
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, theirs)


def _tell(settled: Sequence[_Settled]) -> None:
    for one in settled:
        one.tell()


@contextlib.asynccontextmanager
async def opened(url: str, data: Path, *, busy: float = BUSY_SECONDS) -> AsyncIterator[Store]:
    """The store of that URL (empty: SQLite in `data`), closed at the end. Raises `Unavailable` when it does not answer."""
    store = Store(engine_for(url, data, busy=busy))
    try:
        await store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        yield store
    finally:
        await asyncio.to_thread(store.close)
