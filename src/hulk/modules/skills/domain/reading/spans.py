"""Spans of days and the calendar's arithmetic on them. Weeks begin on Monday."""

from calendar import monthrange
from datetime import date, timedelta
from typing import TypeAlias

from hulk.kernel.errors import Refused

Span: TypeAlias = tuple[date, date]
"""First and last day, both included."""

_UNITS = {
    "day": "dia dias day days",
    "week": "semana semanas week weeks",
    "fortnight": "quinzena quinzenas fortnight fortnights",
    "month": "mes meses month months",
    "quarter": "trimestre trimestres quarter quarters",
    "half": "semestre semestres half halves",
    "year": "ano anos year years",
}
_MONTHS_IN = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_DAYS_IN = {"day": 1, "week": 7, "fortnight": 15}

UNIT = "|".join(sorted((word for words in _UNITS.values() for word in words.split()), key=len, reverse=True))
"""A pattern for the units of time, days and longer, folded."""


def unit_of(written: str) -> str:
    """`semanas` and `weeks` as `week`, and so on."""
    return next(unit for unit, words in _UNITS.items() if written in words.split())


def month_of(year: int, month: int) -> Span:
    """All days of a month."""
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def year_of(year: int) -> Span:
    """All days of a year."""
    return date(year, 1, 1), date(year, 12, 31)


def part_of_year(year: int, months: int, part: int) -> Span:
    """The part-th run of that many months: `part_of_year(2025, 3, 2)` is the second quarter."""
    return date(year, (part - 1) * months + 1, 1), month_of(year, part * months)[1]


def begin_of(day: date, unit: str) -> date:
    """The first day of the week, month, quarter, half or year that `day` is in."""
    months = _MONTHS_IN.get(unit_of(unit))
    if months:
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return day - timedelta(day.weekday()) if unit_of(unit) == "week" else day


def months_before(day: date, months: int) -> date:
    """The same day of the month that many months earlier, or that month's last; raises `ValueError` before the year 1."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    if year < 1:
        raise ValueError(months)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def back(day: date, count: int, unit: str, written: str) -> date:
    """That many units before `day`; raises `Refused`, naming what was written, when the calendar does not reach so far."""
    try:
        if unit_of(unit) in _MONTHS_IN:
            return months_before(day, count * _MONTHS_IN[unit_of(unit)])
        return day - timedelta(days=count * _DAYS_IN[unit_of(unit)])
    except (ValueError, OverflowError) as far:
        raise Refused("“{period}” reaches back before the calendar begins: ask for a shorter period.", period=written) from far
