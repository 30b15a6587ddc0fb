"""All breakers of a process by name, and the tasks that look after those which are not closed."""

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import structlog

from hulk.kernel.errors import NotFound
from hulk.runtime.breaker.breaker import Breaker, Outcome, Probe, State
from hulk.runtime.breaker.policy import Policy
from hulk.runtime.config import BreakerSettings
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)

MOST = 1000
"""Names remembered. The longest unused of those that are closed are forgotten first."""
_STATES: tuple[State, ...] = ("closed", "open", "half_open", "isolated", "disabled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A breaker has gone from one state into another."""

    name: str
    before: State
    state: State


class Breakers:
    """Makes breakers on demand. While `working`, each that opens has a task that probes it and lets no state get stuck."""

    def __init__(
        self,
        settings: BreakerSettings | None = None,
        metrics: Metrics | None = None,
        *,
        told: Callable[[Change], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        most: int = MOST,
    ) -> None:
        self._settings = settings or BreakerSettings()
        self._told = told
        self._clock = clock
        self._chance = chance
        self._most = most
        self._breakers: OrderedDict[str, Breaker] = OrderedDict()
        self._group: asyncio.TaskGroup | None = None
        self._tenders: dict[str, asyncio.Task[None]] = {}
        metrics = metrics or Metrics()
        self._state = metrics.gauge("hulk_breaker_state", "1 for the state that a breaker is in.", ["name", "state"])
        self._calls = metrics.counter("hulk_breaker_calls_total", "Calls through breakers.", ["name", "outcome"])

    def __iter__(self) -> Iterator[Breaker]:
        return iter(sorted(self._breakers.values(), key=lambda breaker: breaker.name))

    def of(self, name: str, probe: Probe | None = None, **limits: Any) -> Breaker:
        """The breaker of that name. When it is made, it takes `probe`, and those `limits` (fields of `Policy`) instead of the section's
        own; what the section sets for breakers of that name goes before them."""
        breaker = self._breakers.get(name)
        if breaker is None:
            breaker = self._breakers[name] = self._made(name, probe, limits)
            self._show(breaker)
            self._forget()
        self._breakers.move_to_end(name)
        return breaker

    def find(self, name: str) -> Breaker:
        """The breaker of that name; raises `NotFound` when nothing was called by it yet."""
        if name not in self._breakers:
            known = ", ".join(breaker.name for breaker in self) or "-"
            raise NotFound("There is no breaker {name}; one is made at its first call. There are: {known}.", name=name, known=known[:500])
        return self._breakers[name]

    @asynccontextmanager
    async def working(self) -> AsyncIterator["Breakers"]:
        """Look after breakers until the block ends."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                yield self
            finally:
                self._group = None
                while self._tenders:
                    self._tenders.popitem()[1].cancel()

    def changed(self, breaker: Breaker, before: State) -> None:
        """See `Watcher`."""
        tell = log.warning if breaker.state in ("open", "isolated") else log.info
        tell("breaker_changed", breaker=breaker.name, before=before, state=breaker.state, retry_after=breaker.retry_after)
        self._show(breaker)
        self._told(Change(name=breaker.name, before=before, state=breaker.state))
        if breaker.wait() is None:
            self._leave(breaker.name)
        elif breaker.name not in self._tenders and self._group is not None:
            self._tenders[breaker.name] = self._group.create_task(self._tended(breaker))

    def ended(self, name: str, outcome: Outcome) -> None:
        """See `Watcher`."""
        self._calls.labels(name, outcome).inc()

    async def _tended(self, breaker: Breaker) -> None:
        while (wait := breaker.wait()) is not None:
            await asyncio.sleep(wait)
            while await breaker.tend():
                pass

    def _leave(self, name: str) -> None:
        """End the task of a breaker that is well, or in the hands of a person; its own it leaves to end by itself."""
        task = self._tenders.pop(name, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _made(self, name: str, probe: Probe | None, limits: Mapping[str, Any]) -> Breaker:
        return Breaker(name, policy(self._settings, name, limits), probe=probe, watcher=self, clock=self._clock, chance=self._chance)

    def _show(self, breaker: Breaker) -> None:
        for state in _STATES:
            self._state.labels(breaker.name, state).set(breaker.state == state)

    def _forget(self) -> None:
        surplus = len(self._breakers) - self._most
        old = [breaker.name for breaker in list(self._breakers.values())[:-1] if breaker.state == "closed"][: max(surplus, 0)]
        for name in old:
            del self._breakers[name]
            self._state.remove_by_labels({"name": name})
            self._calls.remove_by_labels({"name": name})


def policy(settings: BreakerSettings, name: str, own: Mapping[str, Any] | None = None) -> Policy:
    """The limits of the breaker of that name: the section's, changed by its `own`, then by each of `overrides` whose pattern fits, in
    their order."""
    values = settings.limits() | dict(own or {})
    for override in settings.overrides:
        if fnmatchcase(name, override.name):
            values |= override.limits()
    return Policy(**values)
