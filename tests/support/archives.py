"""An archive of each kind, for tests that must hold on all of them, and what an intruder does to one behind Hulk's back."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from pymongo import AsyncMongoClient
from sqlalchemy import create_engine, text

from hulk.modules.audit.adapters.mongodb import MongoArchive, connected
from hulk.modules.audit.adapters.sql_archive import SqlArchive
from hulk.modules.audit.ports import Archive
from hulk.runtime.store import Store, engine_for
from hulk.runtime.telemetry import Metrics
from support.mongo import Mongo
from support.postgres import Postgres

Kind: TypeAlias = Literal["sqlite", "postgresql", "mongodb"]
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql", "mongodb")


class Intruder(Protocol):
    """Who can write to the archive, and does."""

    async def change(self, position: int, fields: dict[str, Any]) -> None:
        """Overwrite fields of an entry of acme's."""

    async def remove(self, position: int) -> None:
        """Remove an entry of acme's."""

    async def add(self, fields: dict[str, Any]) -> None:
        """Add an entry."""


@dataclass
class Opened:
    """An archive, another process's view of the same, and the intruder at it."""

    archive: Archive
    again: Callable[[], AbstractAsyncContextManager[Archive]]
    intruder: Intruder
    metrics: Metrics


@asynccontextmanager
async def an_archive(kind: Kind, folder: Path, postgres: Callable[[], Postgres], mongo: Callable[[], Mongo]) -> AsyncIterator[Opened]:
    """A new, empty archive of that kind."""
    if kind == "mongodb":
        async with _mongodb(mongo()) as opened:
            yield opened
        return
    url = f"sqlite:///{folder / 'audit.db'}" if kind == "sqlite" else postgres().empty()
    async with _sql(url, folder) as archive:
        yield Opened(archive, lambda: _sql(url, folder), _SqlIntruder(url), Metrics())
    if kind == "postgresql":
        postgres().drop(url)


@asynccontextmanager
async def _sql(url: str, folder: Path) -> AsyncIterator[Archive]:
    store = Store(engine_for(url, folder))
    try:
        yield SqlArchive(store)
    finally:
        store.close()


@asynccontextmanager
async def _mongodb(server: Mongo) -> AsyncIterator[Opened]:
    url, metrics = server.url(Path(tempfile.mktemp(prefix="audit_")).name), Metrics()  # noqa: S306  # a name, not a file
    async with connected(url, metrics) as archive, AsyncMongoClient[dict[str, Any]](url) as client:
        assert isinstance(archive, MongoArchive)
        yield Opened(archive, lambda: connected(url, Metrics()), _MongoIntruder(client), metrics)
        await client.drop_database(client.get_default_database().name)


class _SqlIntruder:
    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql:", "postgresql+psycopg:")

    def _run(self, statement: str, parameters: dict[str, Any]) -> None:
        engine = create_engine(self._url)
        with engine.begin() as connection:
            assert connection.execute(text(statement), parameters).rowcount == 1
        engine.dispose()

    async def change(self, position: int, fields: dict[str, Any]) -> None:
        sets = ", ".join(f"{name} = :new_{name}" for name in fields)
        values = {f"new_{name}": value for name, value in fields.items()}
        self._run(f"update audit_entry set {sets} where tenant = 'acme' and position = :at", {**values, "at": position})

    async def remove(self, position: int) -> None:
        self._run("delete from audit_entry where tenant = 'acme' and position = :at", {"at": position})

    async def add(self, fields: dict[str, Any]) -> None:
        names = ", ".join(fields)
        self._run(f"insert into audit_entry ({names}) values ({', '.join(':' + name for name in fields)})", fields)


class _MongoIntruder:
    def __init__(self, client: "AsyncMongoClient[dict[str, Any]]") -> None:
        self._entries = client.get_default_database()["entries"]

    async def change(self, position: int, fields: dict[str, Any]) -> None:
        done = await self._entries.update_one({"tenant": "acme", "position": position}, {"$set": fields})
        assert done.modified_count == 1

    async def remove(self, position: int) -> None:
        assert (await self._entries.delete_one({"tenant": "acme", "position": position})).deleted_count == 1

    async def add(self, fields: dict[str, Any]) -> None:
        await self._entries.insert_one(dict(fields))
