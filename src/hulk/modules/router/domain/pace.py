"""How fast a model may be asked, as its provider told: what is left of its limits, and until when it wants to be left alone. Pure rules.

Vendors count requests and tokens in windows and tell in each answer what is left (`Limits`). What was sent since is taken off, so that
many who ask at once do not all take the last one.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.modules.router.domain.model import Limits

_BYTES = 4
"""Bytes of a token, about: for guessing what a prompt will be counted as, which is not known before."""


@dataclass(slots=True)
class _Left:
    """What a model's provider said last, and what was sent since."""

    requests: int | None = None
    tokens: int | None = None
    requests_again: datetime | None = None
    tokens_again: datetime | None = None
    rests: datetime | None = None


@dataclass(slots=True)
class Pace:
    """What is known of all models, by their names. Of this process: another learns for itself, from the same headers."""

    _left: dict[str, _Left] = field(default_factory=dict)

    def wait(self, model: str, size: int, now: datetime) -> timedelta | None:
        """How long to leave the model alone before it is asked for `size` bytes; None when it may be asked."""
        known = self._left.get(model)
        if known is None:
            return None
        used_up = known.requests is not None and known.requests < 1
        too_long = known.tokens is not None and known.tokens < size // _BYTES
        untils = (known.rests, known.requests_again if used_up else None, known.tokens_again if too_long else None)
        latest = max((until for until in untils if until is not None), default=None)
        return latest - now if latest is not None and latest > now else None

    def sent(self, model: str, size: int) -> None:
        """A request of so many bytes goes out."""
        if (known := self._left.get(model)) is None:
            return
        known.requests = None if known.requests is None else known.requests - 1
        known.tokens = None if known.tokens is None else known.tokens - size // _BYTES

    def heard(self, model: str, limits: Limits, now: datetime) -> None:
        """An answer told of limits; what it does not tell of stays as it was."""
        if limits == Limits():
            return
        known = self._left.setdefault(model, _Left())
        if limits.requests is not None:
            known.requests, known.requests_again = limits.requests, _after(now, limits.requests_reset)
        if limits.tokens is not None:
            known.tokens, known.tokens_again = limits.tokens, _after(now, limits.tokens_reset)

    def rest(self, model: str, seconds: float, now: datetime) -> None:
        """The provider wants to be left alone so long."""
        self._left.setdefault(model, _Left()).rests = now + timedelta(seconds=seconds)


def _after(now: datetime, seconds: float | None) -> datetime | None:
    """A limit whose renewal nobody tells of is taken to be whole again at once: the provider will say."""
    return None if seconds is None else now + timedelta(seconds=seconds)
