"""What many look at at once is found out once: the same for all who may see the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

T = TypeVar("T")
KEPT_SECONDS = 0.5
"""How old a figure may be that nothing told of."""
_MOST = 1000


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    value: Any


class Shared:
    """Remembers for a moment. `clock` gives seconds from any point on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[Hashable, _Kept] = {}
        self._making: dict[Hashable, asyncio.Lock] = {}

    async def __call__(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What `make` gives, or gave within the last `KEPT_SECONDS`; who comes while it is made waits for that. `key` holds all that it
        depends on: also who may see it. What it raises is kept for nobody."""
        lock = self._making.setdefault(key, asyncio.Lock())
        try:
            async with lock:
                found = self._kept.get(key)
                if found is None or self._clock() - found.at >= KEPT_SECONDS:
                    self._forget()
                    found = self._kept[key] = _Kept(self._clock(), await make())
        finally:
            if not lock.locked():
                self._making.pop(key, None)
        return cast("T", found.value)

    def _forget(self) -> None:
        """What is too old, and all when it is too much."""
        if len(self._kept) >= _MOST:
            self._kept.clear()
        old = self._clock() - KEPT_SECONDS
        for key in [key for key, kept in self._kept.items() if kept.at <= old]:
            del self._kept[key]
