"""Days, weeks, months and years named in a sentence: `3 de março`, `March 3, 2025`, `01/03/2025`, `mês passado`, `Q1 2025`, `ontem`.

Each is a span of days. One that leaves its year out ("desde março") means the latest that has begun, or what the other end of its
period makes of it, so it can be asked for any year.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TypeAlias

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language
from hulk.modules.skills.domain.reading.numerals import NUMERAL, WORDED, whole
from hulk.modules.skills.domain.reading.sentence import Sentence
from hulk.modules.skills.domain.reading.spans import UNIT, Span, back, begin_of, month_of, part_of_year, year_of

Yearly: TypeAlias = Callable[[int], Span]
"""The span in a given year; raises `ValueError` in a year that does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A span that stands in a sentence from `start` to `end`; `yearly` is set when its year was left out.

    `weak` ones ("março", "2025", "01/03") count only after a word such as "em", "since" or "entre": alone they may be something else.
    """

    start: int
    end: int
    span: Span
    yearly: Yearly | None = None
    weak: bool = False

    def by(self, limit: date) -> Span:
        """The span; when its year was left out, the latest that begins no later than `limit`."""
        return next((span for span in self._around(range(limit.year, limit.year - 9, -1)) if span[0] <= limit), self.span)

    def after(self, start: date) -> Span:
        """The span; when its year was left out, the first that ends no earlier than `start`."""
        return next((span for span in self._around(range(start.year, start.year + 9)) if span[1] >= start), self.span)

    def _around(self, years: range) -> list[Span]:
        return [span for year in years if self.yearly and (span := _in_year(self.yearly, year))]


def _in_year(yearly: Yearly, year: int) -> Span | None:
    try:
        return yearly(year)
    except ValueError:  # 29 February, or a year that the calendar does not have
        return None


def named(said: Sentence, today: date) -> list[Named]:
    """All spans named in the sentence, from left to right; raises `Refused` for a day that does not exist."""
    found: list[Named] = []
    for pattern, weak, read in _rules(said.language):
        for match in pattern.finditer(said.folded):
            spelt = _Spelt(match, said.said(*match.span()), said.language, today)
            found.append(_named(match, read(spelt), today, weak))
            said = said.without(*match.span())
    return sorted(found, key=lambda each: each.start)


@dataclass(frozen=True, slots=True)
class _Spelt:
    """A match, how it was written, in which language, and the day it is relative to."""

    match: re.Match[str]
    written: str
    language: Language
    today: date

    def __getitem__(self, group: str) -> str:
        return self.match.groupdict().get(group) or ""

    @property
    def year(self) -> int | None:
        """The year that was written, if any: `25` is 2025, `70` is 1970."""
        written = self["y"]
        if len(written) == 2:
            return int(written) + (2000 if int(written) < 70 else 1900)
        return int(written) if written else None


def _named(match: re.Match[str], read: Span | Yearly, today: date, weak: bool) -> Named:
    if isinstance(read, tuple):
        return Named(start=match.start(), end=match.end(), span=read, weak=weak)
    open_ = Named(start=match.start(), end=match.end(), span=(today, today), yearly=read, weak=weak)
    return Named(start=match.start(), end=match.end(), span=open_.by(today), yearly=read, weak=weak)


# ---- a day of a month, in figures and in words


def _year_first(spelt: _Spelt) -> Span | Yearly:
    return _days(spelt, int(spelt["m"]), int(spelt["d"]), int(spelt["d"]))


def _figures(spelt: _Spelt) -> Span | Yearly:
    """Day first in Portuguese, month first in English; the other way round when only that exists."""
    one, two = int(spelt["a"]), int(spelt["b"])
    day, month = (one, two) if spelt.language == "pt" else (two, one)
    day, month = (month, day) if month > 12 >= day else (day, month)
    return _days(spelt, month, day, day)


def _worded(spelt: _Spelt) -> Span | Yearly:
    """`3 de março de 2025`, `March 3`; with a second day `de 1 a 15 de março`, `March 1-15`."""
    first = _ordinal(spelt["d"])
    return _days(spelt, _MONTHS[spelt["month"]], first, _ordinal(spelt["e"]) if spelt["e"] else first)


def _ordinal(written: str) -> int:
    bare = re.sub(r"(?<=[0-9])\s?(?:o|a|st|nd|rd|th)$", "", written.strip())
    return _FIRST.get(bare) or whole(bare)


def _days(spelt: _Spelt, month: int, first: int, last: int) -> Span | Yearly:
    year = spelt.year
    for day in (first, last):
        _existing(spelt, year, month, day)
    if year is None:
        return lambda any_year: (date(any_year, month, first), date(any_year, month, last))
    return date(year, month, first), date(year, month, last)


def _existing(spelt: _Spelt, year: int | None, month: int, day: int) -> None:
    """Raises `Refused` when there is no such day; without a year, 29 February is one."""
    example = "15/03/2025" if spelt.language == "pt" else "2025-03-15"
    if not 1 <= month <= 12:
        raise Refused(
            "“{date}” does not exist: months go from 1 to 12. Write a day such as {example}.", date=spelt.written, example=example
        )
    if year == 0:
        raise Refused(
            "“{date}” does not exist: years go from 1 to 9999. Write a day such as {example}.", date=spelt.written, example=example
        )
    days = monthrange(2024 if year is None else year, month)[1]
    if not 1 <= day <= days:
        raise Refused(
            "“{date}” does not exist: the days of that month go from 1 to {days}. Write a day such as {example}.",
            date=spelt.written,
            days=days,
            example=example,
        )


# ---- months, quarters and years


def _month_in_figures(spelt: _Spelt) -> Span | Yearly:
    _existing(spelt, spelt.year, int(spelt["m"]), 1)
    return month_of(int(spelt["y"]), int(spelt["m"]))


def _month(spelt: _Spelt) -> Span | Yearly:
    month, year = _MONTHS[spelt["month"]], spelt.year
    return month_of(year, month) if year else lambda any_year: month_of(any_year, month)


def _year(spelt: _Spelt) -> Span | Yearly:
    return year_of(int(spelt["y"]))


def _quarter(spelt: _Spelt) -> Span | Yearly:
    return _part(spelt, 3)


def _half(spelt: _Spelt) -> Span | Yearly:
    return _part(spelt, 6)


def _part(spelt: _Spelt, months: int) -> Span | Yearly:
    part, year = _ordinal(spelt["n"]), spelt.year
    if not 1 <= part <= 12 // months:
        raise Refused("“{date}” does not exist: a year has {parts} of them.", date=spelt.written, parts=12 // months)
    return part_of_year(year, months, part) if year else lambda any_year: part_of_year(any_year, months, part)


# ---- relative to today


def _days_ago(days: int) -> "_Read":
    return lambda spelt: _one_day(back(spelt.today, days, "day", spelt.written))


def _one_day(day: date) -> Span:
    return day, day


def _ago(spelt: _Spelt) -> Span | Yearly:
    return _one_day(back(spelt.today, whole(spelt["n"]), spelt["unit"], spelt.written))


def _day_of_this_month(spelt: _Spelt) -> Span | Yearly:
    """`dia 5`: the latest fifth of a month."""
    day = int(spelt["d"])
    _existing(spelt, spelt.today.year, 1, day)
    first = spelt.today if day <= spelt.today.day else spelt.today.replace(day=1) - timedelta(1)
    while monthrange(first.year, first.month)[1] < day:
        first = first.replace(day=1) - timedelta(1)
    return _one_day(first.replace(day=day))


def _current(spelt: _Spelt) -> Span | Yearly:
    """This week, month, …: from its first day to today."""
    return begin_of(spelt.today, spelt["unit"]), spelt.today


def _beginning(spelt: _Spelt) -> Span | Yearly:
    return _one_day(begin_of(spelt.today, spelt["unit"]))


def _previous(spelt: _Spelt) -> Span | Yearly:
    """Last week, month, …: the whole one before this."""
    last = begin_of(spelt.today, spelt["unit"]) - timedelta(1)
    return begin_of(last, spelt["unit"]), last


def _weekday(spelt: _Spelt) -> Span | Yearly:
    """The latest day of that name; before today when it is called the last one."""
    earlier = re.search(r"passad|ultim|last", spelt.match[0]) is not None
    ago = (spelt.today.weekday() - _WEEKDAYS[spelt["name"].removesuffix("-feira")]) % 7
    return _one_day(spelt.today - timedelta(ago or (7 if earlier else 0)))


# ---- the words


def _numbered(*lists: str) -> dict[str, int]:
    return {name: number for names in lists for number, name in enumerate(names.split(), 1)}


_FULL = _numbered(
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "january february march april may june july august september october november december",
)
_SHORT: dict[Language, dict[str, int]] = {
    "pt": _numbered("jan fev mar abr mai jun jul ago set out nov dez"),
    "en": _numbered("jan feb mar apr may jun jul aug sep oct nov dec") | {"sept": 9},
}
_MONTHS = _SHORT["pt"] | _SHORT["en"] | _FULL
_FIRST = _numbered("primeiro segundo terceiro quarto", "first second third fourth")
_WEEKDAYS = {
    name: number - 1
    for name, number in _numbered(
        "segunda terca quarta quinta sexta sabado domingo", "monday tuesday wednesday thursday friday saturday sunday"
    ).items()
}

_COUNTED = r"arquivo|file|linha|row|line|registro|record|commit|ticket|chamado|ite(?:m|ns)|result"
_THIS = r"n?est[ea]|dest[ea]|n?ess[ea]|dess[ea]|this"
_FIRST_OF = r"(?:inicio|comeco|beginning|start)\s+(?:dest[ea]|desse|dessa|d[oae]|of\s+(?:this|the|that))"
_YEAR = r"(?P<y>(?:19|20)[0-9]{2})(?![\w/-])(?![.,][0-9])"
_OF_YEAR = (
    rf"(?:\s*(?:,|/|-|de|do ano de|of|in)?\s*(?P<y>(?:19|20)[0-9]{{2}}|(?<=[/-])[0-9]{{2}})(?![\w/-])(?![.,][0-9]|\s+(?:{_COUNTED})))"
)
_DAY = rf"(?P<d>[0-9]{{1,2}}\s?(?:o|a|st|nd|rd|th)(?!\w)|[0-9]{{1,2}}(?!\w)|primeiro|first|um(?=\s+de\s)|{WORDED})"
_TO_DAY = r"\s*(?:a|ao|ate|e|to|and|until|till|through|-)\s*(?:o\s+dia\s+|dia\s+|the\s+)?(?P<e>[0-9]{1,2}(?:o|a|st|nd|rd|th)?)"
_NOT_DAY_OF = r"(?<!\w)(?<!dia )(?<!dias )(?<!day )(?<!days )"
_WHOLE = r"semana|mes|trimestre|semestre|ano|week|month|quarter|year"
_ORDINAL = r"(?P<n>[0-9]{1,2}(?:o|st|nd|rd|th)|primeiro|segundo|terceiro|quarto|first|second|third|fourth)"
_DAY_NAME = r"(?:segunda|terca|quarta|quinta|sexta)"
_DAY_NAMES = rf"(?P<name>{_DAY_NAME}-feira|sabado|domingo|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"

_Read: TypeAlias = Callable[[_Spelt], Span | Yearly]
_Rule: TypeAlias = tuple[re.Pattern[str], bool, _Read]


@cache  # made when a sentence first needs them: they take 0.1 s, for which a start would wait
def _rules(language: Language) -> tuple[_Rule, ...]:
    """(pattern, weak, reader) in the order in which they are tried; what one has matched is hidden from the next."""
    month = rf"(?P<month>{'|'.join(sorted((*_FULL, *_SHORT[language]), key=len, reverse=True))})(?!\w)\.?"
    of = r"(?:\s*[/-]\s*|\s+(?:de\s+|do mes de\s+|of\s+)?)"
    alone, clear, over = r"(?<![\w./-])", r"(?<![\w.,/:-])", r"(?![\w/-])"
    strong: tuple[tuple[str, _Read], ...] = (
        (rf"{alone}(?P<y>[0-9]{{4}})(?P<s>[-/.])(?P<m>[0-9]{{1,2}})(?P=s)(?P<d>[0-9]{{1,2}}){over}", _year_first),
        (rf"{alone}(?P<y>[0-9]{{4}})-(?P<m>[0-9]{{2}})-(?P<d>[0-9]{{2}})t[0-9:.]{{4,16}}(?:z|[+-][0-9:]{{4,5}})?(?!\w)", _year_first),
        (rf"{alone}(?P<a>[0-9]{{1,2}})(?P<s>[-/.])(?P<b>[0-9]{{1,2}})(?P=s)(?P<y>[0-9]{{4}}){over}", _figures),
        (rf"{alone}(?P<a>[0-9]{{1,2}})/(?P<b>[0-9]{{1,2}})/(?P<y>[0-9]{{2}}){over}", _figures),
        (rf"{alone}(?P<m>[0-9]{{1,2}})/(?P<y>(?:19|20)[0-9]{{2}}){over}", _month_in_figures),
        (rf"{alone}(?P<y>(?:19|20)[0-9]{{2}})-(?P<m>[0-9]{{2}}){over}", _month_in_figures),
        (rf"{clear}{_DAY}{_TO_DAY}{of}{month}{_OF_YEAR}?", _worded),
        (rf"(?<!\w){month}\s+(?:the\s+)?{_DAY}{_TO_DAY}(?!{of}{month.replace('?P<month>', '?:')}){_OF_YEAR}?(?![\w/])", _worded),
        (rf"{clear}{_DAY}{of}{month}{_OF_YEAR}?", _worded),
        (rf"(?<!\w){month}\s+(?:the\s+)?{_DAY}{_OF_YEAR}?(?![\w/]|\s+(?:{_COUNTED}))", _worded),
        (rf"(?<!\w){month}{_OF_YEAR}", _month),
        (rf"(?<!\w)q(?P<n>[0-9])(?!\w)(?:\s*(?:,|/|-|de|of)?\s*{_YEAR})?", _quarter),
        (rf"(?<!\w){_ORDINAL}\s+(?:trimestre|quarter)(?!\w)(?:\s*(?:,|/|-|de|do ano de|of)?\s*{_YEAR})?", _quarter),
        (rf"(?<!\w){_ORDINAL}\s+(?:semestre|half)(?!\w)(?:\s*(?:,|/|-|de|do ano de|of)?\s*{_YEAR})?", _half),
        (r"(?<!\w)(?:anteontem|antes de ontem|(?:the )?day before yesterday)(?!\w)", _days_ago(2)),
        (r"(?<!\w)(?:ontem|yesterday)(?!\w)", _days_ago(1)),
        (r"(?<!\w)(?:hoje|today)(?!\w)", _days_ago(0)),
        (rf"(?P<n>{NUMERAL})\s+(?P<unit>{UNIT})\s+(?:atras|ago)(?!\w)", _ago),
        (rf"(?<!\w)(?:ha|faz)\s+(?:uns\s+|umas\s+)?(?P<n>{NUMERAL})\s+(?P<unit>{UNIT})(?!\w)", _ago),
        (rf"(?<!\w)(?:o\s+|the\s+)?{_FIRST_OF}\s+(?P<unit>{UNIT})(?!\w)(?!\s+(?:passad|anterior))", _beginning),
        (rf"(?<!\w)(?P<unit>{UNIT})\s+(?:passad[oa]|anterior)(?!\w)", _previous),
        (r"(?<!\w)(?:last|previous)\s+(?P<unit>week|month|quarter|half|year)(?!\w)", _previous),
        (r"(?<!\w)ultimo\s+(?P<unit>trimestre|semestre)(?!\w)", _previous),
        (rf"(?<!\w)(?:{_THIS})\s+(?P<unit>{UNIT})(?!\w)", _current),
        (rf"(?<!\w)(?P<unit>{UNIT})\s+(?:corrente|atual)(?!\w)", _current),
        (rf"{_NOT_DAY_OF}(?:d[oa]|n[oa]|of the)\s+(?P<unit>{_WHOLE})(?!\w)(?!\s+(?:de|do|da|of|que|[0-9]|passad|anterior))", _current),
        (rf"(?<!\w)current\s+(?P<unit>{UNIT})(?!\w)", _current),
        (rf"(?<!\w)(?P<unit>{UNIT})\s+to\s+date(?!\w)", _current),
        (rf"(?<!\w)(?:ultim[oa]\s+|last\s+)?{_DAY_NAMES}(?:\s+passad[oa])?(?!\w)", _weekday),
        (rf"(?<!\w)(?P<name>{_DAY_NAME})\s+passada(?!\w)", _weekday),
        (r"(?<!\w)dia\s+(?P<d>[0-9]{1,2})(?:o)?(?!\w|[.,/-][0-9])", _day_of_this_month),
        (r"(?<!\w)(?:(?<=since )|(?<=on )|(?<=until ))the\s+(?P<d>[0-9]{1,2})(?:st|nd|rd|th)(?!\w)", _day_of_this_month),
        (rf"(?<=desde )(?:a\s+)?(?:ultima\s+)?(?P<name>{_DAY_NAME})(?!\w)", _weekday),
    )
    weak: tuple[tuple[str, _Read], ...] = (
        (r"(?<!\w)(?:agora|now)(?!\w)", _days_ago(0)),
        (rf"{alone}(?P<a>[0-9]{{1,2}})/(?P<b>[0-9]{{1,2}}){over}(?![.,][0-9])", _figures),
        (rf"(?<!\w){month}(?!\w)", _month),
        (rf"(?<![\w./:-]){_YEAR}(?!\s+(?:{_COUNTED}|{UNIT}|horas?|hours?|minut[eo]s?))", _year),
    )
    return (
        *((re.compile(pattern), False, read) for pattern, read in strong),
        *((re.compile(pattern), True, read) for pattern, read in weak),
    )
