"""How much a tenant may do and keep. Pure rules.

Intents per minute are a bucket that holds a minute's worth and is refilled steadily: what is kept of it is only the moment at which it
will be full again (the generic cell rate algorithm, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias, get_args

from hulk.kernel.errors import OverQuota
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text

Name: TypeAlias = Literal["intents_per_minute", "open_tickets", "concurrent_runs", "monthly_spend", "storage"]
NAMES: tuple[Name, ...] = get_args(Name)
Counted: TypeAlias = Literal["open_tickets", "storage"]
"""Those of which a count is kept; runs are counted where they are, and money is finops'."""

MINUTE = timedelta(minutes=1)
WAIT = 5.0
"""Seconds after which it is worth asking again, when only somebody's finishing something makes room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most of each; None is no limit. `storage` in bytes, `monthly_spend` in `finops.currency`."""

    intents_per_minute: int | None = None
    open_tickets: int | None = None
    concurrent_runs: int | None = None
    monthly_spend: Decimal | None = None
    storage: int | None = None

    def of(self, own: "Own") -> "Limits":
        """These, but for those that a tenant has of its own."""
        return replace(self, **dict[str, Any](own.items()))

    def plain(self) -> JsonObject:
        """As JSON; money as text, so that it stays exact."""
        return plain(asdict(self))


Own: TypeAlias = Mapping[Name, Any]
"""A tenant's own limits, None for no limit; what is not named is as the settings say."""


def plain(limits: Mapping[Any, Any]) -> JsonObject:
    """Limits as JSON."""
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in limits.items()}


def from_plain(limits: Mapping[str, Any]) -> dict[Name, Any]:
    """The reverse of `plain`; what it does not know is left out."""
    known = {name: limits[name] for name in NAMES if name in limits}
    spend = known.get("monthly_spend")
    return known if spend is None else {**known, "monthly_spend": Decimal(spend)}


def spacing(most: int) -> timedelta:
    """How long the bucket takes to get one more; rounded down, so that a minute holds all of them."""
    return timedelta(microseconds=MINUTE // timedelta(microseconds=1) // most)


@dataclass(slots=True)
class Standing:
    """A tenant's own limits and what it has used; written while a transaction goes on. `full` is when the bucket is full again."""

    tenant: str
    own: dict[Name, Any] = field(default_factory=dict)
    full: datetime | None = None
    open_tickets: int = 0
    storage: int = 0
    running: int | None = None
    """Runs under way, once they were counted."""
    changed: bool = False

    def admit(self, limits: Limits, under_way: Callable[[], int], now: datetime) -> OverQuota | None:
        """Take one more intent and its run, or say why not; the runs `under_way` are counted once, and only where there is a limit."""
        if limits.concurrent_runs is not None:
            self.running = under_way() if self.running is None else self.running
            if self.running >= limits.concurrent_runs:
                return _over("concurrent_runs", limits.concurrent_runs, 0, WAIT)
        if over := self._intent(limits.intents_per_minute, now):
            return over
        self.running = None if self.running is None else self.running + 1
        return None

    def _intent(self, most: int | None, now: datetime) -> OverQuota | None:
        """Take an intent out of the bucket, or say why not."""
        if most is None:
            return None
        if most == 0:
            return _over("intents_per_minute", 0, 0, MINUTE.total_seconds())
        full = max(self.full or now, now) + spacing(most)
        if full - now > MINUTE:
            return _over("intents_per_minute", most, 0, (full - now - MINUTE).total_seconds())
        self.full, self.changed = full, True
        return None

    def intents_left(self, most: int | None, now: datetime) -> int | None:
        """How many intents the bucket holds; None without a limit."""
        if not most:
            return most
        return min(most, int((MINUTE - max((self.full or now) - now, timedelta(0))) / spacing(most)))

    def add(self, name: Counted, most: int | None, amount: int) -> OverQuota | None:
        """Count so many more of it, or say why not."""
        used = getattr(self, name)
        if most is not None and used + amount > most:
            return _over(name, most, max(0, most - used), WAIT)
        self._put(name, used + amount)
        return None

    def less(self, name: Counted, amount: int) -> None:
        """Count so many less of it, but never less than none."""
        self._put(name, max(0, getattr(self, name) - amount))

    def _put(self, name: Counted, used: int) -> None:
        setattr(self, name, used)
        self.changed = True


_SAID: Mapping[str, Callable[..., Text]] = {
    "intents_per_minute": lambda **values: Text(
        "This tenant may ask {limit} intents per minute and has. Ask again in {seconds} s, or have an admin of the tenant “default” raise"
        " its quota intents_per_minute.",
        **values,
    ),
    "open_tickets": lambda **values: Text(
        "This tenant may have {limit} open tickets; there is room for {left} more. Finish or close some, or have an admin of the tenant"
        " “default” raise its quota open_tickets.",
        **values,
    ),
    "concurrent_runs": lambda **values: Text(
        "This tenant may have {limit} runs under way at once; there is room for {left} more. Wait until some have ended, or have an admin"
        " of the tenant “default” raise its quota concurrent_runs.",
        **values,
    ),
    "storage": lambda **values: Text(
        "This tenant may keep {limit} bytes of files; {left} are left. Send less, or have an admin of the tenant “default” raise its quota"
        " storage.",
        **values,
    ),
}


def _over(name: str, limit: int, left: int, retry_after: float) -> OverQuota:
    text = _SAID[name](limit=limit, left=left, seconds=f"{retry_after:.1f}")
    return OverQuota(text, quota=name, limit=limit, left=left, retry_after=retry_after)


def over_storage(limit: int, left: int) -> OverQuota:
    """The error for a file that no longer fits."""
    return _over("storage", limit, left, WAIT)
