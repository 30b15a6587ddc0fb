"""How a channel is: what the process says that looks after it, and what came of trying it. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.channels.domain.channel import Channel
from hulk.modules.channels.domain.message import State

Status: TypeAlias = Literal["ok", "failing", "unattended", "untried"]
"""failing: something is known that keeps it from working; unattended: no process listens and sends there just now; untried: nothing is
known against it, and it was never tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was proved, and in how many seconds."""

    what: Text
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying a channel: what was proved, in order, in `seconds` together; `problem` is what keeps it from working."""

    at: datetime
    seconds: float
    steps: tuple[Step, ...] = ()
    problem: JsonObject | None = None

    @property
    def ok(self) -> bool:
        """Whether it works."""
        return self.problem is None

    @property
    def told(self) -> JsonObject:
        """What the trail is told of it."""
        return {"ok": self.ok, "code": "" if self.problem is None else str(self.problem["code"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the process (`by`) that looks after a channel says of it. `listens`: whether it listens there, or vendors call us; `deaf` is why
    it cannot listen, `told_off` why the channel takes nothing from us."""

    by: str
    since: datetime
    listens: bool
    deaf: str = ""
    told_off: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a channel is. `led`: whether a process looks after it; `heard` and `sent` are when something last came in and went out; `counts`
    the messages by state that did not go out (yet); `due` when the next of those waiting is."""

    channel: Channel
    led: bool
    standing: Standing | None = None
    tried: Tried | None = None
    heard: datetime | None = None
    sent: datetime | None = None
    counts: Mapping[State, int] = field(default_factory=dict)
    due: datetime | None = None

    @property
    def status(self) -> Status:
        """All of it in a word."""
        if self.standing is not None and (self.standing.deaf or self.standing.told_off):
            return "failing"
        if self.tried is not None and not self.tried.ok:
            return "failing"
        if not self.led:
            return "unattended"
        return "untried" if self.tried is None else "ok"
