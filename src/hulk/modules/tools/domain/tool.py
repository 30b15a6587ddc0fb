"""A tool: one act on something outside Hulk, with what one must know to let somebody use it."""

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hulk.kernel.records import JsonObject

Effect: TypeAlias = Literal["read", "write", "destroy"]
"""read: nothing is different afterwards; write: something is; destroy: something is lost."""
DataClass: TypeAlias = Literal["public", "p0"]
"""What comes back: public is still scanned; p0 stays in the company, whatever the scan finds."""
Cost: TypeAlias = Literal["free", "low", "high"]

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}\.[a-z][a-z0-9_]{0,62}")
"""`backend.act`: what MCP allows of names (2025-11-25, “Tool Names”), and enough to tell where it leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One of a backend's tools.

    `input` and `output` are JSON Schemas (2020-12) of an object. `idempotent`: asked twice with the same arguments and key, it acts once.
    `outside`: what it is given leaves the company. `amount` names the argument that is money, which limits hold. `address` is where what a
    read gives may be read, too: a URI whose `{variables}` are its arguments (`domain.uris`)."""

    name: str
    title: str
    description: str
    input: JsonObject
    output: JsonObject | None = None
    effect: Effect
    idempotent: bool = False
    outside: bool = False
    data: DataClass = "public"
    cost: Cost = "free"
    owner: str = ""
    tags: tuple[str, ...] = ()
    amount: str = ""
    address: str = ""
    seconds: float = 30.0
    """The longest that a call may take."""

    @property
    def backend(self) -> str:
        """Whose it is."""
        return self.name.partition(".")[0]

    @property
    def act(self) -> str:
        """What it is called within its backend."""
        return self.name.partition(".")[2]

    @property
    def writes(self) -> bool:
        """Whether something is different afterwards."""
        return self.effect != "read"


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of what comes back: text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bytes:
    """A piece that is no text."""

    data: bytes = field(repr=False)
    media_type: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A piece that lies elsewhere."""

    uri: str
    name: str = ""
    media_type: str = ""


Piece: TypeAlias = Words | Bytes | Link


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was made and kept among those of the tenant that called. `blob` is the SHA-256 of its content in hexadecimal, `size` its
    bytes."""

    name: str
    media_type: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a tool wants to know of the person for whom it is called. `schema` is of an object whose properties are plain values; the answer
    is given back under `key`. `server` names the third party's server whose question it is, and is empty when it is Hulk's own."""

    key: str
    message: str
    schema: JsonObject
    server: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a tool gave. `data` is the answer as data, if it has that form; `pieces` all that there is to see besides. `failed`: the tool
    itself says that it could not, in `pieces`, for whoever asked to do better. `asks`: it has done nothing yet, and will when it is called
    again with the answers and with `state`, which is its own; who cannot ask anybody reads in `pieces` what is missing."""

    data: JsonObject | None = None
    pieces: tuple[Piece, ...] = ()
    failed: bool = False
    asks: tuple[Question, ...] = ()
    state: str = ""
    cut: str = ""
    """What was left out, in words, if anything was: rows beyond a limit, bytes beyond the cap."""
    label: DataClass = "public"
    """What its sources are labelled with: it counts as the tool's own label does."""
    files: tuple[File, ...] = ()
    """Files that it made and kept. Only backends of our own say so: who is told an id by others is told nothing."""
