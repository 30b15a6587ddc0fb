"""`thor agents`: the agents of the running Hulk, what they were asked, whether a file is sound."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlencode

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, LimitOption, ReasonOption, Rows, asked, end, group, running, show
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp and cattrs: not for `--help`
    from hulk.apps.client import Client
    from hulk.kernel.records import JsonObject

app = group(Text("Agents: what they know how to do, what they were asked."))

AgentArgument = Annotated[str, typer.Argument(help=spoken(Text("The agent's name, from `thor agents list`.")), metavar="AGENT")]


@app.command("list", help=spoken(Text("The agents that you may use.")))
def agents_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The agents."""

    async def act(client: "Client") -> Rows:
        found = (await client.get("/v1/agents"))["agents"]
        return found if as_json else [{"name": one["name"], "title": one["title"], "text": one["about"]} for one in found]

    asked(data, act, as_json=as_json)


@app.command("show", help=spoken(Text("What an agent may use and how far, what a task may take, what it knows how to do.")))
def agents_show(agent: AgentArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """One of them."""

    async def act(client: "Client") -> Rows:
        found = await client.get(f"/v1/agents/{quote(agent, safe='')}")
        if as_json:
            return [found]
        tools = [{"what": "tool", "name": ", ".join(one["use"]), "detail": one["autonomy"]} for one in found["tools"]]
        knows = [{"what": "playbook", "name": one["name"], "detail": (one["examples"] or [one["title"]])[0]} for one in found["knows"]]
        limits = [{"what": "limit", "name": name, "detail": value} for name, value in found["limits"].items()]
        return [*tools, *knows, *limits]

    asked(data, act, as_json=as_json)


@app.command("tasks", help=spoken(Text("What agents were asked, newest first.")))
def agents_tasks(
    agent: Annotated[str | None, typer.Option("--agent", help=spoken(Text("Only of that agent.")))] = None,
    state: Annotated[str | None, typer.Option("--state", help=spoken(Text("Only those: running, completed, failed, cancelled.")))] = None,
    limit: LimitOption = 20, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The tasks."""
    query = urlencode({name: value for name, value in (("agent", agent), ("state", state), ("limit", min(limit, 500))) if value})

    async def act(client: "Client") -> Rows:
        found = (await client.get(f"/v1/agent-tasks?{query}"))["tasks"]
        return found if as_json else [{name: one[name] for name in ("id", "at", "agent", "playbook", "state", "text")} for one in found]

    asked(data, act, as_json=as_json)


@app.command("task", help=spoken(Text("What an agent was asked: its steps, and what they have come to.")))
def agents_task(
    task: Annotated[str, typer.Argument(help=spoken(Text("The task's id (tsk_…), from `thor agents tasks`.")), metavar="TASK")],
    data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """One of them."""

    async def act(client: "Client") -> Rows:
        found = await client.get(f"/v1/agent-tasks/{quote(task, safe='')}")
        shown = ("key", "title", "does", "agent", "status", "left_out", "model", "error")
        rows = [{**{name: one[name] for name in shown}, "tried": _tried(one)} for one in found["steps"]]
        return [found] if as_json else rows

    asked(data, act, as_json=as_json)


def _tried(step: "JsonObject") -> str:
    """The tools that it has asked for, and how that ended."""
    return ", ".join(f"{one['tool']} ({one['status']})" for one in step["tried"])


@app.command("evaluate", help=spoken(Text("Have agents do their evaluation sets: nothing is changed. Exit code 1 when a case fails.")))
def agents_evaluate(
    names: Annotated[list[str] | None, typer.Argument(help=spoken(Text("Which agents; all that you may use.")), metavar="[AGENT]…")] = None,
    model: Annotated[str, typer.Option("--model", help=spoken(Text("The model that is asked in the place of the agents' own.")))] = "",
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Their cases, one after the other."""

    async def act() -> int:
        from hulk.apps.thor.evaluating import Evaluation  # aiohttp: not for `--help`

        async with running(data) as client:
            evaluation = Evaluation(client, tuple(names or ()), model, reason)
            return (await evaluation()).told(as_json=as_json)

    end(act)


@app.command("check", help=spoken(Text("Whether an agent's file can be used; without one, what is wrong with it and where.")))
def agents_check(
    file: Annotated[Path, typer.Argument(help=spoken(Text("The agent's file.")), metavar="FILE")], as_json: JsonOption = False
) -> None:
    """Look at a file."""

    async def act() -> int:
        from hulk.modules.agents.wiring import agent_in  # the module and its schemas: not for `--help`
        from hulk.runtime.schemas import RustSchemas

        found = agent_in(file, RustSchemas())
        tools = ", ".join(pattern for grant in found.grants for pattern in grant.tools) or "—"
        show([{"name": found.name, "playbooks": ", ".join(one.name for one in found.playbooks) or "—", "detail": tools}], as_json=as_json)
        return 0

    end(act)
