"""The cache against small reference models, on a clock that stands until it is set.

One process with two entries of memory over a real disk, closed and opened again, must answer exactly like a dict. Two processes
over a shared level and a voice that fail at random must never give what they know to be void, nor anything older than they may.
"""

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hulk.kernel.errors import Unavailable
from hulk.runtime.cache import Cache, Caches, Policy, running
from hulk.runtime.cache.backplane import Word
from hulk.runtime.cache.caches import remembered, settled
from hulk.runtime.cache.disk import FILE, DiskLevel
from hulk.runtime.cache.guard import LevelAway
from support.caches import Hand, MemoryShared

TTL, SAFE, THROTTLE = 10, 30, 3
POLICY = Policy(ttl=TTL, jitter=0, fail_safe=SAFE, throttle=THROTTLE, hard_timeout=None)
KEYS = st.sampled_from(["a", "b", "c", "d"])
TAGS = {"a": ["odd"], "b": [], "c": ["odd"], "d": ["even"]}


@dataclass
class Source:
    """Where values come from: each call gives the next number, or fails."""

    made: int = 0
    fails: bool = False

    async def __call__(self, _: object) -> int:
        if self.fails:
            raise Unavailable("Away.")
        self.made += 1
        return self.made


@dataclass
class Kept:
    """What the reference has of a key."""

    value: int
    fresh: float
    stale: float


class OneProcess(RuleBasedStateMachine):
    """Exactly a dict, whatever was pushed out of memory, and over restarts."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock, self.source = Hand(), Source()
        self.folder = tempfile.TemporaryDirectory()
        self.kept: dict[str, Kept] = {}
        self.open()

    def open(self) -> None:
        """Start the process."""
        self.stack = AsyncExitStack()

        async def act() -> Caches:
            self.disk = DiskLevel(Path(self.folder.name) / FILE, 1_000_000, self.clock)
            self.stack.push_async_callback(self.disk.close)
            caches = await self.stack.enter_async_context(running(2, disk=self.disk, now=self.clock, chance=lambda: 0.0))
            await remembered(self.disk, caches.parts)
            return caches

        self.caches = self.loop.run_until_complete(act())
        self.cache: Cache[int] = self.caches.named("numbers", policy=replace(POLICY, throttle=0))

    @rule()
    def restart(self) -> None:
        self.loop.run_until_complete(settled(self.disk, self.caches.parts))
        self.loop.run_until_complete(self.stack.aclose())
        self.open()

    @rule(key=KEYS)
    def get_or_make(self, key: str) -> None:
        wanted, made = self.expected(key), self.source.made
        try:
            value = self.loop.run_until_complete(self.cache.get_or_make(key, self.source, tags=TAGS[key]))
        except Unavailable:
            assert wanted is None
        else:
            assert value == (made + 1 if wanted is None else wanted)

    def expected(self, key: str) -> int | None:
        """The value that is there, or None when one must be made; keeps what will be made."""
        kept, now = self.kept.get(key), self.clock.at
        if kept is not None and now < kept.fresh:
            return kept.value
        if not self.source.fails:
            self.kept[key] = Kept(self.source.made + 1, now + TTL, now + TTL + SAFE)
            return None
        return kept.value if kept is not None and now < kept.stale else None

    @rule(key=KEYS)
    def get(self, key: str) -> None:
        kept = self.kept.get(key)
        wanted = kept.value if kept is not None and self.clock.at < kept.fresh else None
        assert self.loop.run_until_complete(self.cache.get(key)) == wanted

    @rule(key=KEYS, value=st.integers(1000, 2000))
    def set(self, key: str, value: int) -> None:
        self.loop.run_until_complete(self.cache.set(key, value, tags=TAGS[key]))
        self.kept[key] = Kept(value, self.clock.at + TTL, self.clock.at + TTL + SAFE)

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        self.loop.run_until_complete(self.cache.remove(key))
        self.kept.pop(key, None)

    @rule(key=KEYS)
    def expire(self, key: str) -> None:
        self.loop.run_until_complete(self.cache.expire(key))
        if key in self.kept:
            self.kept[key].fresh = 0

    @rule(tag=st.sampled_from(["odd", "even"]))
    def remove_by_tag(self, tag: str) -> None:
        self.loop.run_until_complete(self.cache.remove_by_tag(tag))
        self.kept = {key: kept for key, kept in self.kept.items() if tag not in TAGS[key]}

    @rule()
    def clear(self) -> None:
        self.loop.run_until_complete(self.cache.clear())
        self.kept.clear()

    @rule(seconds=st.sampled_from([1, 4, TTL, SAFE]))
    def wait(self, seconds: int) -> None:
        self.clock.at += seconds

    @rule(fails=st.booleans())
    def source_is(self, fails: bool) -> None:
        self.source.fails = fails

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self.stack.aclose())
            self.folder.cleanup()
            self.loop.close()


@dataclass
class Wire:
    """The voice of one process, heard by the other at once unless the wire is cut."""

    other: list[Caches] = field(default_factory=list)
    cut: bool = False

    async def say(self, word: Word) -> None:
        """See `Voice`."""
        if self.cut:
            raise LevelAway("cut")
        for caches in self.other:
            caches.parts.heard(word)


Act: TypeAlias = Callable[["TwoProcesses"], None]


class TwoProcesses(RuleBasedStateMachine):
    """Values are numbers that grow, so a value tells when it was made."""

    @initialize()
    def begin(self) -> None:
        self.loop, self.stack = asyncio.new_event_loop(), AsyncExitStack()
        self.clock, self.source = Hand(), Source()
        self.shared = MemoryShared(self.clock)
        self.wires = [Wire(), Wire()]
        self.processes = [self.loop.run_until_complete(self.started(wire)) for wire in self.wires]
        self.caches: list[Cache[int]] = [one.named("numbers", policy=POLICY) for one in self.processes]
        for wire, other in zip(self.wires, reversed(self.processes), strict=True):
            wire.other.append(other)
        self.least = [dict.fromkeys(TAGS, 0) for _ in self.processes]
        """By process and key: the first number that it may still give."""
        self.pending = dict.fromkeys(TAGS, 0)
        self.made_at: dict[int, float] = {}
        self.well_since = 0.0

    async def started(self, wire: Wire) -> Caches:
        """One process."""
        caches = await self.stack.enter_async_context(running(100, self.shared, now=self.clock, chance=lambda: 0.0))
        caches.parts.levels.voice = wire
        for guarded in caches.parts.levels.guards.values():
            guarded.breaker.disable()
        return caches

    @rule(process=st.integers(0, 1), key=KEYS)
    def get_or_make(self, process: int, key: str) -> None:
        made = self.source.made
        try:
            value = self.loop.run_until_complete(self.caches[process].get_or_make(key, self.source, tags=TAGS[key]))
        except Unavailable:
            assert self.source.fails
            return
        if value > made:
            self.made_at[value] = self.clock.at
        assert value >= self.least[process][key], "it was void, and this process knew"
        failed = self.source.fails or self.clock.at < self.well_since + THROTTLE  # for so long what stood in does
        assert self.clock.at < self.made_at[value] + TTL + (SAFE if failed else 0)

    @rule(process=st.integers(0, 1), key=KEYS)
    def set(self, process: int, key: str) -> None:
        self.void(process, [key])
        self.source.made += 1
        self.made_at[self.source.made] = self.clock.at
        self.loop.run_until_complete(self.caches[process].set(key, self.source.made, tags=TAGS[key]))

    @rule(process=st.integers(0, 1), key=KEYS)
    def remove(self, process: int, key: str) -> None:
        self.loop.run_until_complete(self.caches[process].remove(key))
        self.void(process, [key])

    @rule(process=st.integers(0, 1), tag=st.sampled_from(["odd", "even"]))
    def remove_by_tag(self, process: int, tag: str) -> None:
        self.loop.run_until_complete(self.caches[process].remove_by_tag(tag))
        self.void(process, [key for key in TAGS if tag in TAGS[key]])

    @rule(process=st.integers(0, 1))
    def clear(self, process: int) -> None:
        self.loop.run_until_complete(self.caches[process].clear())
        self.void(process, list(TAGS))

    def void(self, process: int, keys: list[str]) -> None:
        """From now on this process must give nothing older, the other as soon as it can know."""
        for key in keys:
            self.least[process][key] = self.source.made + 1
            if self.shared.away or self.wires[process].cut:
                self.pending[key] = self.source.made + 1
            else:
                self.least[1 - process][key] = self.source.made + 1

    @rule(seconds=st.sampled_from([1, 4, TTL, SAFE]))
    def wait(self, seconds: int) -> None:
        self.clock.at += seconds

    @rule(fails=st.booleans())
    def source_is(self, fails: bool) -> None:
        if self.source.fails and not fails:
            self.well_since = self.clock.at
        self.source.fails = fails

    @rule(away=st.booleans())
    def shared_is(self, away: bool) -> None:
        self.shared.away = away

    @rule(process=st.integers(0, 1))
    def cut(self, process: int) -> None:
        self.wires[process].cut = True

    @precondition(lambda self: not self.shared.away)
    @rule()
    def all_is_well_again(self) -> None:
        for wire in self.wires:
            wire.cut = False
        for process in self.processes:
            self.loop.run_until_complete(process.parts.levels.recovery.replay())
            process.parts.missed()
        for least in self.least:
            for key, value in self.pending.items():
                least[key] = max(least[key], value)

    @invariant()
    def nothing_waits_when_it_need_not(self) -> None:
        if hasattr(self, "processes") and not self.shared.away and not any(wire.cut for wire in self.wires):
            for process in self.processes:
                self.loop.run_until_complete(process.parts.levels.recovery.replay())
                assert not process.parts.levels.recovery.waiting

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.run_until_complete(self.stack.aclose())
            self.loop.close()


@pytest.mark.parametrize("act", [lambda two: two.clear(0), lambda two: two.remove(0, "a"), lambda two: two.remove_by_tag(0, "odd")])
@pytest.mark.parametrize("kept", [lambda two: two.get_or_make(1, "a"), lambda two: two.set(1, "a")])
def test_what_was_voided_while_it_waited_for_the_shared_level_does_not_come_there(kept: Act, act: Act) -> None:
    """The clock of who made it may be ahead of that of who voided it."""
    two = TwoProcesses()
    with ExitStack() as stack:
        stack.callback(two.teardown)
        two.begin()
        two.shared_is(away=True)
        kept(two)
        act(two)
        two.shared_is(away=False)
        two.nothing_waits_when_it_need_not()
        two.get_or_make(0, "a")
        two.get_or_make(1, "a")


OneProcess.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TwoProcesses.TestCase.settings = settings(max_examples=400, stateful_step_count=50, deadline=None)
TestOneProcess = OneProcess.TestCase
TestTwoProcesses = TwoProcesses.TestCase
