"""Files that callers send: kept under their SHA-256, and counted in their tenant's quota."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.durable import Commit, followed
from hulk.kernel.errors import NotFound, TooLarge
from hulk.kernel.events import Event, Trail, changed
from hulk.kernel.tenancy import Principal
from hulk.modules.quotas import QuotaActs
from hulk.runtime.blobs import Blob, FolderBlobs

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Uploads:
    """Keeps what is sent. `most` is the largest file, in bytes."""

    blobs: FolderBlobs
    quotas: QuotaActs
    trail: Trail
    commit: Commit
    most: int

    async def __call__(self, by: Principal, chunks: AsyncIterator[bytes], reason: str = "") -> Blob:
        """The file; raises `TooLarge`, `OverQuota` when it does not fit into what the tenant may keep, and `Unavailable`.

        Of files that come in at once, the one that no longer fits is refused at its end: its bytes stay on
        disk, and nobody is told its id."""
        left, limit = await self.quotas.room(by.tenant)
        try:
            blob = await self.blobs.put(chunks, self.most if left is None else min(self.most, left))
        except TooLarge as error:
            if left is None or left >= self.most:
                raise
            raise self.quotas.room.over(limit, left) from error
        await self._count(blob, by.tenant, by.actor, reason)
        return blob

    async def keep(self, tenant: str, actor: str, path: Path, reason: str) -> Blob:
        """A copy of a file that was made here; of one that the tenant keeps already, that. Raises `OverQuota` and `Unavailable`."""
        made = await asyncio.to_thread(_seen, path)
        if await self.quotas.quotas.keeps_file(tenant, made.id):
            return made
        left, limit = await self.quotas.room(tenant)
        if left is not None and made.size > left:
            raise self.quotas.room.over(limit, left)
        blob = await self.blobs.put_file(path)
        await self._count(blob, tenant, actor, reason)
        return blob

    async def _count(self, blob: Blob, tenant: str, actor: str, reason: str) -> None:
        told = self.trail.append(_kept(tenant, actor, blob, reason))
        await self.commit(followed(self.quotas.quotas.keep_file(tenant, blob.id, blob.size), lambda new: [told] if new else []))

    async def path(self, tenant: str, blob: str) -> Path:
        """Where the file lies; raises `NotFound` for one that the tenant has not sent, whether or not another has, and `Refused` for what
        is no id."""
        if _ID.fullmatch(blob) and not await self.quotas.quotas.keeps_file(tenant, blob):
            raise NotFound("There is no file {id} here. Send it again.", id=blob)
        return await self.blobs.path(blob)


def _seen(path: Path) -> Blob:
    with path.open("rb") as file:
        return Blob(hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size)


def _kept(tenant: str, actor: str, blob: Blob, reason: str) -> Event:
    data = changed(reason, None, {"size": blob.size})
    return Event(type="hulk.file.kept.v1", subject=blob.id, tenant=tenant, actor=actor, data=data)
