"""Sentences to read, on 21 November 2026 (a Saturday) in São Paulo."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hulk.kernel.text import Language, Text
from hulk.modules.skills.domain.reading import read
from hulk.modules.skills.domain.skill import Kind, Parameter, Request, Source

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")


def request(text: str, language: Language = "pt", *sources: Source, now: datetime = NOW) -> Request:
    """`text` as it is asked then and there."""
    return Request(text=text, language=language, now=now, zone=ZONE, sources=sources)


def parameter(name: str, kind: Kind, *words: str, required: bool = False, default: object = None, most: float | None = None) -> Parameter:
    """A parameter that says little of itself."""
    return Parameter(name=name, kind=kind, about=Text("what is read"), required=required, default=default, words=words, most=most)


def value(read_as: Parameter, text: str, language: Language = "pt", *sources: Source) -> object:
    """What one parameter is read as."""
    return read((read_as,), request(text, language, *sources))[read_as.name]
