"""Something of acme's to write to, each in the state in which the write succeeds, and what the trail was told of it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update

from hulk.kernel import ids
from hulk.kernel.durable import Started
from hulk.runtime.outbox import event_table
from hulk.runtime.workflows.tables import run_table
from support.callers import World
from support.subjects import intent

WHY = "because a test asks"


def said(**body: Any) -> dict[str, Any]:
    """A body with a reason."""
    return {"json": {**body, "reason": WHY}}


ASKED: dict[str, Any] = {"params": {"reason": WHY}}
"""A reason in the query."""


async def told(world: World, since: int) -> Sequence[Row[Any]]:
    """What came into the trail behind that number."""
    query = select(event_table).where(event_table.c.sequence > since).order_by(event_table.c.sequence)
    return await world.desk.helm.store.read(lambda connection: connection.execute(query).all())


async def newest(world: World) -> int:
    """The number of the newest entry."""
    query = select(func.max(event_table.c.sequence))
    return int(await world.desk.helm.store.read(lambda connection: connection.execute(query).scalar_one()))


async def a_run(world: World, **values: Any) -> str:
    """A run of a workflow that no process knows, with these values."""
    helm, id_ = world.desk.helm, ids.new("run")
    begin = helm.steering.journal.begin(Started(workflow="review", data={}, tenant="acme", id=id_))
    await helm.store.commit(begin, lambda tx: tx.execute(update(run_table).where(run_table.c.id == id_).values(**values)))
    return id_


async def a_dead_run(world: World) -> str:
    """A dead letter."""
    return await a_run(world, status="failed", dead=True)


async def a_decision(world: World) -> str:
    """A decision of acme's."""
    return str((await world.call("admin", "GET", f"/v1/intents/{await intent(world)}"))[1]["decision"]["decision_id"])


async def a_kind(world: World, name: str = "matter") -> str:
    """A kind of ticket."""
    status, body = await world.call("admin", "PUT", f"/v1/ticket-kinds/{name}", json={})
    assert status == 200, body
    return name


async def a_ticket(world: World, assignee: str = "person:") -> str:
    """A new ticket, for a person to decide on unless somebody else is named."""
    kind = await a_kind(world)
    return str((await world.made("admin", "/v1/tickets", kind=kind, title="x", assignee=assignee))["ticket_id"])


async def a_lease(world: World) -> tuple[str, dict[str, Any]]:
    """A lease's token, and its ticket."""
    await a_ticket(world, "")
    grant = await world.made("admin", "/v1/leases", worker="w", kinds=["matter"])
    return grant["token"], {"ticket_id": grant["tickets"][0]["ticket_id"], "fence": 1}


async def a_schedule(world: World, *, paused: bool = True) -> str:
    """A new schedule."""
    body = {"name": ids.new("x"), "every": "24h", "paused": paused, "intent": {"text": "Is the disk full?"}}
    return str((await world.made("admin", "/v1/schedules", **body))["schedule_id"])


async def a_person(world: World) -> str:
    """A new person."""
    return str((await world.made("admin", "/v1/people", name="x", email=f"{ids.new('x')}@example.com"))["account_id"])


async def a_service(world: World) -> str:
    """A new service account."""
    return str((await world.made("admin", "/v1/service-accounts", name="x"))["account_id"])


async def a_key(world: World) -> str:
    """A new key."""
    return str((await world.made("admin", "/v1/keys", name="x", grants=[{"role": "viewer"}]))["key_id"])


async def a_namespace(world: World) -> str:
    """A new namespace."""
    return str((await world.made("admin", "/v1/namespaces", name=ids.new("x").replace("_", "-")))["namespace"])


async def a_budget(world: World) -> str:
    """A new budget."""
    status, _ = await world.call("admin", "PUT", "/v1/budgets/few", json={"daily": "5"})
    assert status == 200
    return "few"


async def a_tool_rule(world: World) -> str:
    """A rule about tools."""
    assert (await world.call("admin", "PUT", "/v1/tool-rules/few", json={"tools": ["tickets.*"]}))[0] == 204
    return "few"


async def a_tool_server(world: World) -> str:
    """A virtual MCP server."""
    assert (await world.call("admin", "PUT", "/v1/tool-servers/few", json={"tools": ["tickets.*"]}))[0] == 204
    return "few"


async def a_paused_queue(world: World) -> str:
    """The queue, paused."""
    status, _ = await world.call("platform", "POST", "/v1/queues/default/pause", json={"reason": "a test"})
    assert status == 204
    return "default"
