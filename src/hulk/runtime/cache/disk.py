"""L3: a SQLite file of this process alone. Values are written behind, in batches; removals at once, so that none is lost.

Everything blocking happens in one thread. A file that is damaged is set aside, and a new one begun.
"""

import asyncio
import contextlib
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import structlog

from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.cache.guard import LevelAway

T = TypeVar("T")
log = structlog.get_logger(__name__)

FILE = "cache.db"
EVERY = 0.5
"""Seconds between two batches."""
WAITING = 10_000
"""Entries that may wait to be written; more are not kept. A disk that hangs costs no memory."""
_PAGE = 4096
_SCHEMA = f"""
pragma page_size = {_PAGE};
pragma journal_mode = wal;
pragma synchronous = full;
pragma journal_size_limit = 4194304;
create table if not exists entry (key text primary key, until real, used real, sum integer, body blob) without rowid;
create index if not exists entry_used on entry (used);
create table if not exists mark (name text primary key, at integer) without rowid;
"""


class DiskLevel:
    """See `OwnLevel`. `size`: bytes that the file may take, without its log."""

    def __init__(self, path: Path, size: int, now: Callable[[], float] = time.time) -> None:
        self.evicted = 0
        self._path = path
        self._size = size
        self._now = now
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cache-disk")
        self._connection: sqlite3.Connection | None = None
        self._failed = False
        self._waiting = _Batch()
        self._writing = asyncio.Lock()

    async def get(self, key: str) -> bytes | None:
        """See `OwnLevel`."""
        if key in self._waiting.entries:
            waiting = self._waiting.entries[key]
            if waiting is None and self._failed:
                raise LevelAway(str(self._path))
            return waiting[0] if waiting else None
        found = await self._do(lambda file: file.execute("select until, sum, body from entry where key = ?", [key]).fetchone())
        until, checksum, body = found or (0.0, 0, b"")
        if until <= self._now():
            return None
        if zlib.crc32(body) != checksum:
            log.warning("cache_entry_damaged", key=key, path=str(self._path))
            return None
        self._waiting.used.add(key)
        return bytes(body)

    def put(self, key: str, data: bytes, until: float) -> None:
        """See `OwnLevel`: written with the next batch."""
        if len(self._waiting.entries) < WAITING or key in self._waiting.entries:
            self._waiting.entries[key] = (data, until)

    def forget(self, key: str) -> None:
        """See `OwnLevel`."""
        self._waiting.entries[key] = None

    def note(self, name: str, at: int) -> None:
        """See `OwnLevel`."""
        self._waiting.marks[name] = at

    async def marks(self) -> dict[str, int]:
        """Those noted, oldest first."""
        return dict(await self._do(lambda file: file.execute("select name, at from mark order by at").fetchall()))

    async def settle(self, marks: Mapping[str, int], used: Iterable[str]) -> None:
        """Write all that waits, keep those marks only, and note what memory still holds: the last act before a stop."""
        self._waiting.used.update(used)
        await self.write()

        def act(file: sqlite3.Connection) -> None:
            file.execute("delete from mark")
            file.executemany("insert into mark values (?, ?)", marks.items())

        await self._do(act)

    async def write(self) -> None:
        """See `OwnLevel`. Evicts what is too much: first what has expired, then what was used longest ago."""
        async with self._writing:
            batch, self._waiting = self._waiting, _Batch()
            try:
                if batch:
                    self.evicted += await self._do(lambda file: batch.write(file, self._size, self._now()))
            except (LevelAway, asyncio.CancelledError):
                self._waiting.take_up(batch)
                raise

    async def writing(self) -> None:
        """Write every now and then, until cancelled. What cannot be written is let go: it is in memory still."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(LevelAway):
                await self.write()

    async def close(self) -> None:
        """Close the file and end the thread. A file from which something could not be removed is removed itself."""
        with contextlib.suppress(LevelAway):
            await self.write()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._shut)
        self._thread.shutdown()
        if self._waiting:
            with contextlib.suppress(OSError):
                self._remove()

    async def _do(self, act: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._done, act)

    def _done(self, act: Callable[[sqlite3.Connection], T]) -> T:
        """In the thread: one transaction."""
        self._failed = True
        try:
            with self._open() as file:
                answer = act(file)
            self._failed = False
        except sqlite3.Error as error:
            if _damaged(error):
                self._set_aside(str(error))
            raise LevelAway(f"{self._path}: {error}") from error
        except OSError as error:
            raise LevelAway(f"{self._path}: {error}") from error
        return answer

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _opened(self._path)
            except sqlite3.Error as error:
                if not _damaged(error):
                    raise
                self._set_aside(str(error))
                self._connection = _opened(self._path)
        return self._connection

    def _set_aside(self, reason: str) -> None:
        self._shut()
        aside = self._path.with_suffix(".damaged.db")
        log.warning("cache_file_damaged", path=str(self._path), kept_as=str(aside), reason=reason)
        self._path.replace(aside)
        self._remove()

    def _remove(self) -> None:
        """The file with its log, which must never meet another file."""
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def _shut(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):  # a damaged file may not close in order
                self._connection.close()
            self._connection = None


def _damaged(error: sqlite3.Error) -> bool:
    """Whether the file is no database any more; else it is full, read-only or locked, and itself well."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _opened(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path, timeout=1, check_same_thread=False)
    try:
        file.executescript(_SCHEMA)
    except sqlite3.Error:
        file.close()
        raise
    return file


@dataclass(slots=True)
class _Batch:
    """What waits to be written; an entry that is None is to be removed."""

    entries: dict[str, tuple[bytes, float] | None] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.entries or self.marks or self.used)

    def write(self, file: sqlite3.Connection, size: int, now: float) -> int:
        """Write it; gives how many entries had to make room."""
        rows = [(key, put[1], now, zlib.crc32(put[0]), put[0]) for key, put in self.entries.items() if put]
        file.executemany("delete from entry where key = ?", [[key] for key, put in self.entries.items() if not put])
        file.executemany("insert or replace into entry values (?, ?, ?, ?, ?)", rows)
        file.executemany("insert or replace into mark values (?, ?)", self.marks.items())
        file.executemany("update entry set used = ? where key = ?", [(now, key) for key in self.used])
        return _evict(file, size, now)

    def take_up(self, older: "_Batch") -> None:
        """Wait on for what must not be lost of an older batch."""
        removals = {key: None for key, put in older.entries.items() if not put}
        self.entries = {**removals, **self.entries}
        self.marks = {**older.marks, **self.marks}


def _evict(file: sqlite3.Connection, size: int, now: float) -> int:
    file.execute("delete from entry where until <= ?", [now])
    gone = 0
    while _taken(file) > size:
        few = max(1, file.execute("select count(*) from entry").fetchone()[0] // 20)
        more = file.execute("delete from entry where key in (select key from entry order by used limit ?)", [few]).rowcount
        if not more:
            break
        gone += more
    return gone


def _taken(file: sqlite3.Connection) -> int:
    pages, free = (file.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    return int(pages - free) * _PAGE


@asynccontextmanager
async def disk_level(folder: Path, size: int) -> AsyncIterator[DiskLevel]:
    """The level in that folder; closed with the block. A folder that cannot be written makes it away, not the block fail."""
    level = DiskLevel(folder / FILE, size)
    try:
        async with meanwhile(level.writing()):
            yield level
    finally:
        await level.close()
