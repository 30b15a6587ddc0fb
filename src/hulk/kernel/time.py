"""Now, as something that can be handed in: every rule that depends on time takes a `Clock`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment, aware and in UTC."""


def utc_now() -> datetime:
    """The system's present moment in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class SetBack:
    """Tells that the time of day was set back: that less of it went by than passed.

        watch = SetBack()
        watch.seen(utc_now(), time.monotonic())     # False, and again and again

    What waits for a moment of a clock that was set back would wait for as long again."""

    tolerance: timedelta = timedelta(seconds=1)
    _ahead: timedelta | None = None
    """By how much the clock is ahead of what passed."""

    def seen(self, now: datetime, passed: float) -> bool:
        """Whether it was since it was seen last; `passed` are seconds that never go back."""
        before, self._ahead = self._ahead, now - datetime.fromtimestamp(0, UTC) - timedelta(seconds=passed)
        return before is not None and before - self._ahead > self.tolerance


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: `2026-11-21T03:00:00.000000Z`. Sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def hours(time: timedelta) -> float:
    """How many hours that is, to the hundredth; whole where it is whole, to be read."""
    found = round(time / timedelta(hours=1), 2)
    return int(found) if found.is_integer() else found


def from_iso(text: str) -> datetime:
    """The reverse of `iso`; takes any RFC 3339 offset."""
    return datetime.fromisoformat(text)
