"""How long a task has: its time stands still while a person is waited for. Pure rules.

began ──work──> asked ┈┈waiting┈┈> answered ──work──> over
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hulk.kernel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """What a task has been given: so many seconds from when it began."""

    began: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """A person was waited for: from when, until when; None while they still are."""

    since: datetime
    until: datetime | None = None


def waited(waits: Sequence[Wait], now: datetime) -> timedelta:
    """How long somebody was waited for until now; what several waited for at once counts once."""
    whole, counted = timedelta(0), None
    for wait in sorted(waits, key=lambda one: one.since):
        since = wait.since if counted is None else max(wait.since, counted)
        until = min(wait.until or now, now)
        if until > since:
            whole, counted = whole + (until - since), until
    return whole


def left(time: Time, waits: Sequence[Wait], now: datetime) -> timedelta:
    """What is left of it; nothing or less when it is over."""
    return timedelta(seconds=time.seconds) - (now - time.began - waited(waits, now))


def over(time: Time) -> Refused:
    """What is said to who would go on."""
    return Refused("The time of the task is over: it had {seconds} s, without waiting for people.", seconds=time.seconds)
