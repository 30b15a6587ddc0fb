"""`thor tools`: the tools of the running Hulk, calls of them, and who may use which."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, urlencode

import typer

from hulk.apps.terminal import spoken
from hulk.apps.thor.commands import DataOption, JsonOption, LimitOption, ReasonOption, Rows, StatusOption, asked, group, json_object
from hulk.kernel.text import Text

if TYPE_CHECKING:  # aiohttp and cattrs: not for `--help`
    from hulk.apps.client import Client
    from hulk.kernel.records import JsonObject

app = group(Text("Tools: find and call them, see who may use which."))
rules = group(Text("Who may use which tools."))
app.add_typer(rules, name="rules")

ToolArgument = Annotated[str, typer.Argument(help=spoken(Text("The tool's name, from `thor tools list`.")), metavar="TOOL")]
AgentOption = Annotated[str, typer.Option("--agent", help=spoken(Text("As that agent, asking for you.")))]
Patterns = Annotated[list[str], typer.Option(help=spoken(Text("A pattern of names, as crm.*; again for more.")))]


@app.command("list", help=spoken(Text("The tools that you may use, best first when words are given.")))
def tools_list(
    words: Annotated[list[str] | None, typer.Argument(help=spoken(Text("What they are about.")), metavar="[WORDS]…")] = None,
    backend: Annotated[str, typer.Option("--backend", help=spoken(Text("Only those of a system.")))] = "",
    agent: AgentOption = "", limit: LimitOption = 50, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The tools."""
    query = urlencode({"query": " ".join(words or []), "backend": backend, "agent": agent, "limit": min(limit, 1000)})

    async def act(client: "Client") -> Rows:
        found = (await client.get(f"/v1/tools?{query}"))["tools"]
        return list(found) if as_json else [{name: one[name] for name in ("name", "title", "effect", "autonomy", "owner")} for one in found]

    asked(data, act, as_json=as_json)


@app.command("show", help=spoken(Text("What a tool takes, does and gives.")))
def tools_show(tool: ToolArgument, agent: AgentOption = "", data: DataOption = None, as_json: JsonOption = False) -> None:
    """A tool, and its arguments."""

    async def act(client: "Client") -> Rows:
        found = await client.get(f"/v1/tools/{quote(tool, safe='')}?{urlencode({'agent': agent})}")
        return [found] if as_json else list(_arguments(found))

    asked(data, act, as_json=as_json)


def _arguments(tool: "JsonObject") -> "list[JsonObject]":
    required = tool["input_schema"].get("required", [])
    about = [{"argument": "", "type": tool["effect"], "required": "", "about": tool["description"]}]
    return about + [
        {"argument": name, "type": one.get("type", "—"), "required": name in required, "about": one.get("description", "")}
        for name, one in tool["input_schema"].get("properties", {}).items()
    ]


@app.command("call", help=spoken(Text("Call a tool: arguments as name=value, or all of them as JSON.")))
def tools_call(
    tool: ToolArgument,
    arguments: Annotated[
        list[str] | None, typer.Argument(help=spoken(Text("name=value; a value may be JSON.")), metavar="[NAME=VALUE]…")
    ] = None,
    given: Annotated[str, typer.Option("--arguments", help=spoken(Text("All arguments, as a JSON object.")), metavar="JSON")] = "{}",
    key: Annotated[str, typer.Option("--key", help=spoken(Text("Unique to this call: asked again with it, it is done once.")))] = "",
    agent: AgentOption = "", reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Call it."""
    pairs = dict(_pair(one) for one in arguments or [])
    body = {"arguments": {**json_object(given, "--arguments"), **pairs}, "agent": agent, "reason": reason}

    async def act(client: "Client") -> Rows:
        called = await client.post(f"/v1/tools/{quote(tool, safe='')}/calls", body, {"idempotency-key": key} if key else {})
        return [called] if as_json else _told(called)

    asked(data, act, as_json=as_json)


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise typer.BadParameter(text, param_hint="NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _told(called: "JsonObject") -> "list[JsonObject]":
    """The call in a line, and what it gave below: rows when the answer is a list of things."""
    first = {
        "status": called["status"],
        "call": called["id"],
        "ticket": called["ticket"] or "",
        "error": (called["error"] or {}).get("detail", ""),
    }
    output = called["output"]
    if output is None or called["status"] != "done":
        return [first]
    data = output["data"] or {}
    things = next((value for value in data.values() if isinstance(value, list) and value and isinstance(value[0], dict)), None)
    return things or [data or {"text": " ".join(one.get("text", "") for one in output["content"])}]


@app.command("calls", help=spoken(Text("Calls of tools, newest first.")))
def tools_calls(
    status: StatusOption = None, tool: Annotated[str | None, typer.Option("--tool", help=spoken(Text("Only of that tool.")))] = None,
    limit: LimitOption = 50, data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """The calls."""
    query = urlencode({name: value for name, value in (("status", status), ("tool", tool), ("limit", min(limit, 500))) if value})
    shown = ("id", "at", "tool", "status", "actor", "agent", "ticket")

    async def act(client: "Client") -> Rows:
        found = (await client.get(f"/v1/tool-calls?{query}"))["calls"]
        return list(found) if as_json else [{name: one[name] for name in shown} for one in found]

    asked(data, act, as_json=as_json)


@rules.command("list", help=spoken(Text("The rules that hold: those of the settings, then the tenant's own.")))
def rules_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """The rules."""

    async def act(client: "Client") -> Rows:
        return list((await client.get("/v1/tool-rules"))["rules"])

    asked(data, act, as_json=as_json)


@rules.command("put", help=spoken(Text("Make or replace a rule: what no rule allows is forbidden.")))
def rules_put(
    name: Annotated[str, typer.Argument(help=spoken(Text("The rule's name.")), metavar="NAME")],
    tool: Patterns,
    role: Annotated[list[str] | None, typer.Option(help=spoken(Text("Whom it is about: who has this role; again for more.")))] = None,
    person: Annotated[list[str] | None, typer.Option(help=spoken(Text("Who else, as person:ana@example.com; again for more.")))] = None,
    agent: Annotated[list[str] | None, typer.Option(help=spoken(Text("Only calls through this agent; again for more.")))] = None,
    autonomy: Annotated[
        Literal["suggest", "approve", "act"], typer.Option(help=spoken(Text("What becomes of calls that change something.")))
    ] = "approve",
    up_to: Annotated[str | None, typer.Option(help=spoken(Text("The largest amount that is not put to a person.")))] = None,
    wait: Annotated[str | None, typer.Option(help=spoken(Text("How long a person is waited for, such as 2d or 12h.")))] = None,
    deny: Annotated[bool, typer.Option("--deny", help=spoken(Text("It forbids.")))] = False,
    sensitive: Annotated[bool, typer.Option("--sensitive", help=spoken(Text("They may see what must stay in the company.")))] = False,
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Make it."""
    body = {
        "tools": tool, "roles": role or [], "people": person or [], "agents": agent or [], "autonomy": autonomy, "up_to": up_to,
        "wait": wait, "deny": deny, "sensitive": sensitive, "reason": reason,
    }  # fmt: skip

    async def act(client: "Client") -> Rows:
        await client.put(f"/v1/tool-rules/{quote(name, safe='')}", body)
        return [{"rule": name, **{key: value for key, value in body.items() if value}}]

    asked(data, act, as_json=as_json)


@rules.command("remove", help=spoken(Text("Remove a rule of the tenant's own.")))
def rules_remove(
    name: Annotated[str, typer.Argument(help=spoken(Text("The rule's name.")), metavar="NAME")],
    reason: ReasonOption = "", data: DataOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Remove it."""
    _removed(data, f"/v1/tool-rules/{quote(name, safe='')}?{urlencode({'reason': reason})}", as_json=as_json)


def _removed(data: Path | None, path: str, *, as_json: bool) -> None:
    async def act(client: "Client") -> Rows:
        await client.delete(path)
        return [{"removed": True}]

    asked(data, act, as_json=as_json)
