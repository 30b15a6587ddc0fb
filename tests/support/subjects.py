"""What requests are about: something of acme's of each kind, and the addresses it has."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from hulk.kernel import ids
from hulk.kernel.time import utc_now
from hulk.modules.agents.adapters.sql import SqlTasks
from hulk.modules.agents.adapters.sql_memories import SqlMemories
from hulk.modules.agents.adapters.sql_reasoning import SqlCases
from hulk.modules.agents.domain.memory import New, made
from hulk.modules.agents.domain.plan import Node, Plan
from hulk.modules.agents.domain.reasoning import Draft, Drafts, Evidence, Inference, Source, added
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.tools import File
from support.callers import World
from support.channel_things import a_contact, a_conversation, a_message
from support.wellformed import Known

ROOT = Path(__file__).parents[2]

Act = Callable[[World], Awaitable[Any]]


async def intent(world: World) -> str:
    """An intent of acme's in the namespace `default`; the same for all."""
    status, body = await world.call("admin", "GET", "/v1/intents")
    assert status == 200, body
    found = body["intents"]
    if not found:
        _, sent = await world.call("admin", "POST", "/v1/files", data=(ROOT / "examples/sales.csv").read_bytes())
        source = {"kind": "file", "blob": sent["blob"], "name": "sales.csv"}
        made = await world.made("admin", "/v1/intents", text="Find anomalies in sales.csv", sources=[source])
        ended = await world.ended("admin", made["intent_id"])
        assert ended["status"] == "completed", ended
        return str(made["intent_id"])
    return str(found[-1]["intent_id"])


async def ticket(world: World) -> str:
    """A new ticket of acme's, for a person to decide on."""
    assert (await world.call("admin", "PUT", "/v1/ticket-kinds/matter", json={}))[0] == 200
    return str((await world.made("admin", "/v1/tickets", kind="matter", title="x", assignee="person:"))["ticket_id"])


async def artefact(world: World) -> str:
    """A file that it has made."""
    return str((await world.call("admin", "GET", f"/v1/intents/{await intent(world)}"))[1]["artefacts"][0]["name"])


async def run(world: World) -> str:
    """The intent's run."""
    await intent(world)
    return str((await world.call("admin", "GET", "/v1/runs?workflow=intent"))[1]["runs"][0]["run_id"])


async def schedule(world: World) -> str:
    """A new schedule of acme's."""
    body = {"name": ids.new("x"), "every": "24h", "paused": True, "intent": {"text": "Is the disk full?"}}
    return str((await world.made("admin", "/v1/schedules", **body))["schedule_id"])


async def person(world: World) -> str:
    """A new person of acme's."""
    return str((await world.made("admin", "/v1/people", name="x", email=f"{ids.new('x')}@example.com"))["account_id"])


async def account(world: World) -> str:
    """A new service account of acme's."""
    return str((await world.made("admin", "/v1/service-accounts", name="x"))["account_id"])


async def key(world: World) -> str:
    """A new key of acme's."""
    return str((await world.made("admin", "/v1/keys", name="x", grants=[{"role": "viewer"}]))["key_id"])


async def namespace(world: World) -> str:
    """A new namespace of acme's."""
    return str((await world.made("admin", "/v1/namespaces", name=ids.new("x").replace("_", "-")))["namespace"])


async def experiment(world: World) -> str:
    """A new experiment of acme's."""
    variants = [{"name": name, "value": name, "share": 0.5} for name in ("now", "new")]
    body = {"name": ids.new("x").replace("_", "-"), "about": "prompts", "variants": variants}
    return str((await world.made("admin", "/v1/router/experiments", **body))["experiment_id"])


async def decision(world: World) -> str:
    """A new decision of acme's."""
    return str((await world.call("admin", "POST", "/v1/decisions", json={"text": "Is the disk full?"}))[1]["decision_id"])


async def budget(world: World) -> str:
    """A new budget of acme's."""
    name = ids.new("x").replace("_", "-")
    assert (await world.call("admin", "PUT", f"/v1/budgets/{name}", json={"daily": "5"}))[0] == 200
    return name


async def policies(world: World) -> str:
    """The first version of acme's own policies."""
    status, _ = await world.call("admin", "PUT", "/v1/router/policies", json={"policies": [{"name": "thrifty", "max_cost": "0.05"}]})
    assert status == 200
    return "1"


async def session(_: World) -> str:
    """Nobody's session."""
    return ids.new("ses")


async def tool(world: World) -> str:
    """A tool that all of acme may use."""
    assert (await world.call("admin", "PUT", "/v1/tool-rules/tickets", json={"tools": ["tickets.list"]}))[0] == 204
    return "tickets.list"


async def tool_call(world: World) -> str:
    """A call of it, by acme's admin."""
    status, called = await world.call("admin", "POST", f"/v1/tools/{await tool(world)}/calls", json={})
    assert status == 200
    return str(called["id"])


async def tool_rule(world: World) -> str:
    """A rule about tools."""
    name = ids.new("x").replace("_", "-")
    assert (await world.call("admin", "PUT", f"/v1/tool-rules/{name}", json={"tools": ["nothing.*"]}))[0] == 204
    return name


async def tool_server(world: World) -> str:
    """A virtual MCP server."""
    name = ids.new("x").replace("_", "-")
    assert (await world.call("admin", "PUT", f"/v1/tool-servers/{name}", json={"tools": ["nothing.*"]}))[0] == 204
    return name


async def agent_task(world: World) -> str:
    """What an agent of acme's was asked, with what it was decided by."""
    return (await _concluded(world))[0]


async def inference(world: World) -> str:
    """Something that an agent of acme's concluded."""
    return (await _concluded(world))[1]


async def _concluded(world: World) -> tuple[str, str]:
    store, task = world.desk.helm.store, ids.new("tsk")
    drafts = Drafts(
        task=task, namespace="default", drafts=(
            Draft(key="e", what=Evidence("Sales", Source("tool_call", "tcl_x"), "", "0" * 64)),
            Draft(key="i", what=Inference("They fell.", "abduction", "agent", "agent:retail", evidence=("e",))),
        ),
    )  # fmt: skip
    plan = Plan(agent="retail", origin="playbook", nodes=(Node(key="look", does="tool", tool="shop.look"),), answer=())
    asked = Task(
        id=task, tenant="acme", agent="retail", actor="key:x", grants=(), text="Review the sales", language="en", run=ids.new("run"),
        at=utc_now(), plan=plan,
    )  # fmt: skip
    _, sent = await world.call("admin", "POST", "/v1/files", data=(ROOT / "examples/sales.csv").read_bytes())
    table = File(name="sales.csv", media_type="text/csv", blob=sent["blob"], size=sent["size"])
    looked = SqlTasks(store).made(Made(task=task, key="look", status="done", files=(table,)))
    noting = SqlCases(store).note("acme", task, lambda case: added(case, drafts, "agent:retail", utc_now()))
    _, noted, _ = await store.commit(SqlTasks(store).add(asked), noting, looked)
    return task, next(one.id for one in noted if one.kind == "inference")


async def memory(world: World) -> str:
    """Something that an agent of acme's remembers."""
    store, key = world.desk.helm.store, ids.new("x")
    kept = made(New(agent="retail", text=f"Note {key}", kind="fact", key=key), "acme", "key:x", utc_now(), "none", b"\0" * 16)
    await store.commit(SqlMemories(store).keep(kept, None))
    return kept.id


async def invited(world: World) -> str:
    """A person of acme's who has a code."""
    id_ = await person(world)
    await world.made("admin", "/v1/channel-codes", person=id_)
    return id_


PARTS: dict[str, Act] = {
    "{intent_id}": intent, "{ticket_id}": ticket, "{run_id}": run, "{schedule}": schedule, "{person}": person, "{account}": account,
    "{namespace}": namespace, "{session}": session, "{key}": key, "{name}": artefact, "{id}": intent, "{experiment}": experiment,
    "{budget}": budget, "{decision}": decision, "{version}": policies, "{tool}": tool, "{call}": tool_call, "{rule}": tool_rule,
    "{server}": tool_server, "{task}": agent_task, "{object}": inference, "{memory}": memory, "{message}": a_message,
    "{conversation}": a_conversation, "{sender:path}": a_contact,
}  # fmt: skip
FIXED = {
    "{queue}": "default", "{tenant}": "acme", "{key:path}": "x", "{tag:path}": "x", "{act}": "reset", "{system}": "nowhere",
    "{month}": "2026-11", "{agent}": "retail", "{case}": "review-pt", "{channel}": "shop", "{position}": "1",
    "{part}": "input", "{breaker}": "nothing", "{deed}": "nothing", "{kind}": "webhook",
}  # fmt: skip
OWN: dict[str, Act] = {"/v1/reasoning/{id}": inference, "/v1/channel-codes/{person}": invited}
"""Where a part stands for something else than elsewhere."""
NAMES = {
    "/docs/{name}": "swagger-ui.css",
    "/v1/agent-tasks/{task}/artefacts/{name}": "sales.csv",
    "/v1/caches/{name}": "prices",
    "/v1/breakers/{name}": "nothing",
    "/v1/ticket-kinds/{name}": "report",
}


async def address(world: World, route: str, *, of: Act | None = None) -> str:
    """The route's path with what it is about: something of acme's, or what `of` gives in its place."""
    path = route.split(" ")[1]
    for beginning, name in NAMES.items():
        path = path.replace(beginning, beginning.replace("{name}", name))
    for beginning, make in OWN.items():
        if path.startswith(beginning):
            path = path.replace(beginning[beginning.index("{") :], await (of or make)(world))
    for part, value in FIXED.items():
        path = path.replace(part, value)
    for part, make in PARTS.items():
        if part in path:
            path = path.replace(part, await (of or make)(world))
    return path


MADE = {
    "experiment": experiment, "schedule": schedule, "person": person, "account": account, "key": key, "namespace": namespace,
    "budget": budget,
}  # fmt: skip


async def known(world: World) -> Known:
    """Words that mean something: what there is in this Hulk."""
    assert (await world.call("admin", "PUT", "/v1/ticket-kinds/report", json={}))[0] == 200
    tickets = [str((await world.made("admin", "/v1/tickets", kind="report", title="x"))["ticket_id"]) for _ in range(8)]
    held = await world.made("admin", "/v1/leases", worker="w", kinds=["report"], most=4, lease_for=3600)
    intents, runs, waiting = [await intent(world)], [await run(world)], await ticket(world)
    _, sent = await world.call("admin", "POST", "/v1/files", data=(ROOT / "examples/sales.csv").read_bytes())
    names = [await artefact(world), "report", "prices", "swagger-ui.css"]
    some = {name: [await make(world) for _ in range(4)] for name, make in MADE.items()}
    return {
        **some, "intent_id": intents, "intent": intents, "run_id": runs, "parent": runs, "runs": runs, "ticket_id": [*tickets, waiting],
        "tickets": tickets, "after": [*tickets, "#0"], "lease_token": [held["token"]], "blob": [sent["blob"]], "name": names,
        "id": [*intents, *runs, *tickets], "tenant": ["spare", "other"],
    }  # fmt: skip
