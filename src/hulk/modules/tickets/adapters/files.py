"""Artefacts kept as blobs."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from hulk.modules.tickets.domain import Artefact, NewArtefact
from hulk.runtime.blobs import FolderBlobs


class BlobFiles:
    """`ports.Files` over the runtime's blobs."""

    def __init__(self, blobs: FolderBlobs) -> None:
        self._blobs = blobs

    async def keep(self, artefact: NewArtefact) -> Artefact:
        """Keep the file by its content."""
        blob = await self._blobs.put_file(artefact.path)
        return Artefact(name=artefact.name, media_type=artefact.media_type, blob=blob.id, size=blob.size)

    def scratch(self) -> AbstractAsyncContextManager[Path]:
        """An empty folder that is removed at the end."""
        return self._blobs.scratch()
