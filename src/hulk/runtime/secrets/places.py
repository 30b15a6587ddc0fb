"""Secrets on this machine: in files, as systemd's credentials, in variables of the environment."""

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from hulk.runtime.secrets.source import Unreadable

MOST = 64 * 1024
"""Bytes of the largest secret. What is larger was named by mistake."""
PATIENCE = 10.0
"""Seconds that reading a file may take, which a network's may."""


class Files:
    """`Source` over files: their text without the line ends at its end. Read whole each time, so that any way of changing them is seen,
    Kubernetes' swap of a link among them. Relative names are taken in `folder`; without one there are none."""

    rest = 0.0

    def __init__(self, folder: str | None = "/") -> None:
        self._folder = folder

    async def read(self, name: str) -> str:
        """See `Source`."""
        if self._folder is None:
            raise Unreadable(
                "There are no systemd credentials (CREDENTIALS_DIRECTORY is not set). Start Hulk as a unit with LoadCredential=."
            )
        path = Path(self._folder, name)
        try:
            async with asyncio.timeout(PATIENCE):
                data = await asyncio.to_thread(_bytes, path)
        except TimeoutError as error:
            raise Unreadable("The file {path} could not be read within {seconds} s.", path=str(path), seconds=PATIENCE) from error
        except OSError as error:
            raise Unreadable("The file {path} cannot be read: {reason}.", path=str(path), reason=error.strerror or "?") from error
        return _text(path, data)


def _bytes(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # opening a pipe would wait for who writes to it
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("{path} is no regular file.", path=str(path))
        return file.read(MOST + 1)


def _text(path: Path, data: bytes) -> str:
    if len(data) > MOST:
        raise Unreadable("The file {path} is larger than {most} bytes: it is no secret. Name another.", path=str(path), most=MOST)
    try:
        return data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("The file {path} is not UTF-8 text.", path=str(path)) from None  # the error holds what was read


class Environment:
    """`Source` over variables, which keep for a process's life what they had at its start."""

    rest = 0.0

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    async def read(self, name: str) -> str:
        """See `Source`."""
        if name not in self._environ:
            raise Unreadable("There is no environment variable {name}. Set it before Hulk starts.", name=name)
        return self._environ[name]
