"""What the tools need: systems that they act on, and places where calls, rules and virtual servers are kept."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias, TypeVar

from hulk.kernel.durable import Change
from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text
from hulk.modules.tools.domain import Listed, Output, Pin, Rule, Server, Tool
from hulk.modules.tools.domain.call import Call, Ending, Status
from hulk.modules.tools.domain.knowledge import Collection, Document, FoundPassages

Progress: TypeAlias = Callable[[float, float | None, str], Awaitable[None]]
"""How far it is, of how much if that is known, and a word about it."""


async def unheard(_: float, __: float | None, ___: str) -> None:
    """Nobody listens."""


Sent: TypeAlias = Callable[[str, str], Awaitable[Path]]
"""Where the file lies that a tenant has sent, by its id. Raises `NotFound` for one that this tenant has not."""
Standing: TypeAlias = Callable[[Principal], Awaitable[Principal]]
"""Somebody with what they may do now: never more than they could when they asked. Raises `Forbidden` when they may nothing any more, and
`Unavailable`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Whoever calls is there while it is done: in which language they read, who hears how far it is, and what they answered to what the
    tool asked (`Output.asks`), with the state that came with the questions. An answer of None is that they would not say. `asks`: they can
    be asked."""

    language: Language = "en"
    progress: Progress = unheard
    answers: Mapping[str, JsonObject | None] = field(default_factory=dict)
    state: str = ""
    asks: bool = False


class Uncertain(Unavailable):
    """It may have been done, or not: the answer did not come, or was none. It is never tried again by itself."""

    code = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """Around a call: who asks for whom, in which language answers are wanted, until when it must be done.

    `key` is the same each time that the same call is made: pass it on where the other side takes an idempotency key. `person` is the
    e-mail address or name by which other systems may know who asks; empty when there is none. `present` is about them; what they answered
    is as little trusted as arguments are. `p0`: the arguments are from what must stay in the company; so is what is made of them."""

    id: str
    key: str
    tenant: str
    actor: str
    deadline: datetime
    person: str = ""
    agent: str = ""
    p0: bool = False
    present: Present = field(default_factory=Present)

    @property
    def handle(self) -> str:
        """The key as other systems are shown it: 32 hexadecimal digits, the tenant's own."""
        return hashlib.sha256(f"{self.tenant}\n{self.key}".encode()).hexdigest()[:32]

    @property
    def language(self) -> Language:
        """In which answers are wanted."""
        return self.present.language

    @property
    def progress(self) -> Progress:
        """Hears how far it is."""
        return self.present.progress


class Backend(Protocol):
    """A system whose tools may be used. It is asked only for what permissions, approvals and schemas have let pass."""

    @property
    def name(self) -> str:
        """The first part of its tools' names."""

    async def tools(self) -> Sequence[Tool]:
        """What it can do now. Raises `Unavailable` when it cannot be asked."""

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """Do it; `arguments` are as `tool.input` has them.

        Raises `Refused`, `NotFound` or `Conflict` when asking again is no use, `Unavailable` when surely nothing was done, and `Uncertain`
        when something may have been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPassages:
    """What somebody wants to know. Without `collections` all of the tenant's are looked through but those labelled p0: what comes of these
    is not for everybody, so they are named."""

    tenant: str
    query: str
    collections: tuple[str, ...] = ()
    most: int = 5


class Knowledge(Protocol):
    """Where what is known is looked up: documents of a tenant, as they are now."""

    async def search(self, wanted: WantedPassages) -> FoundPassages:
        """Passages, the best first. Raises `NotFound` for a collection that the tenant has not, `Unavailable`."""

    async def read(self, tenant: str, uri: str, start: int, most: int) -> Document:
        """At most so many characters of a document, from that one on. Raises `NotFound` for one that the tenant has not, `Unavailable`."""

    async def collections(self, tenant: str) -> Sequence[Collection]:
        """Those of the tenant, by name. Raises `Unavailable`."""


class Schemas(Protocol):
    """Checks what a tool is given."""

    def wrong(self, schema: JsonObject, value: JsonObject) -> Sequence[tuple[str, Text]]:
        """Where the value is not as the schema has it, and why."""


class Calls(Protocol):
    """Calls as they are kept. Each change touches the row of that call and tenant only."""

    def begin(self, call: Call) -> Change[tuple[Call, bool]]:
        """Keep it, unless one of its id is kept: the one that is, and whether it is new."""

    def take(self, tenant: str, id_: str, deadline: datetime, *, idempotent: bool) -> Change[Call | None]:
        """The call, running until that moment and the caller's to do; None when it is not (`domain.call.taken`). Raises `NotFound`."""

    def ask(self, tenant: str, id_: str, ticket: str) -> Change[Call]:
        """It waits for a person, who decides in that ticket. Raises `NotFound`."""

    def end(self, tenant: str, id_: str, ending: Ending) -> Change[tuple[Call, bool]]:
        """It has ended so, and whether that is new (`domain.call.ended`). Raises `NotFound`."""

    async def get(self, tenant: str, id_: str) -> Call:
        """Raises `NotFound`."""

    async def find(self, wanted: "WantedCalls") -> Sequence[Call]:
        """The tenant's calls that are meant, newest first."""

    async def overdue(self, moment: datetime, most: int) -> Sequence[Call]:
        """Running calls whose deadline was before that moment, whoever's they are, the most overdue first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCalls:
    """Which calls are meant: those before the call `before`, of an actor, of a tool, of a status; None for any."""

    tenant: str
    most: int = 50
    before: str | None = None
    actor: str | None = None
    tool: str | None = None
    status: Status | None = None


N = TypeVar("N", Rule, Server)


class Named(Protocol[N]):
    """Things of tenants that have a name: rules, virtual servers."""

    def put(self, tenant: str, one: N) -> Change[N | None]:
        """Let it hold in the place of the one of its name, which is given."""

    def remove(self, tenant: str, name: str) -> Change[N]:
        """Let it hold no more; gives it. Raises `NotFound`."""

    async def of(self, tenant: str) -> Sequence[N]:
        """All of the tenant's, by name."""


class Foreign(Backend, Protocol):
    """A backend that somebody else wrote: what it says of its tools is told as it says it, and is not trusted."""

    async def listed(self) -> Sequence[Listed]:
        """What it says now, each name once. Looked at again when it may have changed. Raises `Unavailable`."""

    async def call_listed(self, wanted: Listed, arguments: JsonObject, calling: Calling) -> Output:
        """As `call`. Raises `Conflict`, with nothing done, when by now it says something else of the tool than `wanted`."""


class Pins(Protocol):
    """What was seen and approved of the tools of servers that somebody else wrote: one pin for each name of a server's tool."""

    def put(self, *pins: Pin) -> Change[None]:
        """Keep them in place of what was kept of the same tools."""

    def first(self, server: str, pins: Sequence[Pin]) -> Change[bool]:
        """Keep them if nothing is kept of that server yet; whether that was so."""

    async def of(self, server: str) -> Mapping[str, Pin]:
        """All of a server by the names that it gives its tools. Raises `Unavailable`."""

    async def approved(self, server: str) -> Mapping[str, str] | None:
        """The digests that are approved, by the same names; None when nothing was ever kept of the server. Raises `Unavailable`."""
