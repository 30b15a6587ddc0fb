"""The audit module, put together."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from hulk.kernel.bells import Listener
from hulk.kernel.events import Trail
from hulk.modules.audit.adapters.mongodb import connected
from hulk.modules.audit.adapters.prometheus import PrometheusFigures
from hulk.modules.audit.adapters.sql import SqlChains, SqlMarks
from hulk.modules.audit.adapters.sql_archive import SqlArchive
from hulk.modules.audit.adapters.sql_retention import SqlHolds, SqlRemovals
from hulk.modules.audit.ports import Archive, Holds
from hulk.modules.audit.settings import AuditSettings, is_mongodb
from hulk.modules.audit.usecases import ArchiveTrail, ExportTrail, KeepHolds, Prune, VerifyCopies, VerifyNow, VerifyTrail
from hulk.runtime.store import Store, engine_for
from hulk.runtime.telemetry import Metrics

FILE = "audit.db"
"""The archive in the data folder, where no other is named."""


@dataclass(frozen=True, slots=True)
class AuditModule:
    """The module over a store and its archive. `name` tells archives apart, `key` is the installation's audit key."""

    store: Store
    archive: Archive
    name: str
    key: bytes

    @property
    def _chains(self) -> SqlChains:
        return SqlChains(self.store)

    @property
    def _removals(self) -> SqlRemovals:
        return SqlRemovals(self.store, self.name)

    @property
    def _marks(self) -> SqlMarks:
        return SqlMarks(self.store, self.name)

    @property
    def verify(self) -> VerifyCopies:
        """The act that proves both copies."""
        return VerifyCopies(VerifyTrail(self._chains, self._removals, self.key), self.archive, self._marks)

    @property
    def verify_now(self) -> VerifyNow:
        """The act that proves both copies of a trail that is not too long."""
        return VerifyNow(self.verify)

    @property
    def export(self) -> ExportTrail:
        """The act that gives the store's trail away."""
        return ExportTrail(self._chains, self._removals)

    @property
    def holds(self) -> Holds:
        """The holds there are."""
        return SqlHolds(self.store)

    def archiving(self, metrics: Metrics, told: Listener) -> ArchiveTrail:
        """The act that carries the store's trail to the archive, whenever it is `told` of new entries."""
        figures = PrometheusFigures(metrics)
        return ArchiveTrail(self._chains, self._removals, self.archive, self._marks, self.key, self.store.commit, figures, told)

    def prune(self, trail: Trail) -> Prune:
        """The act that removes what is too old from both copies."""
        return Prune(self._chains, self.archive, self._removals, trail, self.store.commit, self.key)

    def keep(self, trail: Trail) -> KeepHolds:
        """The acts of legal holds."""
        return KeepHolds(self.holds, trail, self.store.commit)


@contextlib.asynccontextmanager
async def wired(settings: AuditSettings, store: Store, url: str, data: Path, key: bytes, metrics: Metrics) -> AsyncIterator[AuditModule]:
    """The module over the store of that URL. Raises as `archive_of`."""
    name = settings.archive.get_secret_value() or url
    digest = hashlib.sha256(name.rpartition("@")[2].encode()).hexdigest()[:16]  # who logs in there makes it no other archive
    async with archive_of(settings, url, data, metrics) as archive:
        yield AuditModule(store, archive, digest, key)


@contextlib.asynccontextmanager
async def archive_of(settings: AuditSettings, store: str, data: Path, metrics: Metrics) -> AsyncIterator[Archive]:
    """The archive that the settings name, which need not answer yet; raises `Refused` when what it takes is not installed.

    Where they name none, it is a file in the data folder; but processes that share a `store` (its URL) share the archive too, so it is
    in the same database then."""
    url = settings.archive.get_secret_value() or store
    async with AsyncExitStack() as stack:
        if is_mongodb(url):
            yield await stack.enter_async_context(connected(url, metrics))
        else:
            yield await stack.enter_async_context(_sql(url or str(URL.create("sqlite", database=str(data / FILE))), data))


@contextlib.asynccontextmanager
async def _sql(url: str, data: Path) -> AsyncIterator[Archive]:
    store = Store(engine_for(url, data))
    try:
        yield SqlArchive(store)
    finally:
        await asyncio.to_thread(store.close)
