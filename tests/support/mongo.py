"""A server that speaks MongoDB's wire protocol: nx-27017, an independent implementation over SQLite. It is not mongod: it has no
replica set, so what a majority is worth cannot be shown with it."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from support.ports import free_port
from support.processes import die_with_parent

STARTS_WITHIN = 30.0


@dataclass(slots=True)
class Mongo:
    """A server over files in `folder`; it can be killed and started while tests watch."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    def url(self, database: str = "audit") -> str:
        """The URL of a database, for `audit.archive`."""
        return f"mongodb://127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it; it answers when this returns."""
        self.launch()
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers():
            assert self.process is not None
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()

    def launch(self) -> None:
        """Start it without waiting; from the main thread, with which it ends."""
        program = str(Path(sys.executable).parent / "nx-27017")
        files = ["--data-dir", str(self.folder / "data"), "--log-file", str(self.folder / "log"), "--pid-file", str(self.folder / "pid")]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen([program, *files, "-p", str(self.port)], stdout=said, stderr=said, preexec_fn=die_with_parent)

    def _answers(self) -> bool:
        try:
            with MongoClient[dict[str, Any]](self.url(), serverSelectionTimeoutMS=200) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None


@contextmanager
def a_mongo() -> Iterator[Mongo]:
    """A server of its own, gone with the block. Takes about 1 s."""
    with tempfile.TemporaryDirectory(prefix="hulk-mongo-", ignore_cleanup_errors=True) as folder:
        server = Mongo(Path(folder), free_port())
        server.start()
        try:
            yield server
        finally:
            server.kill()
