"""What a ticket is and how it may change; which tickets of a plan may begin.

    open ──> ready ──> running ──> completed, failed, cancelled
      │        └─────────────────> skipped (what it needed did not complete)
      └──────────────────────────> completed, failed, cancelled: a person's, without being taken

A ticket is done by a `run` of Hulk's own, by a `worker` that takes it under a lease, or by a `person`. One whose lease runs out
or is given back is ready again, or open until its next try is due; what has failed, was skipped or called off may be opened again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Literal, Self, TypeAlias, get_args

from hulk.kernel.errors import Conflict, Refused
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.kernel.text import Text, Voice, writable
from hulk.kernel.time import iso

Status: TypeAlias = Literal["open", "ready", "running", "completed", "failed", "skipped", "cancelled"]
"""open: a person's, or waiting for others or for its time; ready: may be taken, or begun and not yet taken; running: held under a
lease, or executed by a run; skipped: what it needed failed; cancelled: called off."""

Priority: TypeAlias = Literal["low", "normal", "high", "urgent"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)

Owner: TypeAlias = Literal["run", "worker", "person"]
"""Who does it: a run of Hulk's own, a worker that takes it under a lease, a person."""

ENDED: frozenset[Status] = frozenset({"completed", "failed", "skipped", "cancelled"})
STATUSES: Mapping[Status, Text] = {
    "open": Text("not begun"),
    "ready": Text("ready to be taken"),
    "running": Text("running"),
    "completed": Text("completed"),
    "failed": Text("failed"),
    "skipped": Text("skipped"),
    "cancelled": Text("cancelled"),
}
"""As they are told in sentences."""

_NEXT: Mapping[Status, frozenset[Status]] = {
    "open": frozenset({"ready", "completed", "failed", "skipped", "cancelled"}),
    "ready": frozenset({"running", "completed", "failed", "skipped", "cancelled"}),
    "running": frozenset({"completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "skipped": frozenset(),
    "cancelled": frozenset(),
}
_AGAIN: frozenset[Status] = frozenset({"failed", "skipped", "cancelled"})


AssigneeKind: TypeAlias = Literal["worker_group", "agent", "edge_node", "person"]
ASSIGNEES: tuple[AssigneeKind, ...] = get_args(AssigneeKind)


@dataclass(frozen=True, slots=True)
class Assignee:
    """Who is to do it, other than anybody who can: a group of workers, an agent, an edge node or a person. Of a person the name may
    be empty: whoever may."""

    kind: AssigneeKind
    name: str = ""

    def __str__(self) -> str:
        """As it is kept and searched: `worker_group:builders`, `person:`."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def of(cls, text: str) -> Self | None:
        """The reverse of `str`; None for an empty text. Raises `Refused` for a kind that there is not."""
        if not text:
            return None
        kind, _, name = text.partition(":")
        found = next((one for one in ASSIGNEES if one == kind), None)
        if found is None:
            raise Refused("“{kind}” is no kind of assignee; allowed: {allowed}.", kind=writable(kind)[:40], allowed=", ".join(ASSIGNEES))
        return cls(found, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One unit of work: of a plan (executed by a run), for workers anywhere (taken under a lease) or for a person.

    `after` are the keys (in a plan) or ids of the tickets whose results it needs. `deadline` ends it when it passes; `sla` is how
    long it may take from its creation, which is only told when it passes. `revision` grows by one with each change, `fence` with each
    lease; `lease` is the last one, `attempts` how often it was leased of `most_attempts`. `waiter` is the run that is told of its end.
    `asker` is who asked for what is to be approved, and so may not approve it themselves.
    """

    id: str
    plan: str | None
    intent: str | None
    tenant: str
    key: str
    kind: str
    title: Text
    status: Status
    input: JsonObject
    after: tuple[str, ...] = ()
    required: bool = True
    owner: Owner = "run"
    priority: Priority = "normal"
    run: str | None = None
    result: JsonObject | None = None
    problem: JsonObject | None = None
    created: datetime
    ended: datetime | None = None
    namespace: str = DEFAULT_NAMESPACE
    assignee: Assignee | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    sla: timedelta | None = None
    begins: datetime | None = None
    """Not to be taken before."""
    actor: str = "hulk"
    waiter: str | None = None
    asker: str | None = None
    updated: datetime | None = None
    revision: int = 1
    attempts: int = 0
    most_attempts: int = 5
    fence: int = 0
    lease: str | None = None
    worker: str | None = None
    digest: str = ""
    """SHA-256 of what was asked for, to know the same request again."""

    @property
    def due(self) -> datetime | None:
        """When it should have ended: at its deadline or by its SLA, whichever comes first."""
        whens = [when for when in (self.deadline, self.sla and self.created + self.sla) if when]
        return min(whens) if whens else None


FIELDS = tuple(Ticket.__dataclass_fields__)
_PLACES = {name: place for place, name in enumerate(FIELDS)}
_values = attrgetter(*FIELDS)
_setters = [getattr(Ticket, name).__set__ for name in FIELDS]


def built(values: Sequence[Any]) -> Ticket:
    """A ticket of the values of all its `FIELDS`, in their order: at a third of the cost of naming them, for batches of hundreds."""
    new = object.__new__(Ticket)
    for put, value in zip(_setters, values, strict=True):
        put(new, value)
    return new


def changed(ticket: Ticket, **to: Any) -> Ticket:
    """As `dataclasses.replace`, at a third of its cost."""
    values = list(_values(ticket))
    for name, value in to.items():
        values[_PLACES[name]] = value
    return built(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody said about a ticket."""

    id: str
    ticket: str
    actor: str
    at: datetime
    text: str


def moved(ticket: Ticket, status: Status) -> Status:
    """`status` if the ticket may take it now; raises `Conflict` naming both and what is allowed."""
    if status in _NEXT[ticket.status]:
        return status
    raise _stuck(ticket, status, _NEXT[ticket.status])


def reopened(ticket: Ticket, status: Status) -> Status:
    """`open`, if the ticket has ended without completing, so that it is done once more; raises `Conflict`."""
    if ticket.status in _AGAIN and status == "open":
        return "open"
    raise _stuck(ticket, status, frozenset({"open"}) if ticket.status in _AGAIN else _NEXT[ticket.status])


def lasting(ticket: Ticket, now: datetime) -> datetime | None:
    """The deadline of a ticket that is to be done once more at `now`: where it has passed, at least as much time as it had at first."""
    if ticket.deadline is None or ticket.deadline > now:
        return ticket.deadline
    return now + (ticket.deadline - ticket.created)


def _stuck(ticket: Ticket, wanted: Status, allowed: frozenset[Status]) -> Conflict:
    return Conflict(
        "Ticket {ticket} is {now} and cannot become {wanted}; allowed: {allowed}.",
        ticket=ticket.id, now=ticket.status, wanted=wanted, allowed=", ".join(sorted(allowed)) or "—",
    )  # fmt: skip


def ready(tickets: Mapping[str, Ticket]) -> list[Ticket]:
    """Of a plan's tickets by key, those that wait for nothing any more and were not begun."""
    return [
        ticket for ticket in tickets.values() if ticket.status == "open" and all(tickets[key].status == "completed" for key in ticket.after)
    ]


def doomed(tickets: Mapping[str, Ticket]) -> list[Ticket]:
    """Those that can never begin, because something they come after failed or was skipped."""
    return [ticket for ticket in tickets.values() if ticket.status == "open" and any(tickets[key].status in _AGAIN for key in ticket.after)]


def view(ticket: Ticket, voice: Voice) -> JsonObject:
    """A ticket as the API shows it, in the reader's words."""
    return {
        "ticket_id": ticket.id, "key": ticket.key, "kind": ticket.kind, "status": ticket.status, "namespace": ticket.namespace,
        "run_id": ticket.run, "intent_id": ticket.intent, "plan_id": ticket.plan, "owner": ticket.owner,
        "assignee": ticket.assignee and str(ticket.assignee),
        "priority": ticket.priority, "title": voice.say(ticket.title), "labels": dict(ticket.labels), "after": list(ticket.after),
        "problem": ticket.problem and _problem(ticket.problem, voice.say),
        "deadline": _when(ticket.deadline), "sla": ticket.sla and ticket.sla.total_seconds(), "due": _when(ticket.due),
        "begins": _when(ticket.begins), "created": iso(ticket.created), "updated": iso(ticket.updated or ticket.created),
        "ended": _when(ticket.ended), "actor": ticket.actor, "worker": ticket.worker, "revision": ticket.revision,
        "attempts": ticket.attempts, "fence": ticket.fence,
    }  # fmt: skip


def tickets_of(event: Event) -> Sequence[str]:
    """The tickets that an event is about."""
    if not event.type.startswith("hulk.ticket."):
        return ()
    several = event.data.get("tickets")
    return tuple(several) if isinstance(several, dict) else (event.subject,)


def _when(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


OVER_TIME = "deadline"
"""The code of the problem of a ticket that its deadline has ended."""


def problem_of(code: str, text: Text) -> JsonObject:
    """What kept a ticket from being done, as it is kept: `code` for programs, `text` for people in their language."""
    return {"code": code, "text": text.to_json()}


def workers_problem(code: str, detail: str) -> JsonObject:
    """The same in a worker's own words."""
    return problem_of(code, Text("{detail}", detail=writable(detail) or "—"))


def _problem(problem: JsonObject, say: Callable[[Text], str]) -> JsonObject:
    return {"code": problem["code"], "detail": say(Text.from_json(problem["text"]))}
