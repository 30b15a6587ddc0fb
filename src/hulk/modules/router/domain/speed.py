"""How long models take to answer, as seen lately. Pure rules."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

_NEWEST = 0.2
"""What the newest answer counts; five answers ago counts a third of it."""
FORGOTTEN = timedelta(minutes=5)
"""After which an answer says nothing of the next: a model that was too slow to be asked would never be seen to be faster."""


@dataclass(slots=True)
class Speeds:
    """Moving averages by the names of models, with when they last answered; of this process, which sees enough of them by itself."""

    _seen: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def took(self, model: str, seconds: float, now: datetime) -> None:
        """An answer was whole after so many seconds. Less than none, when the clock was set back, is none."""
        newest = max(0.0, seconds)
        before = self._average(model, now)
        self._seen[model] = (newest if before is None else before + _NEWEST * (newest - before), now)

    def expected(self, model: str, now: datetime) -> timedelta | None:
        """How long its next answer may take; None when none was seen lately."""
        seconds = self._average(model, now)
        return None if seconds is None else timedelta(seconds=seconds)

    def _average(self, model: str, now: datetime) -> float | None:
        seconds, at = self._seen.get(model, (0.0, None))
        return seconds if at is not None and abs(now - at) < FORGOTTEN else None
