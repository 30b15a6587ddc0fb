"""The caches of a process: one memory, one L2, one L3, one ear for what other processes say."""

import contextlib
import functools
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from cachebox import LRUCache

from hulk.kernel.errors import NotFound
from hulk.runtime.breaker import Breakers
from hulk.runtime.bus import Bus
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.cache.background import background
from hulk.runtime.cache.backplane import Backplane
from hulk.runtime.cache.cache import Cache, Parts
from hulk.runtime.cache.disk import DiskLevel, disk_level
from hulk.runtime.cache.entry import Codec, Plain, Policy
from hulk.runtime.cache.figures import Figures, measured
from hulk.runtime.cache.guard import LevelAway
from hulk.runtime.cache.level import OwnLevel, SharedLevel
from hulk.runtime.cache.levels import Levels
from hulk.runtime.cache.marks import Marks, Stamps
from hulk.runtime.cache.shared import redis_level
from hulk.runtime.config import CacheSettings
from hulk.runtime.telemetry import Metrics

T = TypeVar("T")
CLOCK = ""
"""Stands among the marks on the disk for the last stamp, so that a clock that was set back does not make what is new look old."""
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Caches:
    """All caches by name. Made by `opened`."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._named: dict[str, Cache[Any]] = {}
        self._figures: dict[str, Figures] = {}

    def named(self, name: str, codec: Codec[Any] | None = None, policy: Policy | None = None) -> Cache[T]:
        """A new cache. `codec` writes its values for L2 and L3: JSON data unless given. Raises `ValueError` for a name that is
        taken, or is not lower-case letters, digits, `_` and `-`."""
        if name in self._named or not _NAME.fullmatch(name):
            raise ValueError(f"cache name {name!r} is taken, or not made of a-z, 0-9, _ and -")
        self._figures[name] = Figures()
        made: Cache[T] = Cache(self.parts, name, "", codec or Plain(), policy or Policy(), self._figures[name])
        self._named[name] = made
        return made

    def find(self, name: str) -> Cache[Any]:
        """The cache of that name; raises `NotFound`."""
        if name not in self._named:
            raise NotFound("There is no cache {name}; there are: {names}.", name=name, names=", ".join(self._named) or "-")
        return self._named[name]

    def told(self) -> list[dict[str, Any]]:
        """Each cache with its number of entries in memory and what it has done since the start."""
        entries = Counter(key.partition(":")[0] for key in self.parts.memory)
        return [{"name": name, "entries": entries[name], **figures.told()} for name, figures in self._figures.items()]

    def levels(self) -> Mapping[str, bool]:
        """The levels there are besides memory, and whether each answered last."""
        return {name: guarded.up for name, guarded in self.parts.levels.guards.items()}

    @property
    def waiting(self) -> int:
        """How much L2 or the other processes were not told yet."""
        return len(self.parts.levels.recovery.waiting)

    def measure(self, metrics: Metrics) -> None:
        """Have the figures written out with the other metrics."""
        measured(metrics, self._figures, lambda: len(self.parts.memory), lambda: self.waiting)
        up = metrics.gauge("hulk_cache_level_up", "1 while the level answers.", ["level"])
        for name in self.levels():
            up.labels(name).set_function(functools.partial(self._up, name))

    def _up(self, name: str) -> int:
        return int(self.levels()[name])


@asynccontextmanager
async def running(
    size: int,
    shared: SharedLevel | None = None,
    disk: OwnLevel | None = None,
    bus: Bus | None = None,
    now: Callable[[], float] = time.time,
    chance: Callable[[], float] = random.random,
    breakers: Breakers | None = None,
) -> AsyncIterator[Caches]:
    """Caches with `size` entries in memory, over those levels. What is being made when the block ends is cancelled."""
    stamps, marks = Stamps(now), Marks()
    async with AsyncExitStack() as stack:
        levels = Levels(stamps, breakers or Breakers(), shared, disk)
        ground = await stack.enter_async_context(background())
        parts = Parts(memory=LRUCache(size), levels=levels, stamps=stamps, marks=marks, background=ground, chance=chance)
        if bus is not None:
            levels.voice = backplane = Backplane(bus, parts.heard, parts.missed)
            await stack.enter_async_context(backplane.listening())
            parts.missed()  # what the disk holds is from before we listened
        await stack.enter_async_context(meanwhile(levels.recovery.replaying()))
        yield Caches(parts)


@asynccontextmanager
async def opened(
    settings: CacheSettings, folder: Path, bus: Bus | None = None, breakers: Breakers | None = None, l2_url: Callable[[], str] | None = None
) -> AsyncIterator[Caches]:
    """The caches as the settings say. `folder` is where L3 lies unless they name one; `bus` reaches the other processes, if there are
    any; `cache:l2` and `cache:l3` are among the `breakers`; `l2_url` gives L2's address as it is now. Raises `Refused` for an L2
    address that is none; a level that is away is gone without."""
    async with AsyncExitStack() as stack:
        url = settings.l2_url.get_secret_value()
        shared = await stack.enter_async_context(redis_level(url, settings.l2_ttl.total_seconds(), l2_url)) if url else None
        disk = await stack.enter_async_context(disk_level(settings.l3_path or folder, settings.l3_size))
        caches = await stack.enter_async_context(running(settings.l1_size, shared, disk, bus, breakers=breakers))
        await remembered(disk, caches.parts)
        yield caches
        await settled(disk, caches.parts)


async def remembered(disk: DiskLevel, parts: Parts) -> None:
    """Take up the marks and the clock that an earlier process has left on the disk."""
    with contextlib.suppress(LevelAway):
        for name, at in (await disk.marks()).items():
            parts.stamps.heard(at)
            parts.marks.mark(name, at)


async def settled(disk: DiskLevel, parts: Parts) -> None:
    """Leave on the disk what the next process will need, as far as it can be written."""
    with contextlib.suppress(LevelAway):
        await disk.settle({**parts.marks.all(), CLOCK: parts.stamps.next()}, list(parts.memory))
