"""Column names, pieces of text and switches in a sentence. Whether a column exists is found out later, in the table."""

import re
from collections.abc import Iterator
from typing import Any

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.reading.sentence import Sentence, any_of, standing
from hulk.modules.skills.domain.reading.spans import UNIT
from hulk.modules.skills.domain.skill import Parameter, Request


def column(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """The first column named after one of the parameter's words."""
    for start, end, names in _lists(said, parameter):
        return names[0], said.without(start, end)
    return _default(parameter), said


def columns(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """The columns named after one of the parameter's words, as a list: "por loja, produto e região"."""
    for start, end, names in _lists(said, parameter):
        return names, said.without(start, end)
    return _default(parameter), said


def text(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """What is quoted or, else, the word after one of the parameter's words; without words, the first quotation."""
    if parameter.words:
        return column(said, parameter, _)
    match = _QUOTED.search(said.folded)
    if match is None:
        return _default(parameter), said
    return said.text[match.start() + 1 : match.end() - 1].strip(), said.without(*match.span())


def switch(said: Sentence, parameter: Parameter, _: Request) -> tuple[Any, Sentence]:
    """True when one of the words stands in the sentence and is not negated, False when each that does is."""
    if standing(said, parameter.words):
        return True, said
    negated = re.search(any_of(parameter.words), said.folded)
    return (False if negated else bool(parameter.default)), said


def _lists(said: Sentence, parameter: Parameter) -> Iterator[tuple[int, int, list[str]]]:
    for word in re.finditer(any_of(parameter.words), said.folded):
        filler = _FILLER.match(said.folded, word.end())
        start = filler.end() if filler else word.end()
        sure = _COLUMN.search(said.folded, word.start(), start) is not None
        found = list(_names(said, start, sure=sure)) or _before(said, word.start(), word[0])
        if found:
            yield min(word.start(), found[-1][1]), max(word.end(), found[-1][1]), [name for name, _ in found]


def _names(said: Sentence, start: int, *, sure: bool) -> Iterator[tuple[str, int]]:
    """(name, where it ends) of each item of the list that begins at `start`. A bare word of grammar or time is not a name."""
    while match := _ITEM.match(said.folded, start):
        quoted = match["quoted"] is not None
        name = said.text[match.start() + quoted : match.end() - quoted].strip()
        if not name or not (quoted or _is_name(match[0], sure=sure)):
            return
        yield name, match.end()
        separator = _SEPARATOR.match(said.folded, match.end())
        if separator is None:
            return
        start = separator.end()


def _before(said: Sentence, end: int, word: str) -> list[tuple[str, int]]:
    """The name in "the price column", where English puts it first."""
    match = _NAMED_COLUMN.search(said.folded, max(0, end - 120), end) if word in ("column", "columns", "field", "fields") else None
    if match is None or not (match["quoted"] or _is_name(match["name"], sure=False)):
        return []
    quoted = match["quoted"] is not None
    return [(said.text[match.start("name") + quoted : match.end("name") - quoted].strip(), match.start("name"))]


def _is_name(word: str, *, sure: bool) -> bool:
    return word not in _GRAMMAR and (sure or not _TIME.fullmatch(word))


def _default(parameter: Parameter) -> Any:
    if parameter.default is None and parameter.required:
        raise Refused(
            "Say which {name} ({about}): write it after one of these words: {words}; in quotes when it has spaces.",
            name=parameter.name,
            about=parameter.about,
            words=", ".join(parameter.words) or "“ ”",
        )
    return parameter.default


def _words(text_: str) -> frozenset[str]:
    return frozenset(text_.split())


_ANYTHING = r"[^\"\n]{1,200}"  # what is hidden too
_QUOTED = re.compile(rf"\"{_ANYTHING}\"|`{_ANYTHING.replace(chr(34), '`')}`|(?<!\w)'{_ANYTHING.replace(chr(34), chr(39))}'(?!\w)")
_ITEM = re.compile(rf"(?P<quoted>{_QUOTED.pattern})|[\w$][\w$.-]{{0,99}}(?<!\.)")
_NAMED_COLUMN = re.compile(rf"(?<!\w)the\s+(?P<name>{_ITEM.pattern})\s+$")
_SEPARATOR = re.compile(r"\s*,\s*(?:(?:e|and)\s+)?|\s+(?:e|and)\s+|\s*&\s*")
_FILLER = re.compile(
    r"\s*[:=]?\s*(?:(?:o|a|os|as|the|cada|each|colunas?|columns?|campos?|fields?|de|do|da|d[ao]s|nomead[ao]|called|named)\s*[:=]?\s+){0,3}"
)
_COLUMN = re.compile(r"(?<!\w)(?:colunas?|columns?|campos?|fields?)(?!\w)")
_TIME = re.compile(rf"{UNIT}|horas?|hours?|minut[eo]s?|segundos?|seconds?|hoje|ontem|today|yesterday|time|tempo")
_GRAMMAR = _words(
    """
    favor exemplo que isso isto enquanto causa padrao fim meio volta cento tras um uma o a os as e ou para com sem em no na nos nas de
    do da se me por quais qual quem como onde quando mostre mostra abra abrir crie criar gere gerar faca desenhe diga liste veja conte
    use agrupe compare the and or of in on at to for with without by default way an it its is are was which what who how where when
    show open create make draw list tell give use group find me my this that these those please using each every
    arquivo arquivos file files tabela tabelas table tables planilha spreadsheet dataset base dados data csv per does do have has had
    repetida repetidas repetido repetidos repeated duplicate duplicated ticket tickets chamado chamados anomalia anomalias anomaly anomalies
    serie series grupo grupos group groups categoria categorias category categories
    problema problemas problem problems linha linhas row rows ponto pontos point points
    """
)
