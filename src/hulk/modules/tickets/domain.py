"""What a ticket is, how it may change, and what the work behind one is given and gives back. Pure rules."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from hulk.kernel.errors import Conflict
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso

Status: TypeAlias = Literal["open", "ready", "running", "completed", "failed", "skipped"]
"""open: a person's, or waiting for others; ready: begun, not yet taken; skipped: what it needed failed."""

_NEXT: Mapping[Status, frozenset[Status]] = {
    "open": frozenset({"ready", "completed", "failed", "skipped"}),
    "ready": frozenset({"running", "completed", "failed", "skipped"}),
    "running": frozenset({"completed", "failed"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "skipped": frozenset(),
}


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
    priority: Literal["low", "normal", "high"] = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One unit of work: of a plan (executed by a run) or a follow-up (done by a person)."""

    id: str
    plan: str
    intent: str
    tenant: str
    key: str
    kind: str
    title: Text
    status: Status
    input: JsonObject
    after: tuple[str, ...] = ()
    required: bool = True
    owner: Literal["worker", "person"] = "worker"
    priority: Literal["low", "normal", "high"] = "normal"
    run: str | None = None
    result: JsonObject | None = None
    problem: JsonObject | None = None
    created: datetime
    ended: datetime | None = None


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


def moved(ticket: Ticket, status: Status) -> Status:
    """`status` if the ticket may take it now; raises `Conflict` naming both and what is allowed."""
    if status in _NEXT[ticket.status]:
        return status
    allowed = ", ".join(sorted(_NEXT[ticket.status])) or "—"
    raise Conflict(
        "Ticket {ticket} is {now} and cannot become {wanted}; allowed: {allowed}.",
        ticket=ticket.id,
        now=ticket.status,
        wanted=status,
        allowed=allowed,
    )


def ready(tickets: Mapping[str, Ticket]) -> list[Ticket]:
    """Of a plan's tickets by key, those that wait for nothing any more and were not begun."""
    return [
        ticket for ticket in tickets.values() if ticket.status == "open" and all(tickets[key].status == "completed" for key in ticket.after)
    ]


def doomed(tickets: Mapping[str, Ticket]) -> list[Ticket]:
    """Those that can never begin, because something they come after failed or was skipped."""
    return [
        ticket
        for ticket in tickets.values()
        if ticket.status == "open" and any(tickets[key].status in ("failed", "skipped") for key in ticket.after)
    ]


def view(ticket: Ticket, voice: Voice) -> JsonObject:
    """A ticket as the API shows it, in the reader's words."""
    return {
        "ticket_id": ticket.id, "kind": ticket.kind, "status": ticket.status, "run_id": ticket.run, "intent_id": ticket.intent,
        "plan_id": ticket.plan, "owner": ticket.owner, "priority": ticket.priority, "title": voice.say(ticket.title),
        "problem": ticket.problem and _problem(ticket.problem, voice.say),
        "created": iso(ticket.created), "ended": None if ticket.ended is None else iso(ticket.ended),
    }  # fmt: skip


def _problem(problem: JsonObject, say: Callable[[Text], str]) -> JsonObject:
    return {"code": problem["code"], "detail": say(Text.from_json(problem["text"]))}
