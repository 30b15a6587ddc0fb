"""The work behind a ticket of a plan: how it is drafted, what it is given, what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.tickets.domain.ticket import Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket of a plan before it has an id. `key` is unique in its plan; `after` names the keys whose results it needs.

    A plan fails when a `required` ticket fails; another's failure is only told in the answer.
    """

    key: str
    kind: str
    title: Text
    input: JsonObject = field(default_factory=dict)
    after: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A ticket for a person that work has found to be needed (`review.file`, `data.problem`, `data.anomaly`)."""

    kind: str
    title: Text
    data: JsonObject
    priority: Priority = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArtefact:
    """A file that work has made, still in its scratch folder. `name` is what a person will see (`churn.png`)."""

    name: str
    media_type: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """A file that was made and kept. `blob` is the SHA-256 of its content in hexadecimal, `size` its bytes."""

    name: str
    media_type: str
    blob: str
    size: int
    ticket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the work behind a ticket is given: its input, the results of the tickets it came after, by key, a scratch
    folder of its own that is removed afterwards, the voice of the person who asked, and whose work it is."""

    ticket: str
    kind: str
    tenant: str
    input: JsonObject
    before: Mapping[str, JsonObject]
    scratch: Path
    voice: Voice
    key: str
    """The idempotency key to pass to every side effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What work gives back: its result (JSON data, of modest size) and the files it made."""

    result: JsonObject
    artefacts: tuple[NewArtefact, ...] = ()


Handler: TypeAlias = Callable[[Work], Awaitable[Done]]
"""Does the work of one kind of ticket. May be executed again after a crash. Raises `Refused` or `NotFound` when the input is
wrong (told to the person, not tried again) and `Unavailable` when it should be tried again."""
