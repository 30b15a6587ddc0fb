"""When a schedule fires: by cron, at an interval, or once. Pure rules, without a clock of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from typing import Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hulk.kernel.errors import Refused
from hulk.kernel.time import from_iso, iso
from hulk.runtime.config.units import duration, written_duration
from hulk.runtime.scheduler.cron import cron
from hulk.runtime.validation import Explained

Kind: TypeAlias = Literal["cron", "every", "at"]
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=366)


class Timetable(Protocol):
    """The moments of a schedule."""

    def after(self, moment: datetime) -> datetime | None:
        """The first moment after that one, in UTC; None when there is none."""


@dataclass(frozen=True, slots=True)
class Every:
    """At `anchor` plus once, twice, … the period: neither a restart nor a late firing moves it."""

    period: timedelta
    anchor: datetime

    def after(self, moment: datetime) -> datetime:
        """The first moment after that one."""
        return self.anchor + max(1, (moment - self.anchor) // self.period + 1) * self.period


@dataclass(frozen=True, slots=True)
class At:
    """Once."""

    moment: datetime

    def after(self, moment: datetime) -> datetime | None:
        """The moment itself, while it is still to come."""
        return self.moment if self.moment > moment else None


def timetable(kind: Kind, expression: str, zone: str, anchor: datetime) -> Timetable:
    """The timetable of `expression` as `written` gave it; raises `Refused` saying what is wrong with it."""
    if kind == "cron":
        return cron(expression, zone_named(zone))
    if kind == "every":
        return Every(_period(expression), anchor)
    return At(_moment(expression, zone_named(zone)))


def written(kind: Kind, expression: str, zone: str) -> str:
    """The expression as it is kept, checked: an interval as `1h30m`, a moment in UTC. Raises `Refused`, for a wrong zone too."""
    place = zone_named(zone)  # also of an interval: dates in what is asked are read in it
    if kind == "every":
        return written_duration(_period(expression))
    if kind == "at":
        return iso(_moment(expression, place))
    cron(expression, place)
    return " ".join(expression.split())


def upcoming(timetable: Timetable, moment: datetime, most: int) -> Iterator[datetime]:
    """The next moments after that one, `most` at most."""
    following = timetable.after(moment)
    while following is not None and most > 0:
        yield following
        following, most = timetable.after(following), most - 1


def zone_named(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises `Refused` with names that are written like it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        near = get_close_matches(name[:80], available_timezones(), n=3) or ("America/Sao_Paulo", "Europe/Lisbon", "UTC")
        raise Refused("“{name}” is not a time zone: use a name such as {examples}.", name=name[:80], examples=", ".join(near)) from unknown


def _period(expression: str) -> timedelta:
    try:
        period = duration(expression)
    except (Explained, OverflowError):
        period = timedelta(0)
    if not SHORTEST <= period <= LONGEST:
        raise Refused("“{value}” is no interval: give one from 1s to 366d, such as 90s, 15m or 1h30m.", value=expression[:80])
    return timedelta(milliseconds=round(period / timedelta(milliseconds=1)))


def _moment(expression: str, zone: ZoneInfo) -> datetime:
    try:
        moment = from_iso(expression)
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(
            "“{value}” is no moment: give date and time as 2026-12-24T18:00, in the schedule's time zone, or with an offset such as Z.",
            value=expression[:80],
        ) from error
