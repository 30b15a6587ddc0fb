"""One named cache: what a caller asks, and how a value comes to be."""

import asyncio
import functools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Generic, TypeVar

import structlog

from hulk.kernel.errors import NotFound, Refused, Unavailable
from hulk.runtime.cache.background import Background
from hulk.runtime.cache.backplane import Word
from hulk.runtime.cache.entry import STAMP, Codec, Entry, Factory, Made, Policy, Stale, packed, unpacked
from hulk.runtime.cache.figures import Figures
from hulk.runtime.cache.levels import Levels, Where
from hulk.runtime.cache.marks import Marks, Stamps, covering, place
from hulk.runtime.cache.memory import Held, Memory

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Flight(Generic[T]):
    """A value that is being looked for or made; whoever asks for it meanwhile waits for the same."""

    since: int
    done: "asyncio.Future[T]"
    trace: TracebackType | None = None

    def answer(self, value: T) -> None:
        """Give it to all who wait, once."""
        if not self.done.done():
            self.done.set_result(value)


@dataclass(slots=True, kw_only=True)
class Parts:
    """What all caches of a process share."""

    memory: Memory
    levels: Levels
    stamps: Stamps
    marks: Marks
    background: Background
    chance: Callable[[], float] = random.random
    flights: dict[str, Flight[Any]] = field(default_factory=dict)

    def heard(self, word: Word) -> None:
        """Do what another process says."""
        self.stamps.heard(word.at)
        at = max(word.at, self.stamps.next())  # what we made under a clock that is ahead of the sender's must go too
        match word.what:
            case "drop":
                self.drop(word.name, at)
            case "expire":
                self.expire(word.name, at)
            case "mark":
                self.mark(word.name, at)
        if self.levels.disk is not None:
            self.levels.disk.note(word.name, at) if word.what == "mark" else self.levels.disk.forget(word.name)

    def missed(self) -> None:
        """Something may have been missed: all that is here is to be asked for again."""
        self.marks.distrust(self.stamps.next())

    def drop(self, key: str, at: int) -> None:
        """Let go of an entry in memory, and of one that is on its way."""
        self.marks.drop(key, at)
        self.memory.pop(key, None)
        self.flights.pop(key, None)

    def expire(self, key: str, at: int) -> None:
        """Let an entry in memory be fresh no more, nor one that is on its way."""
        self.marks.drop(key, at)
        self.flights.pop(key, None)
        held = self.memory.get(key)
        if held is not None:
            held.good_until = held.fresh_until = 0.0

    def mark(self, name: str, at: int) -> None:
        """Void what is under the mark. Memory is given back when that is a whole cache or tenant."""
        self.marks.mark(name, at)
        cache = name.partition(":")[0] + ":"
        for key in [key for key in self.flights if key.startswith(cache)]:
            del self.flights[key]
        if name.count(":") < 2:
            for key in [key for key in self.memory if key.startswith(name + ":")]:
                self.memory.pop(key, None)


@dataclass(frozen=True, slots=True)
class _Making(Generic[T]):
    """What is needed to make one value."""

    key: str
    factory: Factory[T]
    tags: tuple[str, ...]
    policy: Policy
    early: int = 0
    """The stamp of the fresh value that this is to replace, or 0."""


class Cache(Generic[T]):
    """Values of one kind by key. What it gives is shared with whoever asks: do not change it."""

    def __init__(self, parts: Parts, name: str, tenant: str, codec: Codec[T], policy: Policy, figures: Figures) -> None:
        self.name = name
        self.policy = policy
        self._place = place(name, tenant)
        self._parts = parts
        self._codec = codec
        self._tenant = tenant
        self._figures = figures
        self._get: Callable[[str], Held[T] | None] = parts.memory.get
        self._marks = parts.marks
        self._now = parts.stamps.now

    def of(self, tenant: str) -> "Cache[T]":
        """The same cache, with keys, tags and `clear` of that tenant alone."""
        return Cache(self._parts, self.name, tenant, self._codec, self.policy, self._figures)

    async def get_or_make(self, key: str, factory: Factory[T], *, tags: Iterable[str] = (), policy: Policy | None = None) -> T:
        """The value under `key`, made by `factory` when it is fresh nowhere, once for all who ask at the same time.

        The factory goes on when a caller gives up. Raises what it raises, unless a stale value may stand in (never for
        `NotFound` and `Refused`, which are answers), and `Unavailable` after the hard timeout."""
        held = self._get(self._place + key)
        if held is not None and held.epoch == self._marks.epoch and self._now() < held.good_until:
            self._figures.l1 += 1
            return held.value
        return await self._found_or_made(_Making(self._place + key, factory, self._tagged(tags), policy or self.policy))

    async def get(self, key: str) -> T | None:
        """The fresh value under `key` in any level, or None."""
        place = self._place + key
        held = self._checked(place)
        if held is not None and self._now() < held.fresh_until:
            self._figures.l1 += 1
        else:
            held = await self._look(place, self.policy, self._parts.stamps.next())
        if held is None or self._now() >= held.fresh_until:
            self._figures.misses += 1
            return None
        return held.value

    async def set(self, key: str, value: T, *, tags: Iterable[str] = (), policy: Policy | None = None) -> None:
        """Keep `value`, in place of whatever any process has or is making now."""
        place, rule = self._place + key, policy or self.policy
        at = await self._parts.levels.tick()
        self._parts.drop(place, at)
        entry = self._entry(Made(value), self._tagged(tags), rule, self._parts.stamps.next())
        if entry is None:
            await self._parts.levels.drop(place, at)
            return
        self._hold(place, entry, entry.made, rule)
        data = packed(entry, self._codec)
        holds = functools.partial(self._holds, place, entry, entry.made)
        await self._parts.levels.replace(place, data, entry.stale_until, rule, at, holds)

    async def remove(self, key: str) -> None:
        """Let go of what is under `key`, everywhere."""
        at = self._parts.stamps.next()
        self._parts.drop(self._place + key, at)
        await self._parts.levels.drop(self._place + key, at)
        self._parts.drop(self._place + key, self._parts.stamps.next())  # who asked meanwhile may have had it from a level

    async def expire(self, key: str) -> None:
        """Have what is under `key` made anew when next asked for; it may still stand in when that fails."""
        at = self._parts.stamps.next()
        self._parts.expire(self._place + key, at)
        await self._parts.levels.expire(self._place + key, at)
        self._parts.expire(self._place + key, self._parts.stamps.next())  # as in `remove`

    async def remove_by_tag(self, tag: str) -> None:
        """Let go of all that has that tag, everywhere."""
        await self._void(self._place + tag)

    async def clear(self) -> None:
        """Let go of all of the tenant; of the whole cache when it is of no tenant."""
        await self._void(self._place.rstrip(":"))

    async def _void(self, mark: str) -> None:
        at = self._parts.stamps.next()
        self._parts.mark(mark, at)
        await self._parts.levels.mark(mark, at)

    def _tagged(self, tags: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._place + tag for tag in tags)

    async def _found_or_made(self, making: _Making[T]) -> T:
        held = self._checked(making.key)
        if held is not None and self._now() < held.fresh_until:
            self._figures.l1 += 1
            if self._now() >= held.good_until and making.key not in self._parts.flights:
                self._begin(replace(making, early=held.entry.made))
            return held.value
        flight: Flight[T] = self._parts.flights.get(making.key) or self._begin(making)
        if making.policy.soft_timeout is not None:
            await asyncio.wait([flight.done], timeout=making.policy.soft_timeout)
            held = self._checked(making.key)
            if not flight.done.done() and held is not None and self._now() < held.entry.stale_until:
                self._figures.stale += 1
                return held.value
        await asyncio.wait([flight.done])
        error = flight.done.exception()
        if error is not None:
            raise error.with_traceback(flight.trace)  # which every raise adds to, and many may wait
        return flight.done.result()

    def _begin(self, making: _Making[T]) -> Flight[T]:
        flight: Flight[T] = Flight(self._parts.stamps.next(), asyncio.get_running_loop().create_future())
        flight.done.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen, even when nobody waits any more
        self._parts.flights[making.key] = flight
        self._parts.background.begin(self._fly(flight, making))
        return flight

    async def _fly(self, flight: Flight[T], making: _Making[T]) -> None:
        try:
            flight.answer(await self._brought(flight, making))
        except asyncio.CancelledError:
            flight.done.cancel()
            raise
        except Exception as error:
            if flight.done.done():
                log.exception("cache_not_kept", cache=self.name)
            else:
                flight.trace = error.__traceback__
                flight.done.set_exception(error)
        finally:
            if self._parts.flights.get(making.key) is flight:
                del self._parts.flights[making.key]

    async def _brought(self, flight: Flight[T], making: _Making[T]) -> T:
        held = await self._look(making.key, making.policy, flight.since)
        if held is not None and self._enough(held, making):
            return held.value
        async with self._parts.levels.turn(making.key, making.policy, wait=not making.early) as turn:
            if turn == "after another":
                held = await self._look(making.key, making.policy, flight.since)
            if held is not None and (turn == "another's" or self._enough(held, making)):
                return held.value
            return await self._made(flight, making, held)

    def _enough(self, held: Held[T], making: _Making[T]) -> bool:
        return self._now() < held.fresh_until and held.entry.made > making.early

    async def _made(self, flight: Flight[T], making: _Making[T], held: Held[T] | None) -> T:
        """Call the factory, keep what it gives, or have the stale value stand in."""
        self._figures.misses += not making.early
        stale = held if held is not None and self._now() < held.entry.stale_until else None
        began, clock = self._parts.stamps.next(), asyncio.get_running_loop().time()
        try:
            answer = await self._called(making, stale)
        except Exception as error:
            self._figures.failed += 1
            if stale is None or isinstance(error, NotFound | Refused):
                raise
            return self._stands_in(making, stale, error)
        finally:
            self._figures.seconds += asyncio.get_running_loop().time() - clock
        self._figures.made += 1
        made = answer if isinstance(answer, Made) else Made(answer)
        await self._kept(flight, making, made, began, replaced=stale is not None)
        return made.value

    async def _called(self, making: _Making[T], stale: Held[T] | None) -> T | Made[T]:
        limit = asyncio.timeout(making.policy.hard_timeout)
        try:
            async with limit:
                return await making.factory(Stale(stale.value, stale.entry.etag) if stale else None)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise Unavailable(
                "The cache {cache} waited {seconds} s for a value, which is its limit.", cache=self.name, seconds=making.policy.hard_timeout
            ) from error

    def _stands_in(self, making: _Making[T], stale: Held[T], error: Exception) -> T:
        log.warning("cache_stale_stands_in", cache=self.name, error=type(error).__name__)
        again = min(self._now() + making.policy.throttle, stale.entry.stale_until)
        if making.early:
            stale.good_until = min(again, stale.fresh_until)
        else:
            stale.good_until = stale.fresh_until = again
            self._figures.stale += 1
        return stale.value

    async def _kept(self, flight: Flight[T], making: _Making[T], made: Made[T], began: int, *, replaced: bool) -> None:
        entry = self._entry(made, (*making.tags, *self._tagged(made.tags)), making.policy, began)
        if entry is None:
            if replaced:
                self._parts.drop(making.key, began)
                await self._parts.levels.drop(making.key, began)
            return
        holds = functools.partial(self._holds, making.key, entry, flight.since)
        if not holds():
            return
        data = packed(entry, self._codec) if self._parts.levels.order(making.policy) else b""
        self._hold(making.key, entry, began, making.policy)
        flight.answer(made.value)
        if data:
            await self._parts.levels.keep(making.key, data, entry.stale_until, making.policy, holds)

    def _holds(self, key: str, entry: Entry[T], since: int) -> bool:
        """Whether the entry was neither dropped after the stamp `since` nor voided after it was made."""
        return not (self._marks.dropped(key, since) or self._marks.void(entry.made, (*covering(key), *entry.tags)))

    def _entry(self, made: Made[T], tags: tuple[str, ...], policy: Policy, began: int) -> Entry[T] | None:
        """What to keep, or None when it is not to be kept."""
        life = policy.life(made.value, made.ttl, self._parts.chance())
        if life <= 0:
            return None
        until = self._now() + life
        return Entry(value=made.value, made=began, fresh_until=until, stale_until=until + policy.fail_safe, etag=made.etag, tags=tags)

    def _checked(self, key: str) -> Held[T] | None:
        """What memory has under `key`, unless it was voided; no longer fresh when an invalidation of it may have been missed."""
        held = self._get(key)
        if held is None or held.epoch == self._marks.epoch:
            return held
        if self._marks.void(held.entry.made, (*covering(key), *held.entry.tags)):
            self._parts.memory.pop(key, None)
            return None
        if held.checked <= self._marks.trusted_since:
            held.good_until = held.fresh_until = 0.0
        held.epoch = self._marks.epoch
        return held

    async def _look(self, key: str, policy: Policy, since: int) -> Held[T] | None:
        """The best there is under `key`: fresh from the first level that has it so, else the newest. Held in memory from now on,
        unless it was dropped while we looked."""
        best, newest = self._checked(key), 0
        for where in self._parts.levels.order(policy):
            checked = self._parts.stamps.next() if where == "l2" else 0
            data = await self._parts.levels.get(where, key)
            if data is None:
                continue
            entry = self._read(data)
            newest = max(newest, int(data[:STAMP]) if data[:STAMP].isdigit() else 0)
            if best is not None and best.entry.made < newest:
                self._parts.memory.pop(key, None)
                best = None
            if entry is None or entry.made < newest or await self._is_void(key, entry, where):
                continue
            if self._parts.marks.dropped(key, since):
                return None
            held = self._hold(key, entry, checked or entry.made, policy)
            if self._now() < held.fresh_until:
                setattr(self._figures, where, getattr(self._figures, where) + 1)
                return held
            best = held
        return best

    def _read(self, data: bytes) -> Entry[T] | None:
        try:
            return unpacked(data, self._codec)
        except (ValueError, TypeError, KeyError, ExceptionGroup) as error:
            log.warning("cache_entry_not_understood", cache=self.name, error=type(error).__name__)
            return None

    async def _is_void(self, key: str, entry: Entry[T], where: Where) -> bool:
        names = (*covering(key), *entry.tags)
        if where == "l2":
            if self._parts.levels.behind(names):
                return True
            for name, at in (await self._parts.levels.marks(names)).items():
                self._parts.stamps.heard(at)
                self._marks.mark(name, at)
        return self._marks.void(entry.made, names)

    def _hold(self, key: str, entry: Entry[T], checked: int, policy: Policy) -> Held[T]:
        memory, made = self._parts.memory, entry.made / 1_000_000
        self._parts.stamps.heard(entry.made)
        fresh_until = entry.fresh_until if checked > self._marks.trusted_since else 0.0
        early = fresh_until if policy.eager is None else made + policy.eager * (entry.fresh_until - made)
        held = Held(entry.value, entry, min(fresh_until, early), fresh_until, self._marks.epoch, checked)
        if len(memory) >= memory.maxsize and key not in memory:
            self._figures.evicted += 1
        memory.insert(key, held)
        return held
