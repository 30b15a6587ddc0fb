"""One writer thread that commits in groups, and readers beside it."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Connection, CursorResult, Engine, Executable, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from hulk.kernel.durable import Change
from hulk.kernel.errors import HulkError, Unavailable
from hulk.runtime.store.database import engine_for

log = structlog.get_logger(__name__)
T = TypeVar("T")

GROUP = 512
"""The most change groups in one transaction."""


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
        insert = postgresql.insert if self.connection.dialect.name == "postgresql" else sqlite.insert
        return self.execute(insert(table).values(values).on_conflict_do_nothing()).rowcount == 1

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


@dataclass(frozen=True, slots=True)
class _Group:
    changes: Sequence[Change[Any]]
    result: "Future[tuple[list[Any], list[Callable[[], None]]]]"


class Store:
    """Commits changes and answers reads. Made by `opened`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="store-read")
        self._writer = threading.Thread(target=self._write, name="store-write", daemon=True)
        self._writer.start()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    async def commit(self, *changes: Change[Any]) -> list[Any]:
        """Apply `changes` in order, all or none; give their results once they are on disk.

        Raises what a change raises, and `Unavailable` when the database is away, locked or full."""
        group = _Group(changes, Future())
        self._waiting.put(group)
        results, after = await asyncio.wrap_future(group.result)
        for act in after:
            act()
        return results

    async def read(self, query: Callable[[Connection], T]) -> T:
        """What `query` gives on a connection of its own; raises `Unavailable` when the database is away."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    def _read(self, query: Callable[[Connection], T]) -> T:
        with _translated(), self.engine.connect() as connection:
            return query(connection)

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            groups, last = self._gathered(first)
            self._commit(groups)
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

    def _commit(self, groups: list[_Group]) -> None:
        """All groups in one transaction; when that fails, each in one of its own, so that none pays for another's mistake."""
        try:
            outcomes = self._together(groups)
        except Exception as error:  # noqa: BLE001  # every kind of failure belongs to whoever waits for the group
            if len(groups) == 1:
                groups[0].result.set_exception(error)
                return
            for group in groups:
                self._commit([group])
            return
        for group, outcome in zip(groups, outcomes, strict=True):
            group.result.set_result(outcome)

    def _together(self, groups: list[_Group]) -> list[tuple[list[Any], list[Callable[[], None]]]]:
        outcomes: list[tuple[list[Any], list[Callable[[], None]]]] = []
        with _translated(), self.engine.connect() as connection, connection.begin():
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            shared = _Shared()
            for group in groups:
                transaction = Transaction(connection, shared)
                results = [change(transaction) for change in group.changes]
                outcomes.append((results, transaction._after))  # noqa: SLF001  # the store's own
            for act in shared.closing:
                act()
        return outcomes

    def close(self) -> None:
        """Commit what waits, then close every connection."""
        self._waiting.put(None)
        self._writer.join()
        self._readers.shutdown()
        self.engine.dispose()


@contextlib.contextmanager
def _translated() -> Any:
    """Database trouble in words; bugs (a wrong statement, a broken constraint) pass through."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(error) from error


def _unavailable(error: DBAPIError) -> HulkError:
    reason = str(error.orig).strip().split("\n")[0]
    if "disk is full" in reason or "No space left" in reason:
        return Unavailable("The disk is full: nothing was written. Free some space; Hulk goes on by itself.", retry_after=5)
    if "readonly" in reason:
        return Unavailable("The database cannot be written: {reason}. Check the rights of the data folder.", reason=reason)
    log.warning("store_unavailable", reason=reason)
    return Unavailable("The database is not available right now: {reason}.", retry_after=1, reason=reason)


@contextlib.asynccontextmanager
async def opened(url: str, data: Path) -> AsyncIterator[Store]:
    """The store of that URL (empty: SQLite in `data`), closed at the end. Raises `Unavailable` when it does not answer."""
    store = Store(engine_for(url, data))
    try:
        await store.read(lambda connection: connection.execute(text("select 1")).scalar_one())
        yield store
    finally:
        await asyncio.to_thread(store.close)
