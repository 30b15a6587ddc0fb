"""A skill: a named operation with example utterances, typed parameters and a plan template. It needs no model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.tickets import Draft, FollowUp

Kind: TypeAlias = Literal["period", "count", "number", "column", "columns", "table", "repository", "text", "switch", "horizon"]
"""What a parameter is read as. period: days from..to; horizon: how far ahead, in points or units of time; count: a positive whole
number; table: a CSV, Parquet or JSON-lines file; repository: a git repository; column(s): names that must exist in the table; switch:
true when asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One typed parameter. `words` are the words of both languages that announce it (`por`, `by` before a column)."""

    name: str
    kind: Kind
    about: Text
    required: bool = False
    default: Any = None
    words: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or repository that an intent is about. Exactly one of `path` (on the server, allowed), `blob` (sent to it) and `url`
    (the http or https address of a file, fetched when the work is done) is set."""

    kind: Literal["file", "repository"]
    name: str
    path: str | None = None
    blob: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A sentence with what is needed to read it: its language, the moment and time zone that relative dates refer to,
    and the files or repositories sent along."""

    text: str
    language: Language
    now: datetime
    zone: ZoneInfo
    sources: tuple[Source, ...] = ()


Arguments: TypeAlias = Mapping[str, Any]
"""A skill's parameters by name, read and checked, as JSON data: a period is {"since": "2026-10-22", "until": "2026-11-21"}
(both days included), a source is the JSON of a `Source`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an answer is made from: the arguments, each ticket's result by key (missing when an optional one failed),
    and the names of the artefacts that were kept."""

    arguments: Arguments
    results: Mapping[str, JsonObject]
    artefacts: tuple[str, ...]
    voice: Voice


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Markdown for the person who asked, and the tickets for people that it opens."""

    markdown: str
    follow_ups: tuple[FollowUp, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """`plan` makes the tickets from the arguments, `answer` joins their results. Both are pure. `reads`: its work only looks, so that
    nothing is different afterwards."""

    name: str
    title: Text
    about: Text
    examples: Mapping[Language, tuple[str, ...]]
    parameters: tuple[Parameter, ...] = ()
    plan: Callable[[Arguments], tuple[Draft, ...]]
    answer: Callable[[Report], Answer]
    tags: tuple[str, ...] = field(default=())
    reads: bool = True
