"""Every call of the service of tickets over gRPC, and who may make it: one that is not in the table fails here."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from hulk.kernel import ids
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1 import tickets_pb2_grpc
from support.callers import CALLERS, World, a_world
from support.subjects import ticket

SERVICE = pb.DESCRIPTOR.services_by_name["TicketService"]
CODES = {
    "ok": "OK", "who": "UNAUTHENTICATED", "no": "PERMISSION_DENIED", "bad": "INVALID_ARGUMENT", "none": "NOT_FOUND", "gone": "ABORTED",
}  # fmt: skip
TABLE = """
call                 nobody   viewer   operator approver admin    stranger prod     platform
GetTicket            who      ok       ok       ok       ok       none     none     none
ListTickets          who      ok       ok       ok       ok       ok       ok       ok
CreateTicket         who      no       bad      no       bad      bad      no       bad
CreateTickets        who      no       bad      no       bad      bad      no       bad
UpdateTicketStatus   who      no       ok       no       ok       none     none     none
CommentTicket        who      no       ok       ok       ok       none     none     none
ListComments         who      ok       ok       ok       ok       none     none     none
LeaseTickets         who      no       bad      no       bad      bad      no       bad
Heartbeat            who      who      who      who      who      who      who      who
CompleteTicket       who      who      who      who      who      who      who      who
CompleteTickets      who      who      who      who      who      who      who      who
FailTicket           who      who      who      who      who      who      who      who
WatchTickets         who      ok       ok       ok       ok       ok       ok       ok
RegisterKind         who      no       no       no       ok       ok       no       ok
ListKinds            who      ok       ok       ok       ok       ok       ok       ok
"""
"""What each caller is answered. Who works proves a lease, whatever its role."""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


def requests(ticket: str) -> dict[str, Any]:
    """One for each call."""
    done, unknown = pb.Completion(ticket_id=ticket, fence=1), pb.NewTicket(kind="nope", title="x")
    return {
        "GetTicket": pb.GetTicketRequest(ticket_id=ticket),
        "ListTickets": pb.ListTicketsRequest(),
        "CreateTicket": pb.CreateTicketRequest(ticket=unknown),
        "CreateTickets": pb.CreateTicketsRequest(tickets=[unknown]),
        "UpdateTicketStatus": pb.UpdateTicketStatusRequest(ticket_id=ticket, status=pb.TICKET_STATUS_CANCELLED),
        "CommentTicket": pb.CommentTicketRequest(ticket_id=ticket, text="x"),
        "ListComments": pb.ListCommentsRequest(ticket_id=ticket),
        "LeaseTickets": pb.LeaseTicketsRequest(worker="w", kinds=["nope"]),
        "Heartbeat": pb.HeartbeatRequest(),
        "CompleteTicket": pb.CompleteTicketRequest(completion=done),
        "CompleteTickets": pb.CompleteTicketsRequest(completions=[done]),
        "FailTicket": pb.FailTicketRequest(ticket_id=ticket, fence=1),
        "WatchTickets": pb.WatchTicketsRequest(after="0"),
        "RegisterKind": pb.RegisterKindRequest(kind=pb.Kind(name="report")),
        "ListKinds": pb.ListKindsRequest(),
    }


def table() -> dict[str, dict[str, str]]:
    """The table, by call and caller."""
    rows = [line.split() for line in TABLE.strip().splitlines()[1:]]
    return {call: dict(zip(CALLERS, (CODES[word] for word in words), strict=True)) for call, *words in rows}


async def answered(stub: Any, call: str, request: Any, key: str | None) -> tuple[str, str]:
    """Code and words."""
    metadata = [("accept-language", "en"), *([("authorization", f"Bearer {key}")] if key else [])]
    try:
        made = getattr(stub, call)(request, metadata=metadata)
        if SERVICE.methods_by_name[call].server_streaming:
            if "x-request-id" not in dict(await made.initial_metadata()):  # who is let in is told at once; nothing may happen for long
                await made.read()
            made.cancel()
        else:
            await made
    except grpc.aio.AioRpcError as error:
        return error.code().name, error.details() or ""
    return "OK", ""


async def test_every_call_answers_everybody_as_the_table_says(world: World) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.rpc}") as channel:
        stub = tickets_pb2_grpc.TicketServiceStub(channel)
        found: dict[str, dict[str, str]] = {}
        for method in SERVICE.methods:
            for who in CALLERS:
                request = requests(await ticket(world))[method.name]
                code, _ = await answered(stub, method.name, request, world.keys.get(who))
                found.setdefault(method.name, {})[who] = code
    assert {method.name for method in SERVICE.methods} == set(table()), "a call is not in the table, or no longer served"
    assert {call: row for call, row in found.items() if row != table()[call]} == {}


async def test_what_belongs_to_another_tenant_is_answered_as_what_there_is_not(world: World) -> None:
    hidden = [call for call, row in table().items() if row["stranger"] == "NOT_FOUND"]
    assert len(hidden) == 4
    theirs, made_up = await ticket(world), ids.new("tkt")
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.rpc}") as channel:
        stub = tickets_pb2_grpc.TicketServiceStub(channel)
        for call in hidden:
            there, not_there = [await answered(stub, call, requests(id_)[call], world.keys["stranger"]) for id_ in (theirs, made_up)]
            assert (there[0], there[1].replace(theirs, "…")) == (not_there[0], not_there[1].replace(made_up, "…")), call
