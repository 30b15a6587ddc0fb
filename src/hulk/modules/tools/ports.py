"""What the tools need of the systems that they act on."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from hulk.kernel.durable import Change
from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.tools.domain import Listed, Output, Pin, Tool

Progress: TypeAlias = Callable[[float, float | None, str], Awaitable[None]]
"""How far it is, of how much if that is known, and a word about it."""


async def unheard(_: float, __: float | None, ___: str) -> None:
    """Nobody listens."""


class Uncertain(Unavailable):
    """It may have been done, or not: the answer did not come, or was none. It is never tried again by itself."""

    code = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """Around a call: who asks for whom, in which language answers are wanted, until when it must be done.

    `key` is the same each time that the same call is made: pass it on where the other side takes an idempotency key. `person` is the
    e-mail address or name by which other systems may know who asks; empty when there is none."""

    id: str
    key: str
    tenant: str
    actor: str
    deadline: datetime
    person: str = ""
    agent: str = ""
    language: Language = "en"
    progress: Progress = unheard


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
