"""What hardly ever changes and is asked for all the time: answered from memory, looked at again each second.

It is looked at rather than told over the bus: `thor` changes such things too, and on one machine there is no bus between it and Hulk.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

T = TypeVar("T")

FRESH = 1.0
"""Seconds for which what was read holds: with the reading, others' changes are heeded well within 2 s."""
KEPT = 4_096
"""Keys, such as tenants, that are held in memory: those that were asked for last."""


@dataclass(slots=True, eq=False)
class _Held(Generic[T]):
    """What was read last for a key, and when the look at it began."""

    found: T | None = None
    looked: float = -inf
    changes: int = 0
    """How often this process has changed it: a look that began before does not count."""
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Fresh(Generic[T]):
    """What `look` finds for a key; it is given what it found before, if anything. `now` counts seconds and is never set back."""

    def __init__(self, look: Callable[[str, T | None], Awaitable[T]], now: Callable[[], float] = time.monotonic) -> None:
        self._look, self._now = look, now
        self._held: OrderedDict[str, _Held[T]] = OrderedDict()

    async def __call__(self, key: str) -> T:
        """At most a second old, but for changes of this process, which hold at once. Raises what `look` raises."""
        held = self._held.get(key) or self._begun(key)
        self._held.move_to_end(key)
        if (found := self._still(held)) is not None:
            return found
        async with held.looking:
            return found if (found := self._still(held)) is not None else await self._looked(key, held)

    def stale(self, key: str) -> None:
        """This process has changed it: who asks from now on gets the new one."""
        if (held := self._held.get(key)) is not None:
            held.looked, held.changes = -inf, held.changes + 1

    def _still(self, held: _Held[T]) -> T | None:
        return held.found if self._now() - held.looked < FRESH else None

    def _begun(self, key: str) -> _Held[T]:
        held = self._held[key] = _Held()
        while len(self._held) > KEPT:
            self._held.popitem(last=False)
        return held

    async def _looked(self, key: str, held: _Held[T]) -> T:
        began, changes = self._now(), held.changes
        found = held.found = await self._look(key, held.found)
        if held.changes == changes:
            held.looked = began
        return found
