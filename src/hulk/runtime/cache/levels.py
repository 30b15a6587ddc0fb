"""What lies behind memory: L2, which all processes share, L3, this process's disk, and the other processes. Each may be away."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Literal, Protocol, TypeAlias

from hulk.runtime.breaker import Breakers
from hulk.runtime.cache.backplane import Word
from hulk.runtime.cache.entry import Policy, expired, stale_until
from hulk.runtime.cache.guard import LIMITS, Guarded, LevelAway
from hulk.runtime.cache.level import OwnLevel, SharedLevel
from hulk.runtime.cache.marks import Stamps
from hulk.runtime.cache.recovery import Act, Channel, Recovery

Where: TypeAlias = Literal["l2", "l3"]
InShared: TypeAlias = Callable[[SharedLevel], Awaitable[None]]
Holds: TypeAlias = Callable[[], bool]
"""Whether a value was not voided since it was made. Who voids it tells L2, where by another clock a late one might seem newer than that."""
Turn: TypeAlias = Literal["first", "after another", "another's"]

TURN = 30.0
"""Seconds that a turn lasts at most, when the policy sets no limit to the factory."""
NO_KEY = ""
"""What is asked for to see whether a level is well."""
ASK_AGAIN = (0.02, 0.05)
"""Seconds between two tries to get a turn."""


class Voice(Protocol):
    """Tells the other processes."""

    async def say(self, word: Word) -> None:
        """Raises `LevelAway` while they cannot be told."""


class Levels:
    """L2 and L3, each behind its breaker, the voice to the others, and what waits for their return."""

    def __init__(self, stamps: Stamps, breakers: Breakers, shared: SharedLevel | None = None, disk: OwnLevel | None = None) -> None:
        self.voice: Voice | None = None
        self.recovery = Recovery(self._instead)
        self.guards = {where: _guarded(where, level, breakers) for where, level in (("l2", shared), ("l3", disk)) if level is not None}
        self.shared = shared
        self.disk = disk
        self._stamps = stamps

    def order(self, policy: Policy) -> tuple[Where, ...]:
        """Where to look for what is not in memory."""
        levels: tuple[tuple[Where, object], ...] = (("l2", self.shared and policy.shared), ("l3", self.disk and policy.disk))
        return tuple(where for where, there in levels if there)

    async def get(self, where: Where, key: str) -> bytes | None:
        """What that level has; None when it is away, or was not told yet what has changed."""
        level = self.shared if where == "l2" else self.disk
        if level is None or (where, key) in self.recovery.waiting:  # what L2 has is not what it should have
            return None
        with contextlib.suppress(LevelAway):
            return await self.guards[where].ask(lambda: level.get(key))
        return None

    async def tick(self) -> int:
        """A stamp later than all that the levels have, as far as L2 can be asked."""
        at, shared = self._stamps.next(), self.shared
        if shared is not None:
            with contextlib.suppress(LevelAway):
                at = await self.guards["l2"].ask(lambda: shared.tick(at))
                self._stamps.heard(at)
        return at

    async def marks(self, names: tuple[str, ...]) -> dict[str, int]:
        """Those marks as L2 knows them; none when it is away."""
        shared = self.shared
        if shared is not None:
            with contextlib.suppress(LevelAway):
                return await self.guards["l2"].ask(lambda: shared.marks(names))
        return {}

    def behind(self, names: Iterable[str]) -> bool:
        """Whether L2 was not told yet of one of those marks."""
        return any(("l2", name) in self.recovery.waiting for name in names)

    async def keep(self, key: str, data: bytes, until: float, policy: Policy, holds: Holds) -> None:
        """Have the levels keep what was made, L2 also late, while it `holds`."""
        if self.disk is not None and policy.disk:
            self.disk.put(key, data, until)
        if policy.shared:
            await self._in_shared(key, _put(key, data, until, holds))

    async def replace(self, key: str, data: bytes, until: float, policy: Policy, at: int, holds: Holds) -> None:
        """Have the levels keep it instead of what they have, and the others let go of that."""
        await self._forget(key)  # at once: the old value must not come back from the disk after a crash
        if self.disk is not None and policy.disk:
            self.disk.put(key, data, until)
        act: InShared = _put(key, data, until, holds) if policy.shared else lambda shared: shared.drop(key, at)
        await self._told(Word("drop", key, at), act)

    async def drop(self, key: str, at: int) -> None:
        """Have the levels and the others let go of the entry."""
        await self._forget(key)

        async def act(shared: SharedLevel) -> None:
            await shared.drop(key, await shared.tick(at))  # now, when it comes late: clocks may differ

        await self._told(Word("drop", key, at), act)

    async def expire(self, key: str, at: int) -> None:
        """Have the levels and the others treat the entry as expired; it may still stand in."""
        if self.disk is not None and (data := await self.get("l3", key)) is not None:
            self.disk.put(key, expired(data), stale_until(data))
        data = await self.get("l2", key)
        act: InShared = _nothing if data is None else lambda shared: shared.put(key, expired(data), stale_until(data))
        await self._told(Word("expire", key, at), act)

    async def mark(self, name: str, at: int) -> None:
        """Have the levels and the others know that what is under the mark is void."""
        if self.disk is not None:
            self.disk.note(name, at)
            await self._written(self.disk)

        async def act(shared: SharedLevel) -> None:
            await shared.mark(name, await shared.tick(at))

        await self._told(Word("mark", name, at), act)

    async def _told(self, word: Word, act: InShared) -> None:
        """Do it in L2, then tell the others, who would else find the old value there. When L2 is away they are told now, and
        again when it is back."""

        async def both(shared: SharedLevel) -> None:
            await act(shared)
            await self._say(word)

        if self.shared is None or not await self._in_shared(word.name, both):
            await self._say(word)

    async def _say(self, word: Word) -> None:
        voice = self.voice
        if voice is not None:
            await self.recovery.do("bus", word.name, lambda: voice.say(word))

    async def _forget(self, key: str) -> None:
        if self.disk is not None:
            self.disk.forget(key)
            await self._written(self.disk)

    async def _written(self, disk: OwnLevel) -> None:
        """Have it survive the process, if the disk can; it tries again by itself."""
        with contextlib.suppress(LevelAway):
            await self.guards["l3"].ask(disk.write)

    @asynccontextmanager
    async def turn(self, key: str, policy: Policy, *, wait: bool) -> AsyncIterator[Turn]:
        """Make a value while no other process does, as far as L2 can tell: without it, each process makes its own.

        `after another` has made one, look again; without `wait` it may be `another's` turn."""
        seconds = policy.hard_timeout or TURN
        turn, token = await self._taken(key, seconds, wait=wait) if self.shared is not None and policy.shared else ("first", None)
        try:
            yield turn
        finally:
            shared = self.shared
            if token is not None and shared is not None:
                with contextlib.suppress(LevelAway):
                    await self.guards["l2"].ask(lambda: shared.give_back(key, token))

    async def _taken(self, key: str, seconds: float, *, wait: bool) -> tuple[Turn, str | None]:
        shared = self.shared
        assert shared is not None  # noqa: S101 - asked by `turn`
        turn: Turn = "first"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while loop.time() < deadline:
            try:
                token = await self.guards["l2"].ask(lambda: shared.take(key, seconds))
            except LevelAway:
                return turn, None
            if token is not None:
                return turn, token
            if not wait:
                return "another's", None
            turn = "after another"
            await asyncio.sleep(random.uniform(*ASK_AGAIN))  # noqa: S311 - jitter
        return turn, None

    async def _in_shared(self, name: str, act: InShared) -> bool:
        """Do it in L2 now, and give True, or when it is back."""
        shared = self.shared
        return shared is not None and await self.recovery.do("l2", name, lambda: self._asked(shared, act))

    async def _asked(self, shared: SharedLevel, act: InShared) -> None:
        await self.guards["l2"].ask(lambda: act(shared))

    def _instead(self, channel: Channel, cache: str) -> Act:
        """What stands for an act that cannot wait any longer."""
        at = self._stamps.next()
        voice, shared = self.voice, self.shared

        async def act() -> None:
            if channel == "bus" and voice is not None:
                await voice.say(Word("mark", cache, at))
            if channel == "l2" and shared is not None:
                await self.guards["l2"].ask(lambda: shared.mark(cache, at))

        return act


def _guarded(where: str, level: SharedLevel | OwnLevel, breakers: Breakers) -> Guarded:
    return Guarded(where, breakers.of(f"cache:{where}", lambda: level.get(NO_KEY), **LIMITS))


def _put(key: str, data: bytes, until: float, holds: Holds) -> InShared:
    async def act(shared: SharedLevel) -> None:
        if holds():
            await shared.put(key, data, until)

    return act


async def _nothing(_: SharedLevel) -> None:
    """Where there is nothing to do."""
