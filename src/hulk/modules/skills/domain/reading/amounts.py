"""Counts ("os 3 primeiros", "top 5", "ten files") and announced numbers ("limiar 3,5", "threshold 3.5") in a sentence."""

import re
from collections.abc import Iterator
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.text import Language
from hulk.modules.skills.domain.reading.numerals import MANY, NUMERAL, whole
from hulk.modules.skills.domain.reading.sentence import Sentence, compiled, standing
from hulk.modules.skills.domain.reading.spans import UNIT
from hulk.modules.skills.domain.skill import Parameter, Request


def count(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """The first count in the sentence that nothing else has taken; raises `Refused` out of bounds or when required and missing."""
    match = next(_counts(said, 0, len(said.folded)), None)
    if match is None:
        return _default(parameter, "absent"), said
    return _bounded(whole(match["n"]), parameter, said.said(*match.span()), least=1), said.without(*match.span())


def announced_count(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """The count that belongs to one of the parameter's words: "abra 3 tickets", "tickets para os 3 primeiros",
    "for the top 5, open tickets".

    "Tickets for each of them" takes the sentence's other count, if it has one.
    """
    word = standing(said, parameter.words)
    if word is None:
        return _default(parameter, "absent"), said
    match = _belonging(said, word)
    if match:
        return _bounded(whole(match["n"]), parameter, said.said(*match.span()), least=1), said.without(*match.span())
    first, last = _sentence_around(said, word)
    if compiled(_ONLY_FIRST).search(said.folded, word.end(), last):
        return 1, said
    other = next(_counts(said, 0, len(said.folded)), None) if compiled(_EACH).search(said.folded, first, last) else None
    return (_bounded(whole(other["n"]), parameter, said.said(*other.span()), least=1) if other else _default(parameter, "asked")), said


def number(said: Sentence, parameter: Parameter, request: Request) -> tuple[Any, Sentence]:
    """The number after one of the parameter's words; a percentage as a fraction. Raises `Refused` out of bounds."""
    word = standing(said, parameter.words)
    match = compiled(_ANNOUNCED).match(said.folded, word.end()) if word else None
    if word is None or match is None:
        return _default(parameter, "absent"), said
    value = decimal(match["d"], request.language) if match["d"] else float(whole(match["n"]))
    value = value / 100 if match["percent"] else value
    return _bounded(value, parameter, said.said(word.start(), match.end())), said.without(word.start(), match.end())


def decimal(written: str, language: Language) -> float:
    """`1.234,5` and `1,234.5` are both read; a lone mark before three digits parts thousands if it does so in that language."""
    thousands, point = (".", ",") if language == "pt" else (",", ".")
    if thousands in written and point in written and written.rindex(thousands) > written.rindex(point):
        thousands, point = point, thousands
    grouped = re.fullmatch(rf"[-+]?[0-9]{{1,3}}(?:\{thousands}[0-9]{{3}})+(?:\{point}[0-9]+)?", written)
    plain = written.replace(thousands, "") if grouped else written
    return float(plain.replace(",", ".", 1)) if plain.count(",") + plain.count(".") <= 1 else float(re.sub(r"[.,]", "", plain))


def _belonging(said: Sentence, word: re.Match[str]) -> re.Match[str] | None:
    first, last = _sentence_around(said, word)
    before, after = (said.folded, first, word.start()), (said.folded, word.end(), last)
    return (
        compiled(_ADJACENT).search(*before)
        or next(_counts(said, word.end(), last), None)
        or compiled(_FOR_AFTER).search(*after)
        or compiled(_FOR_BEFORE).search(*before)
    )


def _sentence_around(said: Sentence, word: re.Match[str]) -> tuple[int, int]:
    first = max(said.folded.rfind(mark, 0, word.start()) for mark in ".!?;\n") + 1
    ends = [end for mark in ".!?;\n" if (end := said.folded.find(mark, word.end())) >= 0]
    return first, min(ends, default=len(said.folded))


def _counts(said: Sentence, start: int, end: int) -> Iterator[re.Match[str]]:
    for pattern in _COUNTS:
        for match in compiled(pattern).finditer(said.folded, start, end):
            if not compiled(_COMPARED).search(said.folded, max(0, match.start() - 30), match.start()):
                yield match


def _default(parameter: Parameter, case: str) -> Any:
    default = parameter.default
    if default is None and parameter.required:
        raise Refused("Give a number for {about}, in digits.", about=parameter.about)
    return default.get(case) if isinstance(default, dict) else default


def _bounded(value: float, parameter: Parameter, written: str, least: float | None = None) -> float:
    low = parameter.least if parameter.least is not None else least
    if low is not None and value < low:
        raise Refused("“{text}” is too low for “{name}” ({about}): at least {least}.", **_named(parameter, written), least=f"{low:g}")
    if parameter.most is not None and value > parameter.most:
        raise Refused(
            "“{text}” is too high for “{name}” ({about}): at most {most}.", **_named(parameter, written), most=f"{parameter.most:g}"
        )
    return value


def _named(parameter: Parameter, written: str) -> dict[str, object]:
    return {"text": written, "name": parameter.name, "about": parameter.about}


_N = rf"(?P<n>{MANY})(?!\s*%)"
_RANK = (
    r"primeir[oa]s|ultim[oa]s|maiores|principais|piores|melhores|menores|mais|most|first|top|biggest|largest|main|worst|best|highest|lowest"
    r"|hottest|busiest"
)
_NOUN = (
    r"arquivos?|files?|caminhos?|paths?|itens|items|linhas?|rows?|lugares|places|modulos?|modules?|resultados?|results?|anomalias?|anomalies"
    r"|outliers?|grupos?|groups?|categorias?|categories|colunas?|columns?|valores|values|pontos|points|exemplos|examples|tickets?|chamados?"
    r"|problemas?|problems?|faixas?|bins?|barras?|bars?"
)
_TIME = rf"(?!\s+(?:{UNIT}|horas?|hours?|minut[eo]s?)(?!\w))"
_COUNTS = (
    r"(?<!\w)top[\s-]*(?P<n>[0-9]{1,9})(?![\w%])(?![.,][0-9])",
    rf"(?<!\w)(?:{_RANK})\s+{_N}(?!\w){_TIME}",
    rf"{_N}\s+(?:{_RANK})(?!\w){_TIME}",
    rf"(?<!\w)(?:apenas|somente|so|only|just)\s+(?:os\s+|as\s+|the\s+)?{_N}(?!\w){_TIME}",
    rf"(?<!\w)(?:apenas|somente|so|only|just)\s+(?:o\s+|the\s+)?(?P<n>um|uma|one)(?=\s+(?:{_NOUN})(?!\w)|\s*[.,;:!?]|$)",
    rf"(?<!\w)(?:limite|limit|limited|limitado|no maximo|at most|up to)\s+(?:de\s+|a\s+|to\s+|of\s+)?{_N}(?!\w){_TIME}",
    rf"{_N}\s+(?:[a-z-]+\s+)?(?:{_NOUN})(?!\w)",
    rf"(?<!\w)(?:os|as|dos|das|the)\s+{_N}(?=[\s?.,!;:]|$){_TIME}",
)
_COMPARED = (
    r"(?<!\w)(?:mais de|mais que|menos de|menos que|pelo menos|ao menos|acima de|abaixo de|com|more than|less than|fewer than|at least|over"
    r"|under|above|below|with|versao|version|python)\s+(?:o\s+|a\s+|the\s+)?$"
)
_ADJACENT = rf"{_N}\s+(?:[a-z-]+\s+)?$"
_FOR_AFTER = rf"(?<!\w)(?:para|pra|for|to|dos|das|of)\s+(?:os\s+|as\s+|the\s+|each of the\s+|cada um d[oa]s\s+)?{_N}(?!\w){_TIME}"
_FOR_BEFORE = rf"(?<!\w)(?:para|pra|for)\s+(?:os\s+|as\s+|the\s+|each of the\s+|cada um d[oa]s\s+)?(?:(?:{_RANK})\s+)?{_N}(?!\w){_TIME}"
_ONLY_FIRST = (
    r"(?<!\w)(?:para|pra|for|on)\s+(?:o|a|the)\s+(?:primeir[oa]|principal|maior|pior|first|top|biggest|worst|most changed|number one"
    r"|(?:arquivo|file|one)\s+(?:que|that|which))(?!\w)"
)
_EACH = r"(?<!\w)(?:cada|tod[oa]s|el[ea]s|del[ea]s|each|all|them|these|those|every)(?!\w)"
_ANNOUNCED = (
    r"\s*(?:(?:de|do|da|em|e|of|at|is|to|a|igual a|maior que|acima de|above|over|than|=|:|>=?)\s*){0,2}"
    rf"(?:(?<![\w.,])(?P<d>[-+]?[0-9]{{1,15}}(?:[.,][0-9]{{1,15}}){{0,4}})(?![\w])|(?P<n>{NUMERAL}))"
    r"(?P<percent>\s*(?:%|por cento|percent))?"
)
