"""Which days a page of costs is about: those of a month, or a range. Days are of UTC, as costs are kept."""

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from hulk.kernel.errors import Refused

LONGEST = 366
"""Days of a range, so that a page stays a page."""
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The days from `since` to `until`, both included; `month` is as in 2026-11, empty when they are a range."""

    since: date
    until: date
    month: str = ""

    @property
    def before(self) -> str:
        """The month before."""
        return f"{self.since - timedelta(days=1):%Y-%m}" if self.month > "1970-01" else ""

    @property
    def after(self) -> str:
        """The month after."""
        return f"{self.until + timedelta(days=1):%Y-%m}" if self.month and self.month < "9998-12" else ""

    def days(self, today: date) -> Sequence[date]:
        """Its days up to today."""
        last = min(self.until, max(today, self.since))
        return [self.since + timedelta(days=number) for number in range((last - self.since).days + 1)]


def span(month: str, since: str, until: str, today: date) -> Span:
    """The range where one is given, else the month, else this one. Raises `Refused` for what is none of these, and for too long a range."""
    return _range(since, until, today) if since or until else _month(month or f"{today:%Y-%m}")


def _month(month: str) -> Span:
    year = int(month[:4]) if _MONTH.fullmatch(month) else 0
    if not 1970 <= year < 9999:
        raise Refused("A month is written as 2026-11; “{month}” is none.", month=month[:80])
    number = int(month[5:])
    return Span(since=date(year, number, 1), until=date(year, number, calendar.monthrange(year, number)[1]), month=month)


def _range(since: str, until: str, today: date) -> Span:
    last = _day(until) if until else today
    first = _day(since) if since else last.replace(day=1)
    if not timedelta(0) <= last - first < timedelta(days=LONGEST):
        raise Refused("A range begins before it ends and has at most {most} days.", most=LONGEST)
    return Span(since=first, until=last)


def _day(written: str) -> date:
    try:
        found = date.fromisoformat(written)
    except ValueError as error:
        raise Refused("A day is written as 2026-11-21; “{day}” is none.", day=written[:80]) from error
    if not 1970 <= found.year < 9999:
        raise Refused("A day is written as 2026-11-21; “{day}” is none.", day=written[:80])
    return found


def each_day(days: Sequence[date], known: Mapping[date, Decimal]) -> Sequence[tuple[date, Decimal]]:
    """Each of the days with its amount: nothing, where none is known."""
    return [(day, known.get(day, Decimal(0))) for day in days]
