"""What many look at at once is found out once: the same for all who may see the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")
KEPT_SECONDS = 0.5
"""For how long a figure is kept that nothing told of."""
MOST_SECONDS = 5.0
"""For how long at most one is that takes long to find out."""
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    value: Any


class Shared:
    """Remembers for a moment. `clock` gives seconds from any point on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, _Kept] = {}
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def __call__(self, key: Hashable, make: Callable[[], Awaitable[T]], *, times: float = 0.0) -> T:
        """What `make` gives, or gave within the last `KEPT_SECONDS`; who comes while it is made waits for that. `key` holds all that it
        depends on: also who may see it. What it raises is kept for nobody. With `times` it is kept for so many times as long as it took
        to find out where that is longer, `MOST_SECONDS` at most: what is cheap stays fresh, what is dear costs one part in so many."""
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                found = self._kept.get(key)
                if found is None or self._clock() >= found.until:
                    self._forget()
                    found = self._kept[key] = await self._made(make, times)
        finally:
            if not lock.locked():
                self._making.pop(key, None)
        return cast("T", found.value)

    async def _made(self, make: Callable[[], Awaitable[Any]], times: float) -> _Kept:
        begun = self._clock()
        value = await make()
        now = self._clock()
        return _Kept(now + min(max(KEPT_SECONDS, times * (now - begun)), MOST_SECONDS), value)

    def _forget(self) -> None:
        """What is too old, and all when it is too much."""
        if len(self._kept) >= _MOST:
            self._kept.clear()
        now = self._clock()
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            del self._kept[key]
