"""How long models take to answer, as seen lately. Pure rules."""

from dataclasses import dataclass, field
from datetime import timedelta

_NEWEST = 0.2
"""What the newest answer counts; five answers ago counts a third of it."""


@dataclass(slots=True)
class Speeds:
    """Moving averages by the names of models; of this process, which sees enough of them by itself."""

    _seconds: dict[str, float] = field(default_factory=dict)

    def took(self, model: str, seconds: float) -> None:
        """An answer was whole after so many seconds."""
        before = self._seconds.get(model, seconds)
        self._seconds[model] = before + _NEWEST * (seconds - before)

    def expected(self, model: str) -> timedelta | None:
        """How long its next answer may take; None when none was seen."""
        seconds = self._seconds.get(model)
        return None if seconds is None else timedelta(seconds=seconds)
