"""Waking, in this process, those who wait for something to happen. Of other processes nobody hears: who waits looks now and then, too."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Listener:
    """Somebody who looks and then waits, over and over. What rings while they look is not missed: they hear it as soon as they wait.

    while True:
        listener.looks()
        …                                # look, and do what there is to do
        await listener.heard(5)
    """

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Let them look."""
        self._rung.set()

    def looks(self) -> None:
        """They look now, and see what it rang for until now."""
        self._rung.clear()

    async def heard(self, seconds: float) -> bool:
        """Return when it has rung since they began to look, or after that long; whether it has."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return False
        return True


class Bells:
    """Bells by name: an intent, a tenant."""

    def __init__(self) -> None:
        self._listeners: defaultdict[str, set[Listener]] = defaultdict(set)

    def ring(self, names: Iterable[str]) -> None:
        """Something may have happened to these. The names are not looked at when nobody listens."""
        if self._listeners:
            for listener in {one for name in names for one in self._listeners.get(name, ())}:
                listener.ring()

    @contextmanager
    def listening(self, name: str) -> Iterator[Listener]:
        """Somebody who hears that bell, until the block ends."""
        listener = Listener()
        self._listeners[name].add(listener)
        try:
            yield listener
        finally:
            self._listeners[name].discard(listener)
            if not self._listeners[name]:
                del self._listeners[name]
