"""Files that callers send: kept under their SHA-256, and counted in their tenant's quota."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.errors import NotFound, TooLarge
from hulk.modules.quotas import QuotaActs
from hulk.runtime.blobs import Blob, FolderBlobs

_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Uploads:
    """Keeps what is sent. `most` is the largest file, in bytes."""

    blobs: FolderBlobs
    quotas: QuotaActs
    commit: Commit
    most: int

    async def __call__(self, tenant: str, chunks: AsyncIterator[bytes]) -> Blob:
        """The file; raises `TooLarge`, `OverQuota` when it does not fit into what the tenant may keep, and `Unavailable`.

        Of files that come in at once, the one that no longer fits is refused at its end: its bytes stay on
        disk, and nobody is told its id."""
        left, limit = await self.quotas.room(tenant)
        try:
            blob = await self.blobs.put(chunks, self.most if left is None else min(self.most, left))
        except TooLarge as error:
            if left is None or left >= self.most:
                raise
            raise self.quotas.room.over(limit, left) from error
        await self.commit(self.quotas.quotas.keep_file(tenant, blob.id, blob.size))
        return blob

    async def require(self, tenant: str, blob: str) -> None:
        """Raises `NotFound` for a file that the tenant has not sent, whether or not another has, and `Refused` for what is no id."""
        if _ID.fullmatch(blob) and not await self.quotas.quotas.keeps_file(tenant, blob):
            raise NotFound("There is no file {id} here. Send it again.", id=blob)
        await self.blobs.path(blob)
