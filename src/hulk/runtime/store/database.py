"""Opening the database: one URL, and what each of the two kinds needs to be durable."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import stamina
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExecutionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.runtime.store.columns import SumExact, added_exact, dumps, loads
from hulk.runtime.store.login import Login, credentials

Dialect: TypeAlias = Literal["sqlite", "postgresql"]
PLANNED_ANEW: Final = {"planned_anew": True}
"""Options for executing a statement whose best plan depends on its values. SQLite plans all so."""
BUSY_SECONDS = 10.0
"""How long SQLite waits for another process's write lock."""
_PATIENCE = {"connect_timeout": 5, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""After how long a PostgreSQL that does not answer is taken to be gone (https://www.postgresql.org/docs/18/libpq-connect.html)."""

FROZEN_SECONDS = 3
"""How long a process may say nothing in the middle of a transaction. One that is frozen there holds rows that others wait for."""


def store_url(url: str, data: Path) -> URL:
    """The URL of the store: the given one, or SQLite in the data folder. Raises `Refused` for a kind that is not supported."""
    if not url:
        return URL.create("sqlite", database=str(data / "hulk.db"))
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Refused("store.url is not a URL. Use postgresql://user:password@host:5432/name, or leave it empty for SQLite.") from error
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite":
        return parsed.set(drivername="sqlite")
    raise Refused("store.url names {kind}; allowed: postgresql, sqlite.", kind=kind)


def engine_for(url: str, data: Path, *, readers: int = 4, busy: float = BUSY_SECONDS, login: Login | None = None) -> Engine:
    """An engine with connections for the writer, `readers` and one more; SQLite waits `busy` seconds for another's write lock.
    PostgreSQL is told who we are by `login`, else by the URL."""
    parsed = store_url(url, data)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, readers, busy)
    ways = {"json_serializer": dumps, "json_deserializer": loads}
    engine = create_engine(parsed, pool_size=readers + 1, max_overflow=0, connect_args=_PATIENCE, **ways)
    (login or Login(credentials(url))).listen(engine)
    event.listen(engine, "connect", _thawing_postgresql)
    event.listen(engine, "do_execute", _planned_anew)
    return engine


def _planned_anew(cursor: Any, statement: str, parameters: Any, context: ExecutionContext) -> bool:
    """A statement that is executed with `PLANNED_ANEW` is planned with its values. One that was prepared may get a plan for any values
    after five times, which for terms that many tickets have is up to a hundred times slower."""
    if "planned_anew" in context.execution_options:
        cursor.execute(statement, parameters, prepare=False)
        return True
    return False


def reading(engine: Engine) -> Engine:
    """The engine for reads: in PostgreSQL each statement by itself, which spares the server a begin and an end around it."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


def _sqlite(url: URL, readers: int, busy: float) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=readers + 2,
        max_overflow=0,
        pool_use_lifo=True,  # taken in turn, each would find that another has written since, and read its pages anew
        connect_args={"timeout": busy, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _durable_sqlite)
    return engine


def _thawing_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """A frozen process loses its transaction, and its next statement tells it so (`trouble.COLLISION`)."""
    with contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(f"set idle_in_transaction_session_timeout = '{FROZEN_SECONDS}s'")
    connection.commit()


def _durable_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """WAL with an fsync per commit (https://www.sqlite.org/pragma.html#pragma_synchronous); begin is said by us, not by the driver.

    Who reads keeps little in memory (1 MiB): whatever it read is void once somebody else has written."""
    cursor = connection.cursor()
    _write_ahead(cursor)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-1024", "wal_autocheckpoint=2000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_aggregate("sum_exact", 1, SumExact)
    connection.create_function("add_exact", 2, added_exact, deterministic=True)


def _busy(error: Exception) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_BUSY


@stamina.retry(on=_busy, timeout=BUSY_SECONDS, attempts=None, wait_initial=0.01, wait_max=0.1)
def _write_ahead(cursor: DBAPICursor) -> None:
    """SQLite does not wait by itself for another process that is just making the same database so."""
    cursor.execute("PRAGMA journal_mode=WAL")


@contextlib.contextmanager
def folder_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for this process; raises `Conflict` when another Hulk holds it and `Unavailable` when it cannot be written."""
    path = data / "hulk.lock"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(
            "The data folder {folder} cannot be written: {reason}. Give one that can with --data, or change its rights.",
            folder=str(data),
            reason=error.strerror or str(error),
        ) from error
    try:
        _locked(handle, data)
        yield
    finally:
        os.close(handle)


def _locked(handle: int, data: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Conflict(
            "Another Hulk is running on the data folder {folder}. Stop it, or give this one its own folder with --data.", folder=str(data)
        ) from error
