"""Every write of the running program, and the entry of the trail that tells of it: one that is not in the table fails here."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import grpc
import pytest
from sqlalchemy import Row

from hulk.kernel import ids
from hulk_client.tickets.v1 import tickets_pb2 as pb
from hulk_client.tickets.v1 import tickets_pb2_grpc
from support.callers import World, a_world, routes_of
from support.channel_things import a_contact, a_conversation, a_handed_conversation, a_message
from support.subjects import experiment as an_experiment
from support.subjects import inference as an_inference
from support.subjects import invited as an_invited
from support.subjects import memory as a_memory
from support.subjects import person as somebody
from support.writes import (
    ASKED,
    WHY,
    a_budget,
    a_dead_run,
    a_decision,
    a_key,
    a_kind,
    a_lease,
    a_namespace,
    a_paused_queue,
    a_person,
    a_run,
    a_schedule,
    a_service,
    a_ticket,
    a_tool_rule,
    a_tool_server,
    newest,
    said,
    told,
)

TESTS = Path(__file__).parents[1]
SERVICE = pb.DESCRIPTOR.services_by_name["TicketService"]

How = Literal["made", "changed", "removed"]
Sent = tuple[str, dict[str, Any]]
"""What the route's path ends in, and what goes with the request."""


@dataclass(frozen=True)
class Write:
    """What makes a write succeed, and what the trail is to tell of it. Workers' acts say no reason of their own: `reason` is what is
    told in its place."""

    event: str
    how: How
    send: Callable[[World], Awaitable[Any]]
    who: str = "admin"
    reason: str = WHY


@dataclass(frozen=True)
class Elsewhere:
    """A write that takes what this program has not; this test has it."""

    test: str


@dataclass(frozen=True)
class NoChange:
    """What is no change of state, and why not."""

    why: str


def of(make: Callable[[World], Awaitable[str]], request: dict[str, Any]) -> Callable[[World], Awaitable[Sent]]:
    """The request about something that is made for it."""

    async def send(world: World) -> Sent:
        return await make(world), request

    return send


def to(last: str, request: dict[str, Any]) -> Callable[[World], Awaitable[Sent]]:
    """The request about what has that name."""

    async def send(_: World) -> Sent:
        return last, request

    return send


async def waiting(world: World) -> str:
    return await a_run(world, status="waiting")


async def set_aside(world: World) -> str:
    return await a_run(world, status="needs_attention")


async def awake(world: World) -> str:
    return await a_schedule(world, paused=False)


async def dead_letters(world: World) -> Sent:
    return "", said(filter={"runs": [await a_dead_run(world)]})


async def new_tickets(world: World) -> Sent:
    return "", {"json": {"tickets": [{"kind": await a_kind(world), "title": "x", "reason": WHY}]}}


async def new_ticket(world: World) -> Sent:
    return "", said(kind=await a_kind(world), title="x", assignee="person:")


async def ready_work(world: World) -> Sent:
    await a_ticket(world, "")
    return "", {"json": {"worker": "w", "kinds": ["matter"]}}


async def done_work(world: World) -> Sent:
    token, held = await a_lease(world)
    return "", {"json": {"lease_token": token, "completions": [held]}}


async def failed_work(world: World) -> Sent:
    token, held = await a_lease(world)
    return "", {"json": {"lease_token": token, "code": "no_paper", **held}}


async def of_an_answer(world: World) -> Sent:
    return "", said(decision_id=await a_decision(world), thumb="up")


async def new_experiment(_: World) -> Sent:
    variants = [{"name": name, "value": name, "share": 0.5} for name in ("now", "new")]
    return "", said(name="smaller", about="prompts", variants=variants)


async def older_policies(world: World) -> Sent:
    """A version that is no longer in force."""
    for cost in ("1", "2"):
        assert (await world.call("admin", "PUT", "/v1/router/policies", json={"policies": [{"name": "x", "max_cost": cost}]}))[0] == 200
    number = (await world.call("admin", "GET", "/v1/router/policies"))[1]["version"] - 1
    return str(number), said()


async def allowed_call(world: World) -> Sent:
    """A call of a tool that a rule lets be made."""
    assert (await world.call("admin", "PUT", "/v1/tool-rules/all", json={"tools": ["*"], "autonomy": "act"}))[0] == 204
    return "schedules.list", said(arguments={})


async def all_memories(world: World) -> Sent:
    await a_memory(world)
    return "", said(agent="retail")


async def contested_inference(world: World) -> str:
    object_ = await an_inference(world)
    await world.made("admin", f"/v1/reasoning/{object_}/reviews", verdict="contested", reason="why not")
    return object_


async def contact_to_block(world: World) -> str:
    return f"shop/contacts/{await a_contact(world)}"


async def new_code(world: World) -> Sent:
    return "", said(person=await somebody(world))


async def conversation_of_admin(world: World) -> str:
    return await a_handed_conversation(world, await actor_of(world, "admin"))


async def loud(world: World) -> Sent:
    assert (await world.call("platform", "PUT", "/v1/log-level", json={"level": "debug"}))[0] == 204
    return "", said(level="info")


ROUTES: dict[str, Write | Elsewhere | NoChange] = {
    "DELETE /mcp": NoChange("a session of MCP ends; it holds no more than what was said in it"),
    "DELETE /mcp/{server}": NoChange("the same"),
    "POST /mcp": NoChange("tools are called as by POST /v1/tools/{tool}/calls, and told as these calls are"),
    "POST /mcp/{server}": NoChange("the same"),
    "POST /v1/breakers/{name}/{act}": Elsewhere("apps/test_apps_breakers.py::test_who_sets_a_breaker_is_told_in_the_trail"),
    "DELETE /v1/budgets/{budget}": Write("hulk.budget.removed.v1", "removed", of(a_budget, ASKED)),
    "PUT /v1/budgets/{budget}": Write("hulk.budget.changed.v1", "made", to("pilot", said(daily="5"))),
    "PUT /v1/rates": Write(
        "hulk.rate.changed.v1", "made", to("", said(base="USD", quote="BRL", value="5.3521", day="2026-11-20")), "platform"
    ),
    "DELETE /v1/caches/{name}": Write("hulk.cache.emptied.v1", "removed", to("prices", ASKED), "platform"),
    "DELETE /v1/caches/{name}/keys/{key:path}": Write("hulk.cache.emptied.v1", "removed", to("prices", ASKED), "platform"),
    "DELETE /v1/caches/{name}/tags/{tag:path}": Write("hulk.cache.emptied.v1", "removed", to("prices", ASKED), "platform"),
    "POST /v1/channel-codes": Write("hulk.channel.invited.v1", "made", new_code),
    "DELETE /v1/channel-codes/{person}": Write("hulk.channel.uninvited.v1", "removed", of(an_invited, ASKED)),
    "POST /v1/channel-messages/{message}/again": Write("hulk.channel.again.v1", "changed", of(a_message, said())),
    "POST /v1/channel-messages/{message}/withdraw": Write("hulk.channel.withdrawn.v1", "changed", of(a_message, said())),
    "POST /v1/channels/{channel}/check": NoChange("nothing is another afterwards; who had it tried is told: hulk.channel.checked.v1"),
    "PATCH /v1/channels/{channel}/contacts/{sender:path}": Write(
        "hulk.channel.blocked.v1", "changed", of(contact_to_block, said(blocked=True))
    ),
    "POST /v1/conversations/{conversation}/back": Write("hulk.channel.back.v1", "changed", of(a_handed_conversation, said())),
    "POST /v1/conversations/{conversation}/replies": Write("hulk.channel.replied.v1", "made", of(conversation_of_admin, said(text="Oi"))),
    "POST /v1/conversations/{conversation}/take": Write("hulk.channel.handed.v1", "changed", of(a_conversation, said())),
    "POST /v1/chat/completions": NoChange("a model is asked: the decision, the signed receipts and the charges say who, whom and when"),
    "POST /v1/decisions": NoChange("only what was decided is kept, and nothing is done"),
    "POST /v1/dead-letters/discard": Write("hulk.run.discarded.v1", "changed", dead_letters),
    "POST /v1/dead-letters/replay": Write("hulk.run.replayed.v1", "changed", dead_letters),
    "POST /v1/embeddings": NoChange("vectors are given and nothing is kept but the decision on them, what they cost and what was sent"),
    "POST /v1/feedback": Write("hulk.feedback.given.v1", "made", of_an_answer),
    "POST /v1/files": Write("hulk.file.kept.v1", "made", to("", {"data": b"a,b\n1,2\n", **ASKED})),
    "POST /v1/hooks/{channel}": Elsewhere(
        "modules/channels/test_channels_handling.py::test_a_message_is_asked_once_however_often_it_comes"
    ),
    "POST /v1/intents": Write("hulk.intent.accepted.v1", "made", to("", said(text="Is the disk full?"))),
    "POST /v1/keys": Write("hulk.key.created.v1", "made", to("", said(name="x", grants=[{"role": "viewer"}]))),
    "DELETE /v1/keys/{key}": Write("hulk.key.revoked.v1", "changed", of(a_key, ASKED)),
    "POST /v1/keys/{key}/rotate": Write("hulk.key.rotated.v1", "changed", of(a_key, said())),
    "PUT /v1/log-level": Write("hulk.logging.changed.v1", "changed", loud, "platform"),
    "POST /v1/leases": Write("hulk.ticket.leased.v1", "changed", ready_work, reason=""),
    "POST /v1/leases/complete": Write("hulk.ticket.completed.v1", "changed", done_work, reason=""),
    "POST /v1/leases/fail": Write("hulk.ticket.failed.v1", "changed", failed_work, reason="no_paper"),
    "POST /v1/leases/heartbeat": NoChange("the worker lives; what it holds, and who holds it, stays. A lease that is lost is told"),
    "POST /v1/audit/verification": NoChange("it only looks"),
    "POST /v1/login/key": Elsewhere("modules/identity/test_identity_key_login.py::test_logging_in_and_out_is_told"),
    "POST /v1/logout": Elsewhere("modules/identity/test_identity_login.py::test_the_end_of_a_session_is_told_with_who_and_why"),
    "POST /v1/agents/{agent}/cases/{case}": Write("hulk.agent.rehearsed.v1", "made", to("retail", said())),
    "DELETE /v1/memories/{memory}": Write("hulk.memory.forgotten.v1", "removed", of(a_memory, ASKED)),
    "POST /v1/memories/forget": Write("hulk.memory.forgotten.v1", "removed", all_memories),
    "POST /v1/reasoning/{id}/reviews": Write("hulk.reasoning.contested.v1", "changed", of(an_inference, said(verdict="contested"))),
    "POST /v1/reasoning/{id}/resolution": Write(
        "hulk.reasoning.resolved.v1", "changed", of(contested_inference, said(resolution="upheld"))
    ),
    "POST /v1/namespaces": Write("hulk.namespace.created.v1", "made", to("", said(name="stage"))),
    "DELETE /v1/namespaces/{namespace}": Write("hulk.namespace.removed.v1", "removed", of(a_namespace, ASKED)),
    "POST /v1/people": Write("hulk.account.created.v1", "made", to("", said(name="x", email="x@example.com"))),
    "DELETE /v1/people/{person}": Write("hulk.account.removed.v1", "removed", of(a_person, ASKED)),
    "PATCH /v1/people/{person}": Write("hulk.account.changed.v1", "changed", of(a_person, said(name="y"))),
    "POST /v1/queues/{queue}/pause": Write("hulk.queue.paused.v1", "changed", to("default", said()), "platform"),
    "POST /v1/queues/{queue}/resume": Write("hulk.queue.resumed.v1", "changed", of(a_paused_queue, said()), "platform"),
    "POST /v1/router/experiments": Write("hulk.experiment.created.v1", "made", new_experiment),
    "POST /v1/router/experiments/{experiment}/kill": Write("hulk.experiment.ended.v1", "changed", of(an_experiment, said())),
    "POST /v1/router/experiments/{experiment}/stop": Write("hulk.experiment.ended.v1", "changed", of(an_experiment, said())),
    "PUT /v1/router/policies": Write("hulk.policies.changed.v1", "made", to("", said(policies=[{"name": "thrifty", "max_cost": "0.05"}]))),
    "POST /v1/router/policies/check": NoChange("it only looks"),
    "POST /v1/schedules/check": NoChange("it only reckons"),
    "POST /v1/router/models/check": NoChange("it only looks"),
    "POST /v1/router/policies/versions/{version}/restore": Write("hulk.policies.changed.v1", "changed", older_policies),
    "POST /v1/runs/{run_id}/cancel": Write("hulk.run.cancelled.v1", "changed", of(waiting, said())),
    "POST /v1/runs/{run_id}/discard": Write("hulk.run.discarded.v1", "changed", of(a_dead_run, said())),
    "POST /v1/runs/{run_id}/fork": Write("hulk.run.forked.v1", "made", of(waiting, said(step=0))),
    "POST /v1/runs/{run_id}/replay": Write("hulk.run.replayed.v1", "changed", of(a_dead_run, said())),
    "POST /v1/runs/{run_id}/resolve": Write("hulk.run.cancelled.v1", "changed", of(set_aside, said())),
    "POST /v1/runs/{run_id}/signals": Write("hulk.run.signalled.v1", "made", of(waiting, said(name="go", key="k"))),
    "POST /v1/schedules": Write(
        "hulk.schedule.created.v1", "made", to("", said(name="disk", every="24h", paused=True, intent={"text": "Is the disk full?"}))
    ),
    "DELETE /v1/schedules/{schedule}": Write("hulk.schedule.removed.v1", "removed", of(a_schedule, ASKED)),
    "PATCH /v1/schedules/{schedule}": Write("hulk.schedule.changed.v1", "changed", of(a_schedule, said(every="48h"))),
    "POST /v1/schedules/{schedule}/pause": Write("hulk.schedule.changed.v1", "changed", of(awake, said())),
    "POST /v1/schedules/{schedule}/resume": Write("hulk.schedule.changed.v1", "changed", of(a_schedule, said())),
    "POST /v1/schedules/{schedule}/run": Write("hulk.schedule.asked.v1", "changed", of(a_schedule, said())),
    "POST /v1/service-accounts": Write("hulk.account.created.v1", "made", to("", said(name="x"))),
    "DELETE /v1/service-accounts/{account}": Write("hulk.account.removed.v1", "removed", of(a_service, ASKED)),
    "PATCH /v1/service-accounts/{account}": Write("hulk.account.changed.v1", "changed", of(a_service, said(name="y"))),
    "DELETE /v1/sessions/{session}": Elsewhere(
        "modules/identity/test_identity_login.py::test_the_end_of_a_session_is_told_with_who_and_why"
    ),
    "POST /v1/tenants": Write("hulk.tenant.created.v1", "made", to("", said(tenant="beta")), "platform"),
    "DELETE /v1/tool-rules/{rule}": Write("hulk.tool.rule_changed.v1", "removed", of(a_tool_rule, ASKED)),
    "POST /v1/tool-systems/{system}/approve": Elsewhere("modules/tools/test_tools_pinning.py::test_all_of_it_is_on_the_trail"),
    "POST /v1/tool-systems/{system}/revoke": Elsewhere("modules/tools/test_tools_pinning.py::test_all_of_it_is_on_the_trail"),
    "PUT /v1/tool-rules/{rule}": Write("hulk.tool.rule_changed.v1", "made", to("retail", said(tools=["*"]))),
    "DELETE /v1/tool-servers/{server}": Write("hulk.tool.server_changed.v1", "removed", of(a_tool_server, ASKED)),
    "PUT /v1/tool-servers/{server}": Write("hulk.tool.server_changed.v1", "made", to("sales", said(tools=["*"]))),
    "POST /v1/tools/{tool}/calls": Write("hulk.tool.called.v1", "made", allowed_call),
    "PUT /v1/tenants/{tenant}/quotas": Write("hulk.quota.changed.v1", "changed", to("acme", said(storage=10_000)), "platform"),
    "DELETE /v1/ticket-kinds/{name}": Write("hulk.kind.removed.v1", "removed", of(lambda world: a_kind(world, "old"), ASKED)),
    "PUT /v1/ticket-kinds/{name}": Write("hulk.kind.registered.v1", "made", to("report", said())),
    "POST /v1/tickets": Write("hulk.ticket.created.v1", "made", new_ticket),
    "POST /v1/tickets/batch": Write("hulk.ticket.created.v1", "made", new_tickets),
    "POST /v1/tickets/{ticket_id}/approve": Write("hulk.ticket.approved.v1", "changed", of(a_ticket, said())),
    "POST /v1/tickets/{ticket_id}/cancel": Write("hulk.ticket.cancelled.v1", "changed", of(a_ticket, said())),
    "POST /v1/tickets/{ticket_id}/comments": Write("hulk.ticket.commented.v1", "made", of(a_ticket, {"json": {"text": "x"}}), reason=""),
    "POST /v1/tickets/{ticket_id}/reject": Write("hulk.ticket.rejected.v1", "changed", of(a_ticket, said())),
    "POST /v1/tickets/{ticket_id}/status": Write("hulk.ticket.cancelled.v1", "changed", of(a_ticket, said(status="cancelled"))),
}


async def to_create(world: World) -> Any:
    return pb.CreateTicketRequest(ticket=pb.NewTicket(kind=await a_kind(world), title="x", reason=WHY))


async def to_create_many(world: World) -> Any:
    return pb.CreateTicketsRequest(tickets=[pb.NewTicket(kind=await a_kind(world), title="x", reason=WHY)])


async def to_move(world: World) -> Any:
    return pb.UpdateTicketStatusRequest(ticket_id=await a_ticket(world), status=pb.TICKET_STATUS_COMPLETED, reason=WHY)


async def to_comment(world: World) -> Any:
    return pb.CommentTicketRequest(ticket_id=await a_ticket(world), text="x")


async def to_lease(world: World) -> Any:
    await a_ticket(world, "")
    return pb.LeaseTicketsRequest(worker="w", kinds=["matter"])


async def to_complete(world: World) -> Any:
    token, held = await a_lease(world)
    return pb.CompleteTicketRequest(lease_token=token, completion=pb.Completion(**held))


async def to_complete_many(world: World) -> Any:
    token, held = await a_lease(world)
    return pb.CompleteTicketsRequest(lease_token=token, completions=[pb.Completion(**held)])


async def to_fail(world: World) -> Any:
    token, held = await a_lease(world)
    return pb.FailTicketRequest(lease_token=token, problem=pb.Problem(code="no_paper"), **held)


async def to_register(_: World) -> Any:
    return pb.RegisterKindRequest(kind=pb.Kind(name=f"k{ids.new('x')[-8:]}"), reason=WHY)


READS = NoChange("it only looks")
CALLS: dict[str, Write | NoChange] = {
    "GetTicket": READS, "ListTickets": READS, "ListComments": READS, "WatchTickets": READS, "ListKinds": READS,
    "CreateTicket": Write("hulk.ticket.created.v1", "made", to_create),
    "CreateTickets": Write("hulk.ticket.created.v1", "made", to_create_many),
    "UpdateTicketStatus": Write("hulk.ticket.approved.v1", "changed", to_move),
    "CommentTicket": Write("hulk.ticket.commented.v1", "made", to_comment, reason=""),
    "LeaseTickets": Write("hulk.ticket.leased.v1", "changed", to_lease, reason=""),
    "Heartbeat": NoChange("as POST /v1/leases/heartbeat"),
    "CompleteTicket": Write("hulk.ticket.completed.v1", "changed", to_complete, reason=""),
    "CompleteTickets": Write("hulk.ticket.completed.v1", "changed", to_complete_many, reason=""),
    "FailTicket": Write("hulk.ticket.failed.v1", "changed", to_fail, reason="no_paper"),
    "RegisterKind": Write("hulk.kind.registered.v1", "made", to_register),
}  # fmt: skip


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running Hulk."""
    async with a_world(tmp_path) as made:
        yield made


async def asked(world: World, route: str, who: str, last: str, request: dict[str, Any]) -> None:
    """Make the write over HTTP."""
    method, path = route.split(" ")
    path = path.replace("{case}", "review-pt").replace("{channel}/contacts/{sender:path}", "{contact}")
    there = re.sub(r"\{[^}]+\}", "x", re.sub(r"\{[^}]+\}", last, path, count=1))
    status, body = await world.call(who, method, there, **request)
    assert status in (200, 201, 202, 204), f"{route}: {body}"


def _by_agent(one: Row[Any]) -> bool:
    """Whether an agent that was set to work before called that tool: it goes on beside."""
    return one.type.startswith("hulk.tool.") and bool(one.data.get("agent"))


def _shown(one: Row[Any]) -> tuple[str, ...]:
    return one.type, one.actor, one.subject, *(f"{name}={one.data[name]}" for name in ("tool", "agent") if name in one.data)


def misses(write: Write, actor: str, entries: list[Row[Any]]) -> str | None:
    """What is wrong with what the trail was told."""
    found = [one for one in entries if (one.type, one.actor) == (write.event, actor) and not _by_agent(one)]
    if len(found) != 1:
        return f"{len(found)} entries of {write.event} by {actor} among {[_shown(one) for one in entries]}"
    reason, before, after = (found[0].data.get(name, "is missing") for name in ("reason", "before", "after"))
    right = {
        "made": before is None and after,
        "removed": before and after is None,
        "changed": before != after and None not in (before, after),
    }
    return None if reason == write.reason and right[write.how] else f"{reason=} {before=} {after=}"


async def actor_of(world: World, who: str) -> str:
    return str((await world.call(who, "GET", "/v1/me"))[1]["actor"])


async def test_every_write_over_http_is_told_with_who_why_before_and_after(world: World) -> None:
    served = sorted(route for route in routes_of(world.app) if not route.startswith("GET "))
    assert served == sorted(ROUTES), "a route is not in the table, or no longer served"
    actors, found = {who: await actor_of(world, who) for who in ("admin", "platform")}, {}
    for route, write in ROUTES.items():
        if isinstance(write, Write):
            (last, request), since = await write.send(world), await newest(world)
            await asked(world, route, write.who, last, request)
            found[route] = misses(write, actors[write.who], list(await told(world, since)))
    assert {route: wrong for route, wrong in found.items() if wrong} == {}


async def test_every_write_over_grpc_is_told_with_who_why_before_and_after(world: World) -> None:
    assert {method.name for method in SERVICE.methods} == set(CALLS), "a call is not in the table, or no longer served"
    metadata, actor, found = [("authorization", f"Bearer {world.keys['admin']}")], await actor_of(world, "admin"), {}
    async with grpc.aio.insecure_channel(f"127.0.0.1:{world.rpc}") as channel:
        stub = tickets_pb2_grpc.TicketServiceStub(channel)
        for call, write in CALLS.items():
            if isinstance(write, Write):
                request, since = await write.send(world), await newest(world)
                await getattr(stub, call)(request, metadata=metadata)
                found[call] = misses(write, actor, list(await told(world, since)))
    assert {call: wrong for call, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("test", sorted(one.test for one in ROUTES.values() if isinstance(one, Elsewhere)))
def test_what_is_tried_elsewhere_is_tried_there(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (TESTS / file).read_text()
