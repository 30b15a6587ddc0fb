"""Tools as the official conformance suite of MCP expects them, the acts on them, and Hulk's HTTP over both, served: for tests."""

import asyncio
import base64
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from hulk.apps.hulk import run
from hulk.apps.schema import prepare
from hulk.kernel.errors import Refused, Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.identity.usecases import LOCAL
from hulk.modules.tickets.wiring import serving as serving_tickets
from hulk.modules.tools import Mounted, ToolActs
from hulk.modules.tools.domain import Bytes, Effect, Output, Tool, Words, variables
from hulk.modules.tools.mcp import Endpoint, Guard, Resource, routes, serving
from hulk.modules.tools.mcp.protocol import Methods
from hulk.modules.tools.ports import Backend, Calling
from hulk.modules.tools.settings import McpSettings, RuleSettings, ToolsSettings
from hulk.modules.tools.wiring import acts_of
from hulk.runtime.config import Config, ServerSettings
from hulk.runtime.http import Gate, Serving, Tokens, bind, build, serve
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, opened
from hulk.runtime.telemetry import Metrics
from hulk.runtime.telemetry.logs import begin
from support import asking_tools as asking
from support.memory import Desk
from support.processes import die_with_parent
from support.tickets import SECRET, around
from support.tools import Rights

TESTS = Path(__file__).parents[1]
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==")
WAV = b"RIFF\x26\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00\x80>\x00\x00\x02\x00\x10\x00data\x02\x00\x00\x00\x00\x00"
_EMPTY: JsonObject = {"type": "object", "properties": {}}
SCHEMA: JsonObject = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef", "type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        },
    },
    "properties": {
        "name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}, "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"}, "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}  # fmt: skip
"""As the suite's scenario json-schema-2020-12 has it."""


@dataclass
class Everything:
    """A backend whose tools give each kind of answer. `many` are tools besides that do nothing; `hanging` are calls under way."""

    many: int = 0
    name: str = "test"
    changed: Callable[[], None] = lambda: None
    hanging: int = 0
    done: int = 0

    async def tools(self) -> Sequence[Tool]:
        """See `Backend`."""
        plain = [self._tool(name) for name in _SAYS]
        others = [
            self._tool("test_error_handling"), self._tool("test_tool_with_progress"), self._tool("test_tool_with_logging"),
            self._tool("test_logging_tool"), self._tool("json_schema_2020_12_tool", SCHEMA), self._tool("test_x_mcp_header", _HEADED),
            self._tool("add", _ADD, _SUM), self._tool("hang"), self._tool("write", _TEXT, effect="write", idempotent=False),
            self._tool("hanging_write", effect="write"), self._tool("echo", _TEXT), self._tool("broken_promise", _EMPTY, _SUM),
            self._tool("test_trigger_tool_change"), self._tool("test_trigger_prompt_change"), self._tool("test_reconnection"),
            *(self._tool(name, _takes(name)) for name in asking.ROUNDS),
            self._tool("wondering_outside", outside=True), self._tool("wondering_write", effect="write"),
            self._tool("need", {**_TEXT, "required": ["text"]}, effect="write"),
            *(self._tool(f"read_{name}", _takes_of(address), address=self._at(address)) for name, address in _READS.items()),
        ]  # fmt: skip
        return [*plain, *others, *(self._tool(f"idle_{number:04}") for number in range(self.many))]

    def _tool(
        self, name: str, takes: JsonObject | None = None, gives: JsonObject | None = None, effect: Effect = "read", **more: Any
    ) -> Tool:
        full = f"{self.name}.{name}"
        title, about = name.replace("_", " "), f"For tests: {name.replace('_', ' ')}."
        return Tool(name=full, title=title, description=about, input=takes or _EMPTY, output=gives, effect=effect, **more)

    def _at(self, address: str) -> str:
        """Only the one of that name has addresses."""
        return address if self.name == "test" else ""

    async def call(self, tool: Tool, arguments: JsonObject, calling: Calling) -> Output:
        """See `Backend`."""
        if (said := _plainly(tool.act, arguments, calling)) is not None:
            return said
        if tool.act == "test_reconnection":
            await asyncio.sleep(_LONGER)
        if tool.act in ("hang", "hanging_write"):
            return await self._hang()
        if "progress" in tool.act or "logging" in tool.act:
            return await _telling(calling)
        if tool.act in ("test_trigger_tool_change", "test_trigger_prompt_change"):
            self.many += 1
            self.changed()
        if tool.act == "wondering_write" and "sure" not in calling.present.answers:
            return asking.SURE
        self.done += 1
        return Output(pieces=(Words(str(arguments.get("text", tool.act))),))

    async def _hang(self) -> Output:
        self.hanging += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.hanging -= 1
        raise AssertionError("unreachable")


def _plainly(act: str, arguments: JsonObject, calling: Calling) -> Output | None:
    """What those say that do nothing but say something."""
    if act == "test_error_handling":
        raise Refused("This tool intentionally returns an error for testing")
    if act == "add":
        return Output(data={"sum": arguments["a"] + arguments["b"]})
    if act == "wondering_outside":
        return asking.ROUNDS["test_input_required_result_elicitation"](arguments, calling.present)
    if act in asking.ROUNDS:
        return asking.ROUNDS[act](arguments, calling.present)
    return _read(act.removeprefix("read_"), arguments) if act.startswith("read_") else _SAYS.get(act)


async def _telling(calling: Calling) -> Output:
    for done, word in ((0.0, "Tool execution started"), (50.0, "Tool processing data"), (100.0, "Tool execution completed")):
        await calling.progress(done, 100.0, word)
        await asyncio.sleep(0.02)
    return Output(pieces=(Words("told"),))


_LONGER = 0.4
"""Seconds that the call takes whose stream is closed."""
_READS = {
    "text": "test://static-text", "binary": "test://static-binary", "watched": "test://watched-resource", "data": "test://template/{id}/data",
    "example": "test://example-resource", "number": "test://number/{value}", "file": "test://files/{+path}",
}  # fmt: skip
"""Where what reads give may be read."""


def _takes_of(address: str) -> JsonObject:
    kinds = {"value": "integer"}
    properties = {name: {"type": kinds.get(name, "string")} for name in variables(address)}
    if "id" in properties:
        properties["id"]["enum"] = ["123", "124", "x/y"]  # type: ignore[assignment]  # a schema
    return {"type": "object", "properties": properties, "required": list(properties)}


def _takes(name: str) -> JsonObject:
    taken = {"test_elicitation": "message"}.get(name)
    return _EMPTY if taken is None else {"type": "object", "properties": {taken: {"type": "string"}}, "required": [taken]}


def _read(name: str, arguments: JsonObject) -> Output:
    match name:
        case "binary":
            return Output(pieces=(Bytes(PNG, "image/png"),))
        case "data":
            found = {"id": arguments["id"], "templateTest": True, "data": f"Data for ID: {arguments['id']}"}
            return Output(data=found, pieces=(Words(json.dumps(found)),))
        case "text":
            return Output(pieces=(Words("This is the content of the static text resource."),))
        case "example":
            return Output(pieces=(Words("Embedded resource content for testing."),))
        case _:
            return Output(pieces=(Words(f"{name}: {json.dumps(arguments)}"),))


_TEXT: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}}
_ADD: JsonObject = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}
_SUM: JsonObject = {"type": "object", "properties": {"sum": {"type": "number"}}, "required": ["sum"]}
_HEADED: JsonObject = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": "Region"}}}
_RESOURCE = Bytes(b"This is an embedded resource content.", "text/plain", "test://embedded-resource")
_SAYS: Mapping[str, Output] = {
    "test_simple_text": Output(pieces=(Words("This is a simple text response for testing."),)),
    "test_image_content": Output(pieces=(Bytes(PNG, "image/png"),)),
    "test_audio_content": Output(pieces=(Bytes(WAV, "audio/wav"),)),
    "test_embedded_resource": Output(pieces=(_RESOURCE,)),
    "test_multiple_content_types": Output(
        pieces=(
            Words("Multiple content types test:"), Bytes(PNG, "image/png"),
            Bytes(b'{"test": "data", "value": 123}', "application/json", "test://mixed-content-resource"),
        )
    ),
}  # fmt: skip

KEYS: Mapping[str, Principal] = {
    "ana": Principal(tenant="default", actor="key:ana", grants=everywhere("operator")),
    "vic": Principal(tenant="default", actor="key:vic", grants=everywhere("viewer")),
    "root": Principal(tenant="default", actor="key:root", grants=everywhere("admin")),
    "eve": Principal(tenant="other", actor="key:eve", grants=everywhere("admin")),
}
RULES = (
    {"name": "all", "tools": ["test.*"], "autonomy": "act", "sensitive": True, "tenants": ["default"]},
    {"name": "ask", "tools": ["ask.*"], "autonomy": "approve", "sensitive": True, "tenants": ["default"]},
)
PROMPTS = (
    {
        "name": "test_simple_prompt", "title": "Simple", "about": "Without arguments.",
        "parts": [{"text": "This is a simple prompt for testing."}],
    },
    {
        "name": "test_prompt_with_arguments", "title": "Arguments", "about": "With arguments.",
        "arguments": [
            {"name": "arg1", "about": {"en": "The first.", "pt": "O primeiro."}, "values": ["testing", "paris", "a test"]},
            {"name": "arg2", "about": "The second."},
        ],
        "parts": [{"text": {"en": "Prompt with arguments: arg1='{arg1}', arg2='{arg2}'", "pt": "Com argumentos: {arg1}, {arg2}"}}],
    },
    {
        "name": "test_prompt_with_embedded_resource", "title": "Resource", "about": "With a resource.",
        "arguments": [{"name": "resourceUri", "about": "Which."}],
        "parts": [{"resource": "{resourceUri}"}, {"text": "Please process the embedded resource above."}],
    },
    {
        "name": "test_prompt_with_image", "title": "Image", "about": "With an image.",
        "parts": [{"resource": "test://static-binary"}, {"text": "Please analyze the image above."}],
    },
    {
        "name": "test_input_required_result_prompt", "title": "Asks", "about": "Asks for what it needs.",
        "arguments": [{"name": "context", "about": "What context should the prompt use?"}], "parts": [{"text": "In {context}."}],
    },
    {"name": "late", "title": "Late", "about": "There with a tool.", "tools": ["test.idle_*"], "parts": [{"text": "idle"}]},
    {"name": "mine", "title": "Mine", "about": "Not everybody's.", "people": ["key:ana"], "parts": [{"resource": "test://files/{path}"}],
     "arguments": [{"name": "path", "about": "Which file."}]},
)  # fmt: skip
SERVERS = (
    {"name": "suite", "tools": ["test.*"], "names": "short"},
    {"name": "admins", "tools": ["*"], "roles": ["admin"]},
    {"name": "sums", "tools": ["test.add"]},
)


@dataclass
class Place:
    """Where it is served, and what is behind it."""

    serving: Serving
    acts: ToolActs
    backend: Everything
    asking: Everything
    desk: Desk
    tickets: Any
    endpoint: Endpoint

    @property
    def url(self) -> str:
        """All that one may use."""
        return f"{self.serving.url}/mcp"


async def _known(key: str | None, _: str) -> Principal:
    if key is None:
        return LOCAL
    if key not in KEYS:
        raise Unauthenticated("This API key is not valid: it is mistyped, revoked or expired. Check it, or ask an admin for a new one.")
    return KEYS[key]


@asynccontextmanager
async def a_place(
    store: Store, *, many: int = 0, settings: Mapping[str, Any] | None = None, server: ServerSettings | None = None,
    resource: Resource | None = None, tokens: Tokens | None = None, public: str = "", port: int = 0, rules: Sequence[Any] = RULES,
    methods: Callable[[ToolActs, McpSettings], Methods] = Methods, others: Sequence[Backend] = (),
) -> AsyncIterator[Place]:  # fmt: skip
    """Hulk's HTTP with `/mcp`, over the real acts and store, on a free port. Who sends no key is local."""
    trail, desk, backend, asking = Outbox(store, b"k" * 32), Desk(commit=store.commit), Everything(many), Everything(name="ask")
    tickets = await serving_tickets(store, trail, desk, around(), secret=SECRET, rotation=timedelta(days=1))
    written = ToolsSettings.model_validate(
        {"rules": [RuleSettings.model_validate(one) for one in rules], "servers": SERVERS, "prompts": PROMPTS}
    )
    mounted = [Mounted(backend=one, tenants=("*",)) for one in (backend, asking, *others)]
    acts = acts_of(store, written, mounted, desk, trail, tickets.ask, Rights())
    desk.workflows["tool-call"] = acts.run
    backend.changed = acts.catalogue.looked_at
    own = server or ServerSettings(rate_limit=100_000)
    mcp = McpSettings.model_validate(settings or {})
    async with serving(acts, mcp, Guard.of(mcp, own.host, public), own.max_body, methods) as endpoint:
        app = build(
            Config(server=own), routers=[routes(endpoint, resource)], gate=Gate.of(_known, own.rate_limit), tokens=tokens, checks={},
            metrics=Metrics(),
        )  # fmt: skip
        async with serve(app, bind("127.0.0.1", port), grace=timedelta(seconds=5)) as served:
            yield Place(served, acts, backend, asking, desk, tickets, endpoint)


async def _main(many: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with opened("", Path(folder)) as store:
            prepare(store.engine)
            async with a_place(store, many=many, settings={"close_after": "0.2s"}) as place:
                print(place.url, flush=True)
                await asyncio.to_thread(sys.stdin.read)
    return 0


if __name__ == "__main__":
    die_with_parent()
    begin("info", "json")
    sys.exit(run(lambda: _main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)))
