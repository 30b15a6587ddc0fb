"""What is sent, parsed once: messages as the acts want them. All that is wrong is `Invalid` with the field's path.

`Parts` collects what is wrong, so that a caller is told all of it at once. Nothing here goes through json_format: it is ten times as slow.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from hulk.kernel.errors import Invalid, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE
from hulk.kernel.text import Text, writable
from hulk.modules.tickets.domain import Asked, Assignee, Ending, Filter, Held, Kind, New, Priority, Status, workers_problem
from hulk.modules.tickets.domain.kinds import LONGEST_LEASE
from hulk.modules.tickets.usecases import Wish
from hulk_client.tickets.v1 import tickets_pb2 as pb

T = TypeVar("T")
S = TypeVar("S")

STATUSES: Mapping[int, Status] = {
    pb.TICKET_STATUS_OPEN: "open", pb.TICKET_STATUS_READY: "ready", pb.TICKET_STATUS_RUNNING: "running",
    pb.TICKET_STATUS_COMPLETED: "completed", pb.TICKET_STATUS_FAILED: "failed", pb.TICKET_STATUS_SKIPPED: "skipped",
    pb.TICKET_STATUS_CANCELLED: "cancelled",
}  # fmt: skip
PRIORITIES: Mapping[int, Priority] = {
    pb.PRIORITY_LOW: "low", pb.PRIORITY_NORMAL: "normal", pb.PRIORITY_HIGH: "high", pb.PRIORITY_URGENT: "urgent",
}  # fmt: skip
_WISHES: Mapping[int, Literal["completed", "failed", "cancelled", "open"]] = {
    pb.TICKET_STATUS_COMPLETED: "completed", pb.TICKET_STATUS_FAILED: "failed", pb.TICKET_STATUS_CANCELLED: "cancelled",
    pb.TICKET_STATUS_OPEN: "open",
}  # fmt: skip
_LONGEST_WORD = 256
_LARGEST_FENCE = 1 << 62
_SECONDS = 400_000_000
"""No duration of ours is longer: 12 years."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62135596800, 253402300799
"""Seconds of the first moment of year 1 and of the last second of year 9999 (google.protobuf.Timestamp)."""


@dataclass(slots=True)
class Parts:
    """The parts of one message, as they are taken out; `wrong` is what could not be. `within` is the path that they begin with."""

    within: str = ""
    wrong: list[tuple[str, Text]] = field(default_factory=list)

    def done(self) -> None:
        """All was taken out; raises `Invalid` when something was wrong."""
        if self.wrong:
            raise Invalid(self.wrong)

    def blame(self, name: str, text: Text) -> None:
        """That field is wrong."""
        self.wrong.append((self.within + name, text))

    def object(self, name: str, text: str) -> JsonObject:
        """A JSON object; an empty text is `{}`."""
        if not text:
            return {}
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.blame(name, Text("a JSON object is expected, as text"))
            return {}
        return found

    def duration(self, name: str, given: Duration, most: int = _SECONDS) -> timedelta:
        """A duration that is not negative; of nanoseconds, whole microseconds."""
        if not (0 <= given.seconds <= most and 0 <= given.nanos < 1_000_000_000):
            self.blame(name, Text("a duration from 0 s to {most} s is expected, with 0 to 999999999 ns", most=most))
            return timedelta(0)
        return timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)

    def moment(self, name: str, given: Timestamp) -> datetime | None:
        """A moment from year 1 to 9999."""
        if _FIRST <= given.seconds <= _LAST and 0 <= given.nanos < 1_000_000_000:
            return _EPOCH + timedelta(seconds=given.seconds, microseconds=given.nanos // 1000)
        self.blame(name, Text("a moment of the years 1 to 9999 is expected, with 0 to 999999999 ns"))
        return None

    def among(self, name: str, choices: Mapping[int, T], given: int, default: T | None = None) -> T | None:
        """One of the choices; `default` when nothing was given and there is one."""
        if given in choices:
            return choices[given]
        if given != 0 or default is None:
            self.blame(name, Text("allowed: {choices}", choices=", ".join(str(one) for one in choices.values())))
        return default

    def assignee(self, name: str, given: pb.Assignee) -> Assignee | None:
        """Who is to do it; none when nothing was said."""
        who = given.WhichOneof("who")
        return None if who is None else Assignee(who, self.word(name, getattr(given, who)))

    def word(self, name: str, given: str) -> str:
        """A text that may stand in a search or a key."""
        if len(given) > _LONGEST_WORD or writable(given) != given:
            self.blame(name, Text("at most {most} characters, without NUL", most=_LONGEST_WORD))
            return ""
        return given

    def words(self, name: str, given: Iterable[str]) -> tuple[str, ...]:
        """Several of them."""
        return tuple(self.word(f"{name}[{place}]", one) for place, one in enumerate(given))

    def each(self, name: str, given: Iterable[T], most: int) -> Iterable[tuple[int, T]]:
        """Several with their places; blamed when there are too many."""
        listed = list(given)
        if len(listed) > most:
            self.blame(name, Text("the number of entries must be at most {count}", count=most))
            return ()
        return enumerate(listed)


def parsed(take: Callable[[Parts], T], within: str = "") -> T:
    """What `take` takes out; raises `Invalid` with all that is wrong."""
    parts = Parts(within)
    found = take(parts)
    parts.done()
    return found


def new(parts: Parts, sent: pb.NewTicket) -> New:
    """A ticket that is asked for."""
    return New(
        kind=parts.word("kind", sent.kind), title=sent.title, input=parts.object("input_json", sent.input_json),
        request=sent.request_id or None, namespace=sent.namespace or DEFAULT_NAMESPACE, intent=sent.intent_id or None,
        plan=sent.plan_id or None, after=tuple(sent.after), assignee=parts.assignee("assignee", sent.assignee), labels=dict(sent.labels),
        priority=parts.among("priority", PRIORITIES, sent.priority, "normal") or "normal",
        deadline=parts.moment("deadline", sent.deadline) if sent.HasField("deadline") else None,
        sla=parts.duration("sla", sent.sla) if sent.HasField("sla") else None,
        begins=parts.moment("begins", sent.begins) if sent.HasField("begins") else None, reason=sent.reason,
    )  # fmt: skip


def several(take: Callable[[Parts, S], T], name: str, sent: Sequence[S]) -> list[T]:
    """What `take` takes out of each; raises `Invalid` with all that is wrong."""
    wrong: list[tuple[str, Text]] = []
    found = [take(Parts(f"{name}[{place}].", wrong), one) for place, one in enumerate(sent)]
    if wrong:
        raise Invalid(wrong)
    return found


@contextmanager
def within(path: str) -> Iterator[None]:
    """What an act finds wrong with its part of the request, told with the path from the request on."""
    try:
        yield
    except Invalid as error:
        raise Invalid([(path + name, text) for name, text in error.fields]) from error


def filter_of(parts: Parts, tenant: str, sent: pb.TicketFilter) -> Filter:
    """Which tickets are wanted."""
    labels = {parts.word("labels", name): parts.word(f"labels[{name[:64]!r}]", value) for name, value in sent.labels.items()}
    statuses = [parts.among(f"statuses[{place}]", STATUSES, one) for place, one in parts.each("statuses", sent.statuses, len(STATUSES))]
    ranks = [
        parts.among(f"priorities[{place}]", PRIORITIES, one) for place, one in parts.each("priorities", sent.priorities, len(PRIORITIES))
    ]
    return Filter(
        tenant=tenant, plan=parts.word("plan_id", sent.plan_id) or None, intent=parts.word("intent_id", sent.intent_id) or None,
        statuses=tuple(one for one in statuses if one), priorities=tuple(one for one in ranks if one),
        kinds=tuple(parts.word(f"kinds[{place}]", one) for place, one in parts.each("kinds", sent.kinds, 50)),
        namespace=parts.word("namespace", sent.namespace) or None, labels=labels, text=writable(sent.text),
        assignee=parts.assignee("assignee", sent.assignee), overdue=sent.overdue,
    )  # fmt: skip


def wish(parts: Parts, sent: pb.UpdateTicketStatusRequest) -> Wish:
    """What somebody wants a ticket to become."""
    return Wish(
        ticket=sent.ticket_id, status=parts.among("status", _WISHES, sent.status) or "open", reason=sent.reason,
        revision=sent.revision or None, result=parts.object("result_json", sent.result_json) if sent.result_json else None,
    )  # fmt: skip


def asked(parts: Parts, sent: pb.LeaseTicketsRequest) -> Asked:
    """Work that a worker asks for."""
    for_ = [parts.assignee(f"assignees[{place}]", one) for place, one in parts.each("assignees", sent.assignees, 20)]
    return Asked(
        worker=sent.worker, kinds=tuple(parts.word(f"kinds[{place}]", one) for place, one in parts.each("kinds", sent.kinds, 50)),
        namespace=parts.word("namespace", sent.namespace) or DEFAULT_NAMESPACE, assignees=tuple(one for one in for_ if one),
        most=sent.most or 1, lasting=parts.duration("lease_for", sent.lease_for) if sent.HasField("lease_for") else None,
        wait=parts.duration("wait", sent.wait), request=parts.word("request_id", sent.request_id) or None,
    )  # fmt: skip


def completion(parts: Parts, sent: pb.Completion) -> Ending:
    """A ticket that is done."""
    return Ending(held=_held(parts, sent.ticket_id, sent.fence), how="completed", result=parts.object("result_json", sent.result_json))


def failure(parts: Parts, sent: pb.FailTicketRequest) -> Ending:
    """A ticket that could not be done."""
    code = sent.problem.code or "failed"
    if not (code.isascii() and code.replace("_", "a").isalnum() and code.islower() and len(code) <= 64):
        parts.blame("problem.code", Text("1 to {most} small letters, digits and _ are expected", most=64))
    if len(sent.problem.detail) > 2000:
        parts.blame("problem.detail", Text("the length must be at most {count}", count=2000))
    problem = workers_problem(code, sent.problem.detail)
    after = parts.duration("retry_after", sent.retry_after)
    held = _held(parts, sent.ticket_id, sent.fence)
    return Ending(held=held, how="again" if sent.retry else "failed", problem=problem, after=after if sent.retry else timedelta(0))


def _held(parts: Parts, ticket: str, fence: int) -> Held:
    if not 0 <= fence <= _LARGEST_FENCE:
        parts.blame("fence", Text("the fence that came with the ticket is expected"))
    return Held(ticket=ticket, fence=fence)


def kind(parts: Parts, tenant: str, actor: str, now: datetime, sent: pb.Kind) -> Kind:
    """A kind that somebody registers."""
    lease = parts.duration("lease", sent.lease, int(LONGEST_LEASE.total_seconds())) if sent.HasField("lease") else timedelta(seconds=30)
    if writable(sent.description) != sent.description:
        parts.blame("description", Text("it must not hold a NUL"))
    return Kind(
        tenant=tenant, name=sent.name, input_schema=parts.object("input_schema_json", sent.input_schema_json),
        result_schema=parts.object("result_schema_json", sent.result_schema_json), description=sent.description, lease=lease,
        attempts=sent.attempts or 5, actor=actor, created=now,
    )  # fmt: skip


def position(text: str) -> int | None:
    """The position of a change; None for an empty text. Raises `Refused`."""
    if not text:
        return None
    if len(text) > 18 or not (text.isascii() and text.isdecimal()):
        raise Refused("“{position}” is no position of a change: take it from the last change seen, as it is.", position=writable(text)[:40])
    return int(text)
