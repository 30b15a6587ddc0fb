"""Reads a skill's typed parameters from a sentence in Portuguese or English. Pure: no model, no files, no clock of its own.

    "Quais os 5 arquivos que mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros."
     repository: the one sent along · period: 30 days back to today · top: 5 · reviews: 3

What one parameter has taken is hidden from the next, so the 30 of "30 dias" is never a count. The order is: paths, horizons, periods,
announced numbers, columns and texts, announced counts, counts.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from hulk.modules.skills.domain.reading.ahead import horizon
from hulk.modules.skills.domain.reading.amounts import announced_count, count, number
from hulk.modules.skills.domain.reading.periods import Period, period, shown
from hulk.modules.skills.domain.reading.places import place, places
from hulk.modules.skills.domain.reading.sentence import Sentence, sentence
from hulk.modules.skills.domain.reading.values import column, columns, switch, text
from hulk.modules.skills.domain.reading.zones import zone
from hulk.modules.skills.domain.skill import Arguments, Kind, Parameter, Request

__all__ = ["Period", "period", "read", "shown", "zone"]

_Reader: TypeAlias = Callable[[Sentence, Parameter, Request], tuple[Any, Sentence]]
"""Gives a parameter's value and the sentence without what it was read from."""


def read(skill_parameters: tuple[Parameter, ...], request: Request) -> Arguments:
    """The value of each parameter, as `Arguments` says; None for an optional one that is neither said nor has a default.

    A period's default is its JSON or `{"days": 30}`. A count's default may be `{"absent": 0, "asked": 3}`: the first when none of its
    `words` stands in the sentence, the second when one does without a number. A percentage is read as a fraction (`5%` is 0.05).
    Raises `Refused` when a value does not exist, is out of bounds, or is required and missing.
    """
    rest = places(sentence(request.text, request.language))
    found: dict[str, Any] = {}
    for parameter in sorted(skill_parameters, key=_turn):
        found[parameter.name], rest = _READERS[parameter.kind](rest, parameter, request)
    return {parameter.name: found[parameter.name] for parameter in skill_parameters}


def _turn(parameter: Parameter) -> int:
    return _ORDER.index(parameter.kind) * 2 + (not parameter.words)


_ORDER: tuple[Kind, ...] = ("repository", "table", "horizon", "period", "number", "column", "columns", "text", "count", "switch")


def _counted(said: Sentence, parameter: Parameter, request: Request) -> tuple[Any, Sentence]:
    return announced_count(said, parameter, request) if parameter.words else count(said, parameter, request)


_READERS: Mapping[Kind, _Reader] = {
    "repository": place,
    "table": place,
    "horizon": horizon,
    "period": period,
    "number": number,
    "column": column,
    "columns": columns,
    "text": text,
    "count": _counted,
    "switch": switch,
}
