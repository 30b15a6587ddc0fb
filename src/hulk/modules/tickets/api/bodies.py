"""What is sent to the routes of tickets, parsed once; how a ticket is shown."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hulk.kernel.errors import Invalid
from hulk.kernel.events import LONGEST_REASON, Event
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso
from hulk.modules.tickets.domain import Asked, Assignee, Comment, Ending, Held, Kind, New, Priority, Ticket, view, workers_problem
from hulk.modules.tickets.usecases import Grant, Wish
from hulk.runtime.http import Reasoned
from hulk.runtime.validation import Moment

Seconds = Annotated[float, Field(ge=0, le=400_000_000, allow_inf_nan=False)]
_ASSIGNEE = "`worker_group:<name>`, `agent:<name>`, `edge_node:<name>`, `person:<name>`, or `person:` for whoever may."


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TicketBody(_Body):
    """A ticket that is asked for."""

    kind: str = Field(max_length=64, description="A kind that was registered (`PUT /v1/ticket-kinds/{name}`).")
    title: str = Field(max_length=1000)
    input: JsonObject = Field(default_factory=dict, description="As the kind's schema has it.")
    request_id: str | None = Field(default=None, max_length=200, description="The same one gives the same ticket.")
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=64)
    intent_id: str | None = Field(default=None, max_length=64)
    plan_id: str | None = Field(default=None, max_length=64)
    after: list[str] = Field(default_factory=list, max_length=100, description="Ids, or `#n` for the n-th of the same request.")
    priority: Priority = "normal"
    assignee: str = Field(default="", max_length=200, description=_ASSIGNEE)
    labels: dict[str, str] = Field(default_factory=dict)
    deadline: Moment | None = Field(default=None, description="It fails when it has not ended by then.")
    sla: Seconds | None = Field(default=None, description="Seconds that it may take; told when they have passed.")
    begins: Moment | None = Field(default=None, description="Not to be taken before.")
    reason: str = Field(default="", max_length=LONGEST_REASON, description="Why, for the audit trail.")

    def new(self) -> New:
        """What is asked; raises `Refused`."""
        return New(
            kind=self.kind, title=self.title, input=self.input, request=self.request_id, namespace=self.namespace, intent=self.intent_id,
            plan=self.plan_id, after=tuple(self.after), priority=self.priority, assignee=Assignee.of(self.assignee), labels=self.labels,
            deadline=self.deadline, sla=None if self.sla is None else timedelta(seconds=self.sla), begins=self.begins,
            reason=self.reason,
        )  # fmt: skip


class TicketsBody(_Body):
    """Tickets that are asked for together."""

    tickets: list[TicketBody] = Field(min_length=1, max_length=1000)


class StatusBody(_Body):
    """What a ticket is to become."""

    status: Literal["completed", "failed", "cancelled", "open"]
    reason: str = Field(default="", max_length=2000, description="Kept in the audit trail.")
    revision: int | None = Field(default=None, description="When given, the ticket's must be that.")
    result: JsonObject | None = None

    def wish(self, ticket: str) -> Wish:
        """What is wanted."""
        return Wish(ticket=ticket, status=self.status, reason=self.reason, revision=self.revision, result=self.result)


class ReasonBody(_Body):
    """Why."""

    reason: str = Field(default="", max_length=2000, description="Kept in the audit trail.")
    revision: int | None = None
    result: JsonObject | None = None

    def wish(self, ticket: str, status: Literal["completed", "failed", "cancelled", "open"]) -> Wish:
        """What is wanted."""
        return Wish(ticket=ticket, status=status, reason=self.reason, revision=self.revision, result=self.result)


class CommentBody(_Body):
    """Something to say about a ticket."""

    text: str = Field(min_length=1, max_length=10_000)
    request_id: str | None = Field(default=None, min_length=1, max_length=128, description="The same one keeps it once.")


class LeaseBody(_Body):
    """Work that a worker asks for."""

    worker: str = Field(max_length=200, description="The worker's name, for the audit trail.")
    kinds: list[Annotated[str, Field(max_length=64)]] = Field(max_length=50)
    namespace: str = Field(default=DEFAULT_NAMESPACE, max_length=64)
    assignees: list[str] = Field(default_factory=list, max_length=20, description=_ASSIGNEE + " What is for nobody is taken too.")
    most: int = Field(default=1, ge=1, le=1000)
    lease_for: Seconds | None = Field(default=None, description="Seconds, 1 to 3600; else as the kind has it.")
    wait: Seconds = Field(default=0, description="Seconds to wait for the first ticket, at most 20.")
    request_id: str | None = Field(default=None, min_length=1, max_length=128, description="The same one gives the same lease.")

    def asked(self) -> Asked:
        """What is asked; raises `Refused`."""
        for_ = tuple(one for text in self.assignees if (one := Assignee.of(text)) is not None)
        return Asked(
            worker=self.worker, kinds=tuple(self.kinds), namespace=self.namespace, assignees=for_, most=self.most,
            lasting=None if self.lease_for is None else timedelta(seconds=self.lease_for), wait=timedelta(seconds=self.wait),
            request=self.request_id,
        )  # fmt: skip


class HeartbeatBody(_Body):
    """What the worker believes to hold."""

    tickets: list[Annotated[str, Field(max_length=64)]] = Field(default_factory=list, max_length=1000)
    lease_token: str = Field(default="", max_length=4096, description="When the call was made with an API key.")


class CompletionBody(_Body):
    """A ticket that is done."""

    ticket_id: str = Field(max_length=64)
    fence: int = Field(ge=0, le=1 << 62)
    result: JsonObject = Field(default_factory=dict)

    def ending(self) -> Ending:
        """How it ended."""
        return Ending(held=Held(ticket=self.ticket_id, fence=self.fence), how="completed", result=self.result)


class CompletionsBody(_Body):
    """Tickets that are done."""

    completions: list[CompletionBody] = Field(min_length=1, max_length=1000)
    lease_token: str = Field(default="", max_length=4096, description="When the call was made with an API key.")


class FailureBody(_Body):
    """A ticket that could not be done."""

    ticket_id: str = Field(max_length=64)
    fence: int = Field(ge=0, le=1 << 62)
    code: str = Field(default="failed", pattern=r"^[a-z][a-z0-9_]{0,63}$", description="For programs.")
    detail: str = Field(default="", max_length=2000, description="For people.")
    retry: bool = Field(default=False, description="Let it be tried again, `retry_after` seconds from now.")
    retry_after: Seconds = 0
    lease_token: str = Field(default="", max_length=4096, description="When the call was made with an API key.")

    def ending(self) -> Ending:
        """How it ended."""
        return failure(Held(ticket=self.ticket_id, fence=self.fence), self.code, self.detail, retry=self.retry, after=self.retry_after)


def failure(held: Held, code: str, detail: str, *, retry: bool, after: float) -> Ending:
    """A ticket that could not be done, with its problem as it is kept. `after` in seconds."""
    problem = workers_problem(code, detail)
    return Ending(held=held, how="again" if retry else "failed", problem=problem, after=timedelta(seconds=after))


class KindBody(Reasoned):
    """A kind of ticket."""

    description: str = Field(default="", max_length=1000)
    input_schema: JsonObject = Field(default_factory=dict, description="JSON Schema 2020-12; empty takes anything.")
    result_schema: JsonObject = Field(default_factory=dict, description="JSON Schema 2020-12; empty takes anything.")
    lease: Seconds = Field(default=30, description="Seconds that a lease lasts when the worker names no other time.")
    attempts: int = Field(default=5, ge=1, le=100, description="How often it is leased before it fails.")


def labels_of(pairs: list[str]) -> dict[str, str]:
    """`["env=prod"]` as labels; raises `Invalid`."""
    wrong = [
        (f"label[{place}]", Text("a name and a value are expected, as in env=prod")) for place, one in enumerate(pairs) if "=" not in one
    ]
    if wrong:
        raise Invalid(wrong)
    return dict(one.split("=", 1) for one in pairs)


def shown(ticket: Ticket, voice: Voice) -> JsonObject:
    """A ticket with its input and result."""
    return {**view(ticket, voice), "input": ticket.input, "result": ticket.result}


def granted(grant: Grant, voice: Voice) -> JsonObject:
    """A lease, with what it holds."""
    return {
        "lease_id": grant.lease.id, "token": grant.token, "expires": iso(grant.lease.until),
        "lease_for": grant.lease.lasting.total_seconds(),
        "tickets": [shown(ticket, voice) for ticket in grant.tickets], "lost": list(grant.lost),
    }  # fmt: skip


def commented(comment: Comment) -> JsonObject:
    """A comment."""
    return {"comment_id": comment.id, "ticket_id": comment.ticket, "actor": comment.actor, "at": iso(comment.at), "text": comment.text}


def event_view(event: Event, ticket: str) -> JsonObject:
    """What an event tells of the ticket."""
    several = event.data.get("tickets")
    told = several.get(ticket) if isinstance(several, dict) else None
    after = told if isinstance(told, dict) else event.data.get("after")
    status = after.get("status") if isinstance(after, dict) else None
    return {"type": event.type, "actor": event.actor, "at": iso(event.time), "reason": event.data.get("reason") or None, "status": status}


def kind_view(kind: Kind) -> JsonObject:
    """A kind."""
    return {
        "kind": kind.name, "version": kind.version, "description": kind.description, "input_schema": kind.input_schema,
        "result_schema": kind.result_schema, "lease": kind.lease.total_seconds(), "attempts": kind.attempts, "created": iso(kind.created),
    }  # fmt: skip
