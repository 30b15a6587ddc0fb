"""A call of a tool as it is kept: asked for, perhaps waited for, done once.

    waiting ──approved──> running ──> done | failed | uncertain
       ├──rejected──> rejected
       └──nobody decided in time──> expired

A call with the same key is the same call: it is done once, and whoever asks again gets what came of it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.kernel import ids
from hulk.kernel.errors import Conflict
from hulk.kernel.events import changed, digest
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Grant, Principal
from hulk.kernel.text import Text
from hulk.modules.router import Label
from hulk.modules.tools.domain.tool import Output

Status: TypeAlias = Literal["waiting", "running", "done", "failed", "rejected", "expired", "uncertain", "suggested"]
"""waiting: for a person; suggested: it was only said what would be done; uncertain: it may have been done, and is not tried again."""
ENDED: frozenset[Status] = frozenset(("done", "failed", "rejected", "expired", "uncertain", "suggested"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call. `actor` asked for it, through `agent` if that is not empty; `reason` says why; `ticket` is where a person decides; `labels`
    are kinds of sensitive things in what came back; `error` is as `kernel.errors.told` has it. `grants` are what the actor could do when
    asking, `namespace` where (None: in all of the tenant). `p0`: what it is given is from what must stay in the company."""

    id: str
    tenant: str
    key: str
    tool: str
    arguments: JsonObject
    actor: str
    at: datetime
    deadline: datetime
    status: Status
    agent: str = ""
    person: str = ""
    reason: str = ""
    intent: str | None = None
    rules: tuple[str, ...] = ()
    ticket: str | None = None
    output: Output | None = None
    labels: tuple[Label, ...] = ()
    error: JsonObject | None = None
    ended: datetime | None = None
    grants: tuple[Grant, ...] = ()
    namespace: str | None = None
    p0: bool = False

    @property
    def principal(self) -> Principal:
        """Who asked, with what they could do then."""
        return Principal(tenant=self.tenant, actor=self.actor, grants=self.grants)

    @property
    def ended_badly(self) -> bool:
        """Whether it came to nothing, or nobody knows."""
        return self.status in ("failed", "rejected", "expired", "uncertain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a call ends. `unbegun`: it ends so only if nobody has begun to make it."""

    status: Status
    at: datetime
    output: Output | None = None
    labels: tuple[Label, ...] = ()
    error: JsonObject | None = None
    unbegun: bool = False


def id_of(tenant: str, key: str) -> str:
    """The id of the call with that key, which is the tenant's own."""
    return ids.derived("tcl", f"{tenant}/{key}")


def require_same(kept: Call, wanted: Call) -> None:
    """Raises `Conflict` when a key that is asked for again is of another call, or its call is under way."""
    if (kept.tool, digest(kept.arguments)) != (wanted.tool, digest(wanted.arguments)) or kept.actor != wanted.actor:
        raise Conflict("The key “{key}” was used for another call, of {tool}: use a new one.", key=wanted.key, tool=kept.tool)


def taken(call: Call, deadline: datetime, *, idempotent: bool) -> Call | None:
    """The call as whoever does it now holds it; None when it is not theirs to do. One that was begun and not ended is begun again only when
    that does nothing twice."""
    if call.status == "waiting" or (call.status == "running" and idempotent):
        return replace(call, status="running", deadline=deadline)
    return None


def ended(call: Call, ending: Ending) -> Call:
    """The call at its end; one that has ended stays as it was."""
    if ending.unbegun and call.status != "waiting":
        return call
    if call.status in ENDED and not (call.status == "uncertain" and ending.status in ("done", "failed")):
        return call
    return replace(call, status=ending.status, output=ending.output, labels=ending.labels, error=ending.error, ended=ending.at)


def told_of(call: Call) -> JsonObject:
    """What the trail tells of it: no argument and no answer, which may be private, but a digest of what was asked."""
    return {
        "tool": call.tool, "key": call.key, "agent": call.agent, "arguments": digest(call.arguments), "rules": list(call.rules),
        "ticket": call.ticket, "labels": list(call.labels), "error": None if call.error is None else call.error["code"],
        **changed(call.reason, None, {"status": call.status}),
    }  # fmt: skip


def what_it_would_do(call: Call) -> Text:
    """For whoever is only told."""
    return Text("{tool} was not called: a rule lets it be suggested only ({rules}).", tool=call.tool, rules=", ".join(call.rules) or "—")
