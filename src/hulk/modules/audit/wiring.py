"""The audit module, put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from sqlalchemy.engine import URL

from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.modules.audit.adapters.prometheus import PrometheusFigures
from hulk.modules.audit.adapters.sql import SqlChains, SqlMarks
from hulk.modules.audit.adapters.sql_archive import SqlArchive
from hulk.modules.audit.adapters.sql_retention import SqlHolds, SqlRemovals
from hulk.modules.audit.ports import Archive, Holds
from hulk.modules.audit.settings import AuditSettings, is_mongodb
from hulk.modules.audit.usecases import ArchiveTrail, ExportTrail, KeepHolds, Prune, VerifyCopies, VerifyTrail
from hulk.runtime.store import Store, engine_for
from hulk.runtime.telemetry import Metrics

FILE = "audit.db"
"""The archive in the data folder, where no other is named."""


def wired(store: Store, key: bytes) -> VerifyTrail:
    """The act that proves the trail of that store; `key` is the installation's audit key."""
    return VerifyTrail(SqlChains(store), SqlRemovals(store), key)


def verifying(store: Store, archive: Archive, key: bytes) -> VerifyCopies:
    """The act that proves the trail of that store and its archive."""
    return VerifyCopies(wired(store, key), archive, SqlMarks(store))


def pruning(store: Store, archive: Archive, trail: Trail, key: bytes) -> Prune:
    """The act that removes what is too old from the store and its archive."""
    return Prune(SqlChains(store), archive, SqlRemovals(store), trail, store.commit, key)


def holding(store: Store, trail: Trail) -> KeepHolds:
    """The acts of legal holds."""
    return KeepHolds(SqlHolds(store), trail, store.commit)


def exporting(store: Store) -> ExportTrail:
    """The act that gives the store's trail away."""
    return ExportTrail(SqlChains(store), SqlRemovals(store))


def holds_of(store: Store) -> Holds:
    """The holds there are."""
    return SqlHolds(store)


def archiving(store: Store, archive: Archive, metrics: Metrics, told: asyncio.Event) -> ArchiveTrail:
    """The act that carries the store's trail to the archive, whenever it is `told` of new entries."""
    return ArchiveTrail(SqlChains(store), archive, SqlMarks(store), store.commit, PrometheusFigures(metrics), told)


@contextlib.asynccontextmanager
async def archive_of(settings: AuditSettings, store: str, data: Path, metrics: Metrics) -> AsyncIterator[Archive]:
    """The archive that the settings name, which need not answer yet; raises `Refused` when what it takes is not installed.

    Where they name none, it is a file in the data folder; but processes that share a `store` (its URL) share the archive too, so it is
    in the same database then."""
    url = settings.archive.get_secret_value() or store
    opened = _mongodb(url, metrics) if is_mongodb(url) else _sql(url or str(URL.create("sqlite", database=str(data / FILE))), data)
    async with opened as archive:
        yield archive


@contextlib.asynccontextmanager
async def _sql(url: str, data: Path) -> AsyncIterator[Archive]:
    store = Store(engine_for(url, data))
    try:
        yield SqlArchive(store)
    finally:
        await asyncio.to_thread(store.close)


@contextlib.asynccontextmanager
async def _mongodb(url: str, metrics: Metrics) -> AsyncIterator[Archive]:
    try:
        from hulk.modules.audit.adapters.mongodb import connected  # 40 ms and 10 MB, only for who has one
    except ImportError as error:
        raise Refused("audit.archive names MongoDB, whose driver is not installed: pip install 'hulk-ops[mongo]'.") from error
    async with connected(url, metrics) as archive:
        yield archive
