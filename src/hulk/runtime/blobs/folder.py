"""Blobs in a folder: `ab/abcdef…`, written beside their place, synced, then renamed into it.

The folder may be one that several processes on several machines share (NFS, CephFS, …); scratch folders are then elsewhere.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import NotFound, Refused, TooLarge, Unavailable

CHUNK = 1 << 20
AWAY_SECONDS = 30.0
"""After how long to look again for a blob that should be there: time to mount a disk."""
FORGOTTEN_SECONDS = 86_400.0
"""After that long without a byte, what arrives in a shared folder belongs to a process that is gone."""
_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Blob:
    """A kept file: its SHA-256 in hexadecimal and its size in bytes."""

    id: str
    size: int


class FolderBlobs:
    """Blobs under `folder`, and scratch folders beside them, or under `scratch` when other processes use `folder` too."""

    def __init__(self, folder: Path, scratch: Path | None = None) -> None:
        self._folder = folder
        self._arriving = folder / "scratch"
        self._scratch = scratch or self._arriving

    async def put(self, chunks: AsyncIterator[bytes], most: int) -> Blob:
        """Keep the bytes of `chunks`; raises `TooLarge` past `most` bytes and `Unavailable` when they cannot be written."""
        with _translated():
            self._arriving.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._arriving)
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size = hashlib.sha256(), 0
                async for chunk in chunks:
                    size += len(chunk)
                    if size > most:
                        raise TooLarge("The file is larger than {limit} bytes, the most that is taken (server.max_upload).", limit=most)
                    digest.update(chunk)
                    with _translated():
                        await asyncio.to_thread(file.write, chunk)
                with _translated():
                    await asyncio.to_thread(_synced, file.fileno(), file)
            return await asyncio.to_thread(self._placed, path, digest.hexdigest(), size)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def put_file(self, path: Path) -> Blob:
        """Keep a copy of the file at `path`."""
        return await asyncio.to_thread(self._copied, path)

    def _copied(self, path: Path) -> Blob:
        with _translated():
            self._arriving.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._arriving)
            try:
                with path.open("rb") as source, os.fdopen(handle, "wb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
                    _synced(file.fileno(), file)
                with Path(name).open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                return self._placed(Path(name), digest, Path(name).stat().st_size)
            finally:
                Path(name).unlink(missing_ok=True)

    def _placed(self, path: Path, name: str, size: int) -> Blob:
        with _translated():
            place = self._place(name)
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)
            _synced_folder(place.parent)
        return Blob(name, size)

    async def path(self, blob: str) -> Path:
        """Where the blob's bytes are, to be read only; raises `NotFound`."""
        place = self._place(blob)
        if not await asyncio.to_thread(place.is_file):
            raise NotFound("There is no file {id} here. Send it again.", id=blob)
        return place

    async def kept(self, blob: str) -> Path:
        """The same for a blob that was taken before, here or by another process: raises `Unavailable` when it is not here (yet)."""
        try:
            return await self.path(blob)
        except NotFound as missing:
            raise Unavailable(
                "The file {id} was kept, and is not in {folder}. In a cluster all processes need the same folder, on a shared disk"
                " (blobs.path); if it was removed, put it back from a backup.",
                retry_after=AWAY_SECONDS, id=blob, folder=str(self._folder),
            ) from missing  # fmt: skip

    def _place(self, blob: str) -> Path:
        if not _NAME.fullmatch(blob):
            raise Refused("“{value}” is not the id of a file: expected 64 hexadecimal digits.", value=blob[:80])
        return self._folder / blob[:2] / blob

    @contextlib.asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """An empty folder that is removed at the end."""
        with _translated():
            self._scratch.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self._scratch))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a crash left in scratch. For the start, when nothing is at work here; what others are writing stays."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        for left in self._arriving.glob("*"):
            with contextlib.suppress(OSError):  # another process was quicker
                if time.time() - left.stat().st_mtime > FORGOTTEN_SECONDS:
                    left.unlink()


def _synced(descriptor: int, file: object) -> None:
    file.flush()  # type: ignore[attr-defined]  # any buffered writer
    os.fsync(descriptor)


def _synced_folder(folder: Path) -> None:
    """Have the names in the folder on disk too: a rename is there after a power cut only then."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise Unavailable(
            "The file cannot be kept: {reason}. Check the disk and the rights of the data folder.", retry_after=5, reason=reason
        ) from error
