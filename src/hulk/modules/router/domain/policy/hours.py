"""Hours of days, by somebody's clock, and whether two of them have a moment in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Span: TypeAlias = tuple[datetime, datetime]
"""From a moment up to another."""

_MONDAYS = (date(2026, 1, 12), date(2026, 7, 13))
"""Weeks in which no clock is changed, in winter and in summer: zones may lie otherwise to each other."""
_AROUND = range(-2, 9)
"""Days from that Monday on, with those that reach into the week by some zone's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From `begin` up to `end` by the clock of `zone`, on these days (none: all). An end that is not behind the beginning is that of the
    next day, so equal ones are a whole day; what begins on Friday night belongs to Friday."""

    begin: time
    end: time
    zone: str = "America/Sao_Paulo"
    days: tuple[Day, ...] = ()

    def hold(self, moment: datetime) -> bool:
        """Whether that moment, which knows its zone, is in them."""
        there = moment.astimezone(ZoneInfo(self.zone))
        clock, today = there.time(), DAYS[there.weekday()]
        if self.begin < self.end:
            return self.begin <= clock < self.end and self._on(today)
        yesterday = DAYS[(there.weekday() - 1) % 7]
        return (clock >= self.begin and self._on(today)) or (clock < self.end and self._on(yesterday))

    def spans(self) -> Iterator[Span]:
        """From when to when they are, in a week of winter and one of summer."""
        zone, over = ZoneInfo(self.zone), timedelta(days=int(self.end <= self.begin))
        for monday in _MONDAYS:
            for day in (monday + timedelta(days=number) for number in _AROUND):
                if self._on(DAYS[day.weekday()]):
                    yield _utc(day, self.begin, zone), _utc(day + over, self.end, zone)

    def __str__(self) -> str:
        days = ",".join(self.days)
        return " ".join(part for part in (days, f"{_short(self.begin)}-{_short(self.end)}", self.zone) if part)

    def _on(self, day: Day) -> bool:
        return not self.days or day in self.days


def spans(hours: Sequence[Hours]) -> tuple[Span, ...]:
    """Those of all of them, in order."""
    return tuple(sorted(span for one in hours for span in one.spans()))


def overlap(one: Sequence[Span], other: Sequence[Span]) -> bool:
    """Whether a span of one and a span of the other have a moment in common; both are in order."""
    left = right = 0
    while left < len(one) and right < len(other):
        if max(one[left][0], other[right][0]) < min(one[left][1], other[right][1]):
            return True
        if one[left][1] <= other[right][1]:
            left += 1
        else:
            right += 1
    return False


def _utc(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """As a moment without a zone, which is compared in an instant."""
    there = datetime.combine(day, clock, tzinfo=zone)
    offset = there.utcoffset()
    return there.replace(tzinfo=None) - (offset or timedelta(0))


def _short(clock: time) -> str:
    return clock.isoformat("minutes") if not (clock.second or clock.microsecond) else clock.isoformat()
