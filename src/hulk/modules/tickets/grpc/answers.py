"""What is answered: tickets, leases, comments and kinds as messages."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from hulk.kernel.errors import HulkError
from hulk.kernel.text import Text, Voice
from hulk.modules.tickets.domain import Assignee, Comment, Kind, Priority, Status, Ticket
from hulk.modules.tickets.grpc.requests import PRIORITIES, STATUSES
from hulk.modules.tickets.usecases import Change, Grant
from hulk_client.tickets.v1 import tickets_pb2 as pb

_STATUSES: Mapping[Status, Any] = {word: number for number, word in STATUSES.items()}
_PRIORITIES: Mapping[Priority, Any] = {word: number for number, word in PRIORITIES.items()}
_OWNERS: Mapping[str, Any] = {"run": pb.OWNER_RUN, "worker": pb.OWNER_WORKER, "person": pb.OWNER_PERSON}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def ticket(one: Ticket, voice: Voice) -> pb.Ticket:
    """A ticket with its input and result."""
    return pb.Ticket(
        ticket_id=one.id, intent_id=one.intent, plan_id=one.plan, run_id=one.run, namespace=one.namespace, kind=one.kind,
        title=voice.say(one.title), status=_STATUSES[one.status], priority=_PRIORITIES[one.priority],
        assignee=None if one.assignee is None else assignee(one.assignee), input_json=_encoded(one.input),
        result_json=None if one.result is None else _encoded(one.result),
        problem=None if one.problem is None else problem(one.problem, voice),
        after=one.after, labels=one.labels, deadline=_moment(one.deadline), sla=_duration(one.sla), begins=_moment(one.begins),
        created=_moment(one.created), updated=_moment(one.updated or one.created), ended=_moment(one.ended), revision=one.revision,
        attempts=one.attempts, fence=one.fence, worker=one.worker, actor=one.actor, owner=_OWNERS[one.owner],
    )  # fmt: skip


def _moment(when: datetime | None) -> Timestamp | None:
    if when is None:
        return None
    return Timestamp(**_parts(when - _EPOCH))


def _duration(lasting: timedelta | None) -> Duration | None:
    return None if lasting is None else Duration(**_parts(lasting))


def _parts(lasting: timedelta) -> dict[str, int]:
    """Whole seconds, and what is beyond them in nanoseconds."""
    return {"seconds": lasting.days * 86_400 + lasting.seconds, "nanos": lasting.microseconds * 1000}


def assignee(one: Assignee) -> pb.Assignee:
    """Who is to do it."""
    return pb.Assignee(**{one.kind: one.name})


def problem(kept: Mapping[str, Any], voice: Voice) -> pb.Problem:
    """Why a ticket failed."""
    return pb.Problem(code=kept["code"], detail=voice.say(Text.from_json(kept["text"])))


def refused(error: HulkError, voice: Voice) -> pb.Problem:
    """Why one of many was refused."""
    return pb.Problem(code=error.code, detail=voice.say(error.text))


def lease(grant: Grant, voice: Voice) -> pb.Lease:
    """A lease with what it holds; an empty one when there is none."""
    if not grant.tickets:
        return pb.Lease()
    held = grant.lease
    tickets = [ticket(one, voice) for one in grant.tickets]
    return pb.Lease(
        lease_id=held.id,
        token=grant.token,
        expires=_moment(held.until),
        lease_for=_duration(held.lasting),
        tickets=tickets,
        lost=grant.lost,
    )


def comment(said: Comment) -> pb.Comment:
    """A comment."""
    return pb.Comment(comment_id=said.id, ticket_id=said.ticket, actor=said.actor, at=_moment(said.at), text=said.text)


def change(one: Change, voice: Voice) -> pb.TicketChange:
    """What became of a ticket."""
    return pb.TicketChange(
        position=str(one.position), ticket=ticket(one.ticket, voice), type=one.event.type, actor=one.event.actor, at=_moment(one.event.time)
    )


def kind(one: Kind) -> pb.Kind:
    """A kind; of schemas that take anything, nothing."""
    return pb.Kind(
        name=one.name, version=one.version, description=one.description, lease=_duration(one.lease), attempts=one.attempts,
        input_schema_json=_encoded(one.input_schema) if one.input_schema else "",
        result_schema_json=_encoded(one.result_schema) if one.result_schema else "", created=_moment(one.created),
    )  # fmt: skip
