"""Now, as something that can be handed in: every rule that depends on time takes a `Clock`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Gives the present moment, aware and in UTC."""


def utc_now() -> datetime:
    """The system's present moment in UTC."""
    return datetime.now(UTC)


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
