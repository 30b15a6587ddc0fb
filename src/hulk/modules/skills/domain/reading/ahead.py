"""How far ahead: `próximas 4 semanas`, `next quarter`, `30 days ahead`, `mês que vem`, `12 pontos`. As many as are said, in units of time
that a series may have."""

import re
from collections.abc import Mapping
from typing import Any

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.reading.numerals import MANY, NUMERAL, whole
from hulk.modules.skills.domain.reading.sentence import Sentence, compiled
from hulk.modules.skills.domain.reading.spans import UNIT, unit_of
from hulk.modules.skills.domain.skill import Parameter, Request

_CLOCK: Mapping[str, str] = {"hora": "hour", "hour": "hour", "minuto": "minute", "minute": "minute"}
_POINT = r"passos?|pontos?|periodos?|valores|steps?|points?|periods?|values"
_LONGER: Mapping[str, tuple[int, str]] = {
    "day": (1, "day"), "week": (1, "week"), "fortnight": (15, "day"), "month": (1, "month"), "quarter": (3, "month"), "half": (6, "month"),
    "year": (12, "month"),
}  # fmt: skip
"""What units are counted in."""
_MOST = 100_000
"""More than that is no horizon: who reads the table says how many points it may be."""
_UNITS = rf"(?P<unit>{UNIT}|horas?|hours?|minut[eo]s?|{_POINT})(?!\w)"
_SOON = (
    rf"(?<!\w)(?:(?:n|d|pel)?[oa]s?\s+)?(?:proxim[oa]s?|the\s+next|next|the\s+coming|coming|following|mais|more)\s+(?:(?P<n>{NUMERAL})\s+)?"
    rf"(?:more\s+|proxim[oa]s\s+)?{_UNITS}"
)
_AFTER = (
    rf"(?P<n>{MANY})[\s-]+{_UNITS}\s*(?:a\s+frente|adiante|para\s+(?:a\s+)?frente|pra\s+frente|ahead|(?:in)?to\s+the\s+future|to\s+come)"
)
_COMING = r"(?<!\w)(?:n?[oa]\s+|d[oa]\s+)?(?P<unit>dia|semana|mes|trimestre|semestre|ano)\s+(?:que\s+vem|seguinte)(?!\w)"
_BARE = rf"(?P<n>{MANY})[\s-]+{_UNITS}"
_PAST = (
    r"(?<!\w)(?:ultim[oa]s|passad[oa]s|last|past|previous|trailing|cada|every|each|desde|since|janelas? (?:movel )?de|windows? of|ha)"
    r"\s+(?:os\s+|as\s+|the\s+)?$"
)
_GONE = r"\s+(?:ultim[oa]s|passad[oa]s|atras|ago|anteriores|of history|de historico)(?!\w)"


def horizon(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """The JSON of a `Horizon`, and the sentence without it. Raises `Refused` for none at all, and for one beyond all calendars."""
    match = _found(said)
    if match is None:
        if parameter.required and parameter.default is None:
            raise Refused("Say how far ahead: for example “the next 4 weeks” or “12 points ahead”.")
        return parameter.default, said
    count, unit = _counted(match)
    if not 0 < count <= _MOST:
        raise Refused("“{text}” is no horizon: ask for 1 to {most} units ahead.", text=said.said(*match.span()), most=_MOST)
    return {"count": count, "unit": unit}, said.without(*match.span())


def _found(said: Sentence) -> re.Match[str] | None:
    for pattern in (_SOON, _AFTER, _COMING):
        if match := compiled(pattern).search(said.folded):
            return match
    return next((match for match in compiled(_BARE).finditer(said.folded) if not _behind(said, match)), None)


def _behind(said: Sentence, match: re.Match[str]) -> bool:
    """Whether it is the past that is meant: "com base nos últimos 90 dias"."""
    before = compiled(_PAST).search(said.folded, max(0, match.start() - 40), match.start())
    return before is not None or compiled(_GONE).match(said.folded, match.end()) is not None


def _counted(match: re.Match[str]) -> tuple[int, str]:
    count = whole(match["n"]) if match.groupdict().get("n") else 1
    unit = match["unit"]
    if re.fullmatch(_POINT, unit):
        return count, "step"
    if clock := _CLOCK.get(unit.rstrip("s").replace("minuto", "minute")):
        return count, clock
    times, kind = _LONGER[unit_of(unit)]
    return count * times, kind
