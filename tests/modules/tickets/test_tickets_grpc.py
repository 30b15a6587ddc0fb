"""Tickets over gRPC: a real server, a real client, each kind of store."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from hulk.apps.ticketing import lease_holders
from hulk.kernel import ids
from hulk.kernel.errors import Unauthenticated
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.tickets.wiring import Service
from hulk.runtime.store import Store
from hulk_client.tickets.v1 import tickets_pb2 as pb
from support.rpc import Served, failed, key, tickets_served
from support.tickets import ADMIN, WORKER, service_over

ACME = key("admin")
WORK = key("worker")
VIEW = key("viewer")
OTHER = key("other")
KEYS: Mapping[str, Principal] = {
    "admin": ADMIN,
    "worker": WORKER,
    "viewer": Principal(tenant="acme", actor="key:viewer", grants=everywhere("viewer")),
    "other": Principal(tenant="globex", actor="key:other", grants=everywhere("admin")),
}
MISSING = ids.derived("tkt", "nobody")


@pytest.fixture
async def acts(store: Store) -> Service:
    """The acts over each kind of store, with a kind of ticket to make."""
    return await service_over(store)


@pytest.fixture
async def served(acts: Service) -> AsyncIterator[Served]:
    """They are served, to holders of `KEYS` and of lease tokens."""

    async def authenticate(sent: str | None, _: str) -> Principal:
        if sent is None or sent not in KEYS:
            raise Unauthenticated("This API key is not valid.")
        return KEYS[sent]

    async with tickets_served(acts, authenticate=lease_holders(acts, authenticate)) as served:
        await served.tickets.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name="report")), metadata=ACME)
        yield served


def wanted(number: int = 0, **more: Any) -> pb.NewTicket:
    """A ticket to ask for."""
    return pb.NewTicket(**{"kind": "report", "title": f"Report {number}", "input_json": json.dumps({"n": number})} | more)


async def made(served: Served, number: int = 0, **more: Any) -> pb.Ticket:
    """One that was made."""
    found: pb.Ticket = await served.tickets.CreateTicket(pb.CreateTicketRequest(ticket=wanted(number, **more)), metadata=ACME)
    return found


async def leased(served: Served, most: int = 10, **more: Any) -> pb.Lease:
    """What a worker takes."""
    fields: dict[str, Any] = {"worker": "w1", "kinds": ["report"], "most": most}
    request = pb.LeaseTicketsRequest(**fields | more)
    found: pb.Lease = await served.tickets.LeaseTickets(request, metadata=WORK)
    return found


def completion(ticket: pb.Ticket, result: str = '{"ok":true}') -> pb.Completion:
    """That it is done."""
    return pb.Completion(ticket_id=ticket.ticket_id, fence=ticket.fence, result_json=result)


async def test_a_ticket_comes_back_as_it_was_asked_for(served: Served) -> None:
    deadline = datetime(2099, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    given = wanted(
        7, request_id="r1", namespace="prod", priority=pb.PRIORITY_HIGH, assignee=pb.Assignee(worker_group="builders"),
        labels={"env": "prod"}, sla=Duration(seconds=90, nanos=500_000_000),
        input_json='{"text":"é ☃","big":123456789012345678901,"half":0.5}',
    )  # fmt: skip
    given.deadline.FromDatetime(deadline)
    made = await served.tickets.CreateTicket(pb.CreateTicketRequest(ticket=given), metadata=ACME)
    found = await served.tickets.GetTicket(pb.GetTicketRequest(ticket_id=made.ticket_id), metadata=VIEW)
    assert found == made
    assert found.ticket_id.startswith("tkt_")
    assert (found.title, found.status, found.priority, found.owner) == (
        "Report 7", pb.TICKET_STATUS_READY, pb.PRIORITY_HIGH, pb.OWNER_WORKER,
    )  # fmt: skip
    assert (found.namespace, found.kind, found.actor, dict(found.labels)) == ("prod", "report", "key:admin", {"env": "prod"})
    assert found.assignee == pb.Assignee(worker_group="builders")
    assert json.loads(found.input_json) == {"text": "é ☃", "big": 123456789012345678901, "half": 0.5}
    assert found.deadline.ToDatetime(tzinfo=UTC) == deadline
    assert found.sla.ToTimedelta() == timedelta(seconds=90.5)
    assert (found.revision, found.attempts, found.fence) == (1, 0, 0)
    assert not found.HasField("problem")
    assert not found.HasField("ended")
    assert found.result_json == ""


async def test_the_same_request_gives_the_same_ticket_and_another_content_is_a_conflict(served: Served) -> None:
    first, again = [await made(served, 1, request_id="r1") for _ in range(2)]
    assert first == again
    refused = await failed(made(served, 2, request_id="r1"))
    assert (refused.code, refused.reason) == (grpc.StatusCode.ABORTED, "conflict")


async def test_many_are_made_all_or_none_and_may_come_after_each_other(served: Served) -> None:
    both = pb.CreateTicketsRequest(tickets=[wanted(0), wanted(1, after=["#0"])])
    answer = await served.tickets.CreateTickets(both, metadata=ACME)
    assert list(answer.tickets[1].after) == [answer.tickets[0].ticket_id]
    assert [one.status for one in answer.tickets] == [pb.TICKET_STATUS_READY, pb.TICKET_STATUS_OPEN]
    wrong = pb.CreateTicketsRequest(tickets=[wanted(2), wanted(3, input_json="[]"), wanted(4, priority=99)])
    refused = await failed(served.tickets.CreateTickets(wrong, metadata=ACME))
    assert set(refused.fields) == {"tickets[1].input_json", "tickets[2].priority"}
    listed = await served.tickets.ListTickets(pb.ListTicketsRequest(), metadata=ACME)
    assert len(listed.tickets) == 2


async def test_pages_go_on_where_the_one_before_ended(served: Served) -> None:
    all_ = {(await made(served, number)).ticket_id for number in range(5)}
    found, token = list[str](), ""
    while True:
        page = await served.tickets.ListTickets(pb.ListTicketsRequest(page_size=2, page_token=token), metadata=ACME)
        found += [one.ticket_id for one in page.tickets]
        token = page.next_page_token
        if not token:
            break
    assert sorted(found) == sorted(all_)


@pytest.mark.parametrize(
    ("restricted", "numbers"),
    [
        pytest.param({}, {0, 1}, id="everything"),
        pytest.param({"statuses": [pb.TICKET_STATUS_OPEN]}, {1}, id="status"),
        pytest.param({"priorities": [pb.PRIORITY_URGENT]}, {0}, id="priority"),
        pytest.param({"labels": {"env": "prod"}}, {0}, id="label"),
        pytest.param({"assignee": pb.Assignee(person="")}, {1}, id="assignee"),
        pytest.param({"text": "report 1"}, {1}, id="text"),
        pytest.param({"kinds": ["other"]}, set(), id="kind"),
        pytest.param({"overdue": True}, set(), id="overdue"),
    ],
)
async def test_filters_restrict(served: Served, restricted: dict[str, Any], numbers: set[int]) -> None:
    await made(served, 0, priority=pb.PRIORITY_URGENT, labels={"env": "prod"})
    await made(served, 1, assignee=pb.Assignee(person=""))
    listed = await served.tickets.ListTickets(pb.ListTicketsRequest(filter=pb.TicketFilter(**restricted)), metadata=ACME)
    assert {json.loads(one.input_json)["n"] for one in listed.tickets} == numbers


async def test_a_worker_takes_holds_and_finishes_with_its_api_key_and_the_leases_token(served: Served) -> None:
    await made(served)
    lease = await leased(served)
    [ticket] = lease.tickets
    assert (ticket.status, ticket.fence, ticket.attempts, ticket.worker) == (pb.TICKET_STATUS_RUNNING, 1, 1, "w1")
    renewed = await served.tickets.Heartbeat(
        pb.HeartbeatRequest(ticket_ids=[ticket.ticket_id, MISSING], lease_token=lease.token), metadata=WORK
    )
    assert list(renewed.lost) == [MISSING]
    assert renewed.expires.ToDatetime() >= lease.expires.ToDatetime()
    done = pb.CompleteTicketRequest(completion=completion(ticket), lease_token=renewed.token)
    ended, again = [await served.tickets.CompleteTicket(done, metadata=WORK) for _ in range(2)]
    assert ended == again
    assert (ended.status, json.loads(ended.result_json)) == (pb.TICKET_STATUS_COMPLETED, {"ok": True})


async def test_the_leases_token_is_all_that_its_holder_needs_and_lets_nobody_do_more(served: Served) -> None:
    await made(served)
    lease = await leased(served)
    token = key(lease.token)
    held = await served.tickets.Heartbeat(pb.HeartbeatRequest(), metadata=token)
    assert held.lease_id == lease.lease_id
    refused = await failed(served.tickets.CreateTicket(pb.CreateTicketRequest(ticket=wanted(1)), metadata=token))
    assert refused.code is grpc.StatusCode.PERMISSION_DENIED
    missing = await failed(served.tickets.GetTicket(pb.GetTicketRequest(ticket_id=lease.tickets[0].ticket_id), metadata=token))
    assert missing.code is grpc.StatusCode.NOT_FOUND
    done = pb.CompleteTicketRequest(completion=completion(lease.tickets[0]))
    assert (await served.tickets.CompleteTicket(done, metadata=token)).status == pb.TICKET_STATUS_COMPLETED


async def test_of_many_completions_each_is_answered_by_itself(served: Served) -> None:
    await made(served, 0)
    await made(served, 1)
    lease = await leased(served)
    good, late = lease.tickets
    stale = pb.Completion(ticket_id=late.ticket_id, fence=late.fence + 1)
    request = pb.CompleteTicketsRequest(completions=[completion(good), stale], lease_token=lease.token)
    answer = await served.tickets.CompleteTickets(request, metadata=WORK)
    assert list(answer.completed) == [good.ticket_id]
    assert {id_: one.code for id_, one in answer.refused.items()} == {late.ticket_id: "lease_lost"}


async def test_a_ticket_that_fails_is_tried_again_or_for_good(served: Served) -> None:
    await made(served)
    lease = await leased(served)
    [ticket] = lease.tickets
    again = pb.FailTicketRequest(
        ticket_id=ticket.ticket_id, fence=ticket.fence, problem=pb.Problem(code="no_paper", detail="Out of paper."), retry=True,
        lease_token=lease.token,
    )  # fmt: skip
    given_back = await served.tickets.FailTicket(again, metadata=WORK)
    assert given_back.status == pb.TICKET_STATUS_READY
    lease = await leased(served)
    [ticket] = lease.tickets
    assert (ticket.fence, ticket.attempts) == (2, 2)
    final = pb.FailTicketRequest(ticket_id=ticket.ticket_id, fence=2, problem=pb.Problem(detail="Broken."), lease_token=lease.token)
    failed_ = await served.tickets.FailTicket(final, metadata=WORK)
    assert (failed_.status, failed_.problem) == (pb.TICKET_STATUS_FAILED, pb.Problem(code="failed", detail="Broken."))


async def test_a_person_decides_and_says_why(served: Served) -> None:
    ticket = await made(served, assignee=pb.Assignee(person=""))
    said = await served.tickets.CommentTicket(
        pb.CommentTicketRequest(ticket_id=ticket.ticket_id, text="Looks fine.", request_id="c1"), metadata=ACME
    )
    listed = await served.tickets.ListComments(pb.ListCommentsRequest(ticket_id=ticket.ticket_id), metadata=VIEW)
    assert list(listed.comments) == [said]
    approved = await served.tickets.UpdateTicketStatus(
        pb.UpdateTicketStatusRequest(
            ticket_id=ticket.ticket_id, status=pb.TICKET_STATUS_COMPLETED, reason="ok", revision=ticket.revision, result_json='{"a":1}'
        ),
        metadata=ACME,
    )
    assert (approved.status, approved.result_json) == (pb.TICKET_STATUS_COMPLETED, '{"a":1}')
    late = pb.UpdateTicketStatusRequest(ticket_id=ticket.ticket_id, status=pb.TICKET_STATUS_FAILED, revision=1)
    assert (await failed(served.tickets.UpdateTicketStatus(late, metadata=ACME))).code is grpc.StatusCode.ABORTED


async def test_changes_are_told_as_they_happen_and_from_a_position_on(served: Served) -> None:
    first = await made(served, 0)
    call = served.tickets.WatchTickets(pb.WatchTicketsRequest(after="0"), metadata=VIEW)
    heard = await call.read()
    assert (heard.type, heard.ticket.ticket_id, heard.actor) == ("hulk.ticket.created.v1", first.ticket_id, "key:admin")
    second = await made(served, 1)
    more = await call.read()
    assert more.ticket.ticket_id == second.ticket_id
    call.cancel()
    behind = served.tickets.WatchTickets(pb.WatchTicketsRequest(after=heard.position), metadata=VIEW)
    assert await behind.read() == more
    behind.cancel()


async def test_a_watch_ends_when_the_server_stops_and_says_so(acts: Service) -> None:
    async with tickets_served(acts) as served:
        call = served.tickets.WatchTickets(pb.WatchTicketsRequest(), metadata=key("right"))
        await call.initial_metadata()
        served.door.close()
        assert (await failed(call.read())).code is grpc.StatusCode.UNAVAILABLE


async def test_kinds_are_registered_and_listed_with_their_schemas(served: Served) -> None:
    schema = '{"type":"object","required":["amount"],"properties":{"amount":{"type":"integer"}}}'
    kind = pb.Kind(name="payment", description="Pays.", input_schema_json=schema, lease=Duration(seconds=10), attempts=2)
    kept = await served.tickets.RegisterKind(pb.RegisterKindRequest(kind=kind), metadata=ACME)
    assert (kept.version, kept.attempts, kept.lease.seconds) == (1, 2, 10)
    listed = await served.tickets.ListKinds(pb.ListKindsRequest(), metadata=VIEW)
    assert [one.name for one in listed.kinds] == ["payment", "report"]
    assert json.loads(listed.kinds[0].input_schema_json) == json.loads(schema)
    refused = await failed(made(served, kind="payment", input_json='{"amount":"x"}'))
    assert refused.fields == {"ticket.input.amount": "allowed types: integer"}


async def test_what_is_anothers_is_not_there(served: Served) -> None:
    ticket = await made(served)
    refused = await failed(served.tickets.GetTicket(pb.GetTicketRequest(ticket_id=ticket.ticket_id), metadata=OTHER))
    assert (refused.code, refused.reason) == (grpc.StatusCode.NOT_FOUND, "not_found")
    lease = await leased(served)
    done = pb.CompleteTicketRequest(completion=completion(ticket), lease_token=lease.token)
    assert (await failed(served.tickets.CompleteTicket(done, metadata=OTHER))).code is grpc.StatusCode.UNAUTHENTICATED


INVALID = grpc.StatusCode.INVALID_ARGUMENT
DENIED = grpc.StatusCode.PERMISSION_DENIED
FAR = Timestamp(seconds=1 << 62)
BEFORE = Duration(seconds=-1)


@pytest.mark.parametrize(
    ("method", "request_", "metadata", "code", "fields"),
    [
        pytest.param("GetTicket", pb.GetTicketRequest(ticket_id=MISSING), ACME, grpc.StatusCode.NOT_FOUND, (), id="no such ticket"),
        pytest.param("GetTicket", pb.GetTicketRequest(ticket_id="tkt_"), ACME, INVALID, (), id="no id at all"),
        pytest.param("GetTicket", pb.GetTicketRequest(), None, grpc.StatusCode.UNAUTHENTICATED, (), id="no key"),
        pytest.param("GetTicket", pb.GetTicketRequest(), key("wrong"), grpc.StatusCode.UNAUTHENTICATED, (), id="wrong key"),
        pytest.param("GetTicket", pb.GetTicketRequest(), key("eyJ.x.y"), grpc.StatusCode.UNAUTHENTICATED, (), id="no real token"),
        pytest.param("CreateTicket", pb.CreateTicketRequest(ticket=wanted()), VIEW, DENIED, (), id="a viewer makes nothing"),
        pytest.param("CreateTicket", pb.CreateTicketRequest(), ACME, INVALID, ("ticket.title", "ticket.kind"), id="nothing was sent"),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json="{")), ACME, INVALID, ("ticket.input_json",), id="broken JSON"
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":NaN}')), ACME, INVALID, ("ticket.input",), id="NaN"
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":1e999}')), ACME, INVALID, ("ticket.input",), id="infinity"
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":"\\ud800"}')), ACME, INVALID, ("ticket.input",),
            id="half of a UTF-16 pair",
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":' * 5000)), ACME, INVALID, ("ticket.input_json",),
            id="deep and broken",
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":' + "[" * 200000 + "]" * 200000 + "}")), ACME, INVALID,
            ("ticket.input_json",), id="deep",
        ),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(input_json='{"a":' + "9" * 5000 + "}")), ACME, INVALID,
            ("ticket.input_json",), id="a number without end",
        ),
        pytest.param("CreateTicket", pb.CreateTicketRequest(ticket=wanted(deadline=FAR)), ACME, INVALID, ("ticket.deadline",), id="far"),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(begins=Timestamp(nanos=-1))), ACME, INVALID, ("ticket.begins",), id="nanos"
        ),
        pytest.param("CreateTicket", pb.CreateTicketRequest(ticket=wanted(sla=BEFORE)), ACME, INVALID, ("ticket.sla",), id="negative"),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(sla=Duration(seconds=1, nanos=1 << 30))), ACME, INVALID, ("ticket.sla",),
            id="too many nanos",
        ),
        pytest.param("CreateTicket", pb.CreateTicketRequest(ticket=wanted(priority=77)), ACME, INVALID, ("ticket.priority",), id="enum"),
        pytest.param(
            "CreateTicket", pb.CreateTicketRequest(ticket=wanted(assignee=pb.Assignee(agent=""))), ACME, INVALID, ("ticket.assignee",),
            id="an agent without a name",
        ),
        pytest.param(
            "ListTickets", pb.ListTicketsRequest(filter=pb.TicketFilter(statuses=["TICKET_STATUS_UNSPECIFIED"])), ACME, INVALID,
            ("filter.statuses[0]",), id="no status",
        ),
        pytest.param(
            "ListTickets", pb.ListTicketsRequest(filter=pb.TicketFilter(namespace="a\0")), ACME, INVALID, ("filter.namespace",), id="NUL"
        ),
        pytest.param("ListTickets", pb.ListTicketsRequest(page_size=-1), ACME, INVALID, (), id="page size"),
        pytest.param("ListTickets", pb.ListTicketsRequest(page_token="x"), ACME, INVALID, (), id="page token"),
        pytest.param(
            "UpdateTicketStatus", pb.UpdateTicketStatusRequest(ticket_id=MISSING), ACME, INVALID, ("status",), id="to become what?"
        ),
        pytest.param(
            "UpdateTicketStatus", pb.UpdateTicketStatusRequest(ticket_id=MISSING, status=pb.TICKET_STATUS_RUNNING), ACME, INVALID,
            ("status",), id="nobody makes it running",
        ),
        pytest.param("LeaseTickets", pb.LeaseTicketsRequest(), WORK, INVALID, ("worker", "kinds"), id="a lease of nothing"),
        pytest.param(
            "LeaseTickets", pb.LeaseTicketsRequest(worker="w", kinds=["nothing"]), WORK, INVALID, ("kinds[0]",), id="unknown kind"
        ),
        pytest.param(
            "LeaseTickets", pb.LeaseTicketsRequest(worker="w", kinds=["report"], wait=Duration(seconds=21)), WORK, INVALID, ("wait",),
            id="wait",
        ),
        pytest.param(
            "LeaseTickets", pb.LeaseTicketsRequest(worker="w", kinds=["report"], most=-1), WORK, INVALID, ("most",), id="less than none"
        ),
        pytest.param("LeaseTickets", pb.LeaseTicketsRequest(worker="w", kinds=["report"]), VIEW, DENIED, (), id="a viewer takes nothing"),
        pytest.param("Heartbeat", pb.HeartbeatRequest(), WORK, grpc.StatusCode.UNAUTHENTICATED, (), id="no token"),
        pytest.param(
            "CompleteTicket", pb.CompleteTicketRequest(completion=pb.Completion(fence=-1)), WORK, INVALID, ("completion.fence",), id="fence"
        ),
        pytest.param("CompleteTickets", pb.CompleteTicketsRequest(lease_token="x"), WORK, grpc.StatusCode.UNAUTHENTICATED, (), id="token"),
        pytest.param(
            "FailTicket", pb.FailTicketRequest(problem=pb.Problem(code="No Code")), WORK, INVALID, ("problem.code",), id="problem's code"
        ),
        pytest.param("WatchTickets", pb.WatchTicketsRequest(after="x"), ACME, INVALID, (), id="position"),
        pytest.param("RegisterKind", pb.RegisterKindRequest(kind=pb.Kind(name="x")), WORK, DENIED, (), id="only admins register"),
        pytest.param("RegisterKind", pb.RegisterKindRequest(), ACME, INVALID, (), id="a kind without a name"),
        pytest.param(
            "RegisterKind", pb.RegisterKindRequest(kind=pb.Kind(name="x", input_schema_json='{"type":3}')), ACME, INVALID,
            ("kind.input_schema",), id="no schema",
        ),
        pytest.param(
            "RegisterKind", pb.RegisterKindRequest(kind=pb.Kind(name="x", input_schema_json='{"n":NaN}')), ACME, INVALID,
            ("kind.input_schema",), id="a schema that is no JSON",
        ),
        pytest.param(
            "RegisterKind", pb.RegisterKindRequest(kind=pb.Kind(name="x", lease=Duration(seconds=1 << 40))), ACME, INVALID, ("kind.lease",),
            id="a lease without end",
        ),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_where_it_stands(
    served: Served, method: str, request_: Any, metadata: Any, code: grpc.StatusCode, fields: tuple[str, ...]
) -> None:
    call = getattr(served.tickets, method)(request_, metadata=metadata)
    refused = await failed(call.read() if method == "WatchTickets" else call)
    assert refused.code is code
    assert tuple(refused.fields) == fields
    assert refused.message


async def test_what_became_of_what_was_asked_for_is_counted(store: Store) -> None:
    counted: list[tuple[str, int]] = []
    async with tickets_served(await service_over(store, persisted=lambda outcome, count: counted.append((outcome, count)))) as served:
        await served.tickets.RegisterKind(pb.RegisterKindRequest(kind=pb.Kind(name="report")))
        for number in (1, 1, 2):
            call = served.tickets.CreateTicket(pb.CreateTicketRequest(ticket=wanted(number, request_id="r")))
            await (failed(call) if number == 2 else call)
        several = pb.CreateTicketsRequest(tickets=[wanted(1, request_id="r"), wanted(3), wanted(4)])
        await served.tickets.CreateTickets(several)
        await failed(served.tickets.CreateTickets(pb.CreateTicketsRequest(tickets=[wanted(5), wanted(6, kind="nothing")])))
    assert counted == [("created", 1), ("existing", 1), ("refused", 1), ("created", 2), ("existing", 1), ("refused", 2)]


async def test_an_answer_without_tickets_is_no_lease(served: Served) -> None:
    assert await leased(served) == pb.Lease()


async def test_waiting_for_work_ends_when_there_is_some(served: Served) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(leased(served, wait=Duration(seconds=20)))
        await made(served)
    assert len(waiting.result().tickets) == 1


async def test_a_caller_who_goes_away_leaves_nothing_behind(served: Served) -> None:
    call = served.tickets.WatchTickets(pb.WatchTicketsRequest(after="0"), metadata=VIEW)
    await made(served)
    async with aclosing(call.__aiter__()) as changes:
        await anext(changes)
    call.cancel()
