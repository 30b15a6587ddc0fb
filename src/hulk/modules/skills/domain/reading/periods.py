"""Periods in a sentence: `nos últimos 30 dias`, `desde março`, `between 2025-03-01 and 2025-03-15`, `last quarter`.

Days are those of the reader's time zone. "The last 30 days" reach from 30 days ago to today, both included; "last month" is
the whole month before this one, "this month" begins on its first day and ends today.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.records import from_json, to_json
from hulk.kernel.text import Language
from hulk.modules.skills.domain.reading.days import Named, named
from hulk.modules.skills.domain.reading.numerals import MANY, NUMERAL, whole
from hulk.modules.skills.domain.reading.sentence import Sentence, compiled
from hulk.modules.skills.domain.reading.spans import UNIT, Span, back
from hulk.modules.skills.domain.skill import Parameter, Request

BEGINNING = date(1970, 1, 1)
"""Where "the whole history" starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `since` to `until`, both included."""

    since: date
    until: date

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days + 1


def shown(day: date, language: Language) -> str:
    """A day as the reader writes it: `21/11/2026` in Portuguese, ISO 8601 in English."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}" if language == "pt" else day.isoformat()


def period(said: Sentence, parameter: Parameter, request: Request) -> tuple[Any, Sentence]:
    """The period as JSON, and the sentence without it. Raises `Refused` for a day that does not exist, a period that ends before
    it starts, or a required one that is missing."""
    today = request.now.astimezone(request.zone).date()
    spans = named(said, today)
    found = _everything(said, today) or _between(said, spans, today) or _lasting(said, spans, today) or _around(said, spans, today)
    for span in spans:
        said = said if span.weak else said.without(span.start, span.end)
    if found is None:
        return _default(parameter, today), said
    (since, until), start, end = found
    if since > until:
        raise Refused(
            "A period from {since} to {until} ends before it starts: write the earlier day first.",
            since=shown(since, request.language),
            until=shown(until, request.language),
        )
    return to_json(Period(since=since, until=until)), said.without(start, end)


_Found = tuple[Span, int, int]


def _default(parameter: Parameter, today: date) -> Any:
    default = parameter.default
    if isinstance(default, dict) and set(default) == {"days"}:
        return to_json(Period(since=back(today, default["days"], "day", str(default["days"])), until=today))
    if default is None and parameter.required:
        raise Refused("Say which period {about} is: for example “last 30 days” or “since March 1”.", about=parameter.about)
    return to_json(from_json(Period, default)) if default is not None else None


def _everything(said: Sentence, today: date) -> _Found | None:
    match = compiled(_ALWAYS).search(said.folded)
    return ((min(BEGINNING, today), today), *match.span()) if match else None


def _between(said: Sentence, spans: list[Named], today: date) -> _Found | None:
    """Two spans joined by "a", "e", "to", "-": from the first day of one to the last of the other."""
    for first, last in pairwise(spans):
        opened = compiled(_OPENING).search(said.folded, max(0, first.start - 40), first.start)
        joined = compiled(_JOINING).fullmatch(said.folded, first.end, last.start)
        if joined and (opened or joined["to"]):
            return _joined(first, last, today), opened.start() if opened else first.start, last.end
    return None


def _joined(first: Named, last: Named, today: date) -> Span:
    if first.yearly is None:
        return first.span[0], last.after(first.span[0])[1]
    until = last.by(today)
    return first.by(until[0])[0], until[1]


def _lasting(said: Sentence, spans: list[Named], today: date) -> _Found | None:
    """`últimos 30 dias`, `past two weeks`, `last 24 hours`, `próximos 7 dias`; back from the day after "até", or from today."""
    taken = said
    for span in spans:
        taken = taken.without(span.start, span.end)
    match = compiled(_LASTING).search(taken.folded) or compiled(_BARE).search(taken.folded)
    if match is None or compiled(_EVERY).search(said.folded, max(0, match.start() - 30), match.start()):
        return None
    count = whole(match["n"]) if match["n"] else 1
    if count < 1:
        raise Refused("“{period}” has no day in it: ask for 1 day or more.", period=said.said(*match.span()))
    if match.groupdict().get("next"):
        return (today, _ahead(today, count, match, said)), *match.span()
    until = next((span.by(today)[1] for span in spans if compiled(_UNTIL).search(said.folded, 0, span.start)), today)
    return (_since(until, count, match, said), until), *match.span()


def _since(until: date, count: int, match: re.Match[str], said: Sentence) -> date:
    if match["unit"] in _HOURS:
        return back(until, -(-count // _HOURS[match["unit"]]), "day", said.said(*match.span()))
    return back(until, count, match["unit"], said.said(*match.span()))


def _ahead(today: date, count: int, match: re.Match[str], said: Sentence) -> date:
    behind = today - _since(today, count, match, said)
    return today + min(behind, date.max - today)


def _around(said: Sentence, spans: list[Named], today: date) -> _Found | None:
    """One span with the words around it: since or after it, until or before it, or in it."""
    for span in spans:
        days, start = span.by(today), max(0, span.start - 60)
        if match := compiled(_SINCE).search(said.folded, start, span.start):
            return (_next_day(days[1]) if match["after"] else days[0], today), match.start(), span.end
        if match := compiled(_UNTIL).search(said.folded, start, span.start):
            until = back(days[0], 1, "day", said.said(span.start, span.end)) if match["before"] else days[1]
            return (back(until, _UNSAID_DAYS, "day", said.said(span.start, span.end)), until), match.start(), span.end
        if not span.weak or compiled(_IN).search(said.folded, start, span.start):
            onwards = compiled(_ONWARDS).match(said.folded, span.end)
            return ((days[0], today), span.start, onwards.end()) if onwards else (days, span.start, span.end)
    return None


def _next_day(day: date) -> date:
    return day + min(timedelta(1), date.max - day)


_UNSAID_DAYS = 30
"""How far back "until March 3" reaches."""

_HOURS = {"hora": 24, "horas": 24, "hour": 24, "hours": 24, "minuto": 1440, "minutos": 1440, "minute": 1440, "minutes": 1440}
_UNITS = rf"(?P<unit>{UNIT}|{'|'.join(sorted(_HOURS, key=len, reverse=True))})(?!\w)"
_THE = r"(?:o|a|os|as|the)?\s*(?:(?:dia|day)\s+)?"
_EDGE = r"(?:(?:o\s+|the\s+)?(?:inicio|comeco|fim|final|beginning|start|end|mes|month|ano|year)\s+(?:d[eoa]|of(?:\s+the)?)?\s*)?"
_ALWAYS = (
    r"(?<!\w)(?:desde sempre|(?:em\s+)?tod[oa] [oa] historic?[oa]|historico (?:completo|inteiro)|desde o (?:inicio|comeco)(?! d)"
    r"|desde o (?:inicio|comeco) do (?:projeto|repositorio)|all time|of all times|since the (?:very )?beginning(?! of)"
    r"|since the beginning of the (?:project|repository|repo)|(?:whole|entire|full|complete) history)(?!\w)"
)
_OPENING = rf"(?<!\w)(?:entre|de|desde|do|da|dos|das|a partir d[eoa]|between|from|since)\s+{_THE}{_EDGE}$"
_JOINING = rf"\s*(?:(?P<to>ate|a|ao|to|until|till|through|thru|-)|e|and)\s*{_THE}{_EDGE}(?:de\s+|o\s+|a\s+)?"
_SINCE = rf"(?<!\w)(?:desde|a partir d[eoa]|since|starting|(?P<after>depois d[eoa]|apos|after))\s+{_THE}{_EDGE}(?:de\s+|em\s+|on\s+)?$"
_UNTIL = rf"(?<!\w)(?:ate|until|till|up to|through|(?P<before>antes d[eoa]|before))\s+{_THE}{_EDGE}$"
_ONWARDS = r"\s+(?:em diante|para ca|pra ca|adiante|on|onwards?|forward)(?!\w)"
_IN = rf"(?<!\w)(?:em|no|na|nos|nas|de|do|da|durante|ao longo d[eoa]|in|on|of|from|during|within|throughout|for)\s+{_THE}{_EDGE}$"
_LAST = r"(?:(?:n|d|pel)?[oa]s?\s+)?(?:ultim[oa]s?|passad[oa]s|(?:the\s+)?(?:last|past|previous|trailing))"
_NEXT = r"(?P<next>(?:n?[oa]s?\s+)?proxim[oa]s?|(?:the\s+)?(?:next|coming))"
_LASTING = rf"(?<!\w)(?:{_LAST}|{_NEXT})\s+(?:(?P<n>{NUMERAL})\s+)?(?:ultim[oa]s\s+)?{_UNITS}"
_BARE = rf"(?P<n>{MANY})(?:\s+ultim[oa]s|\s+(?:last|past))?[\s-]+{_UNITS}"
_EVERY = r"(?<!\w)(?:cada|every|each|per|por|janelas? (?:movel )?de|windows? of|media movel de|rolling|mais de|more than)\s+$"
