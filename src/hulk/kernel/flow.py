"""Flow control of runs, in Inngest's words (https://www.inngest.com/docs/guides/flow-control). Keys are a tenant's own.

| word | when there is too much | what happens |
|---|---|---|
| concurrency | of the key, at once | waits for one to end |
| throttle | of the key, in a time | waits for its turn |
| rate | of the key, in a time | refused |
| debounce | asked again before it began | begun once, later, with the newest input |
| singleton | one of the key is not ended | refused, or takes its place |
| priority | others of the tenant wait | goes before those of lower priority |
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from hulk.kernel.errors import Refused

PRIORITIES = range(-100, 101)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concurrency:
    """At most `most` runs of `key` that are begun and not ended, those that wait included."""

    key: str
    most: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `most` runs of `key` per `period`, evenly spaced but for `burst` of them that may come at once."""

    key: str
    most: int
    period: timedelta
    burst: int = 1

    @property
    def spacing(self) -> timedelta:
        """The time between two runs."""
        return self.period / self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Debounce:
    """Begin when `key` was not asked for again during `period`, at the latest `most` after it was first."""

    key: str
    period: timedelta
    most: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Singleton:
    """One run of `key` at a time: another is refused (`skip`) or takes the place of the first, which is cancelled (`cancel`)."""

    key: str
    mode: Literal["skip", "cancel"] = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How a run is let in among others. Higher `priority` goes first, -100 to 100."""

    concurrency: Concurrency | None = None
    throttle: Rate | None = None
    rate: Rate | None = None
    debounce: Debounce | None = None
    singleton: Singleton | None = None
    priority: int = 0

    def __post_init__(self) -> None:
        """Raises `Refused` for numbers that make no sense."""
        if self.priority not in PRIORITIES:
            raise Refused("The priority {priority} is not between -100 and 100.", priority=self.priority)
        for limit in (self.concurrency, self.throttle, self.rate):
            if limit is not None and limit.most < 1:
                raise Refused("A limit of {most} for “{key}” would let nothing in: give at least 1.", most=limit.most, key=limit.key)
        for rate in (self.throttle, self.rate):
            if rate is not None and (rate.period <= timedelta(0) or rate.burst < 1):
                raise Refused("The rate for “{key}” needs a period longer than nothing and a burst of at least 1.", key=rate.key)


OPEN = Flow()
"""No limit, middle priority."""
