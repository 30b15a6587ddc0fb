"""MCP's methods on the acts: `tools/list` and `tools/call`, in the revisions to 2025-11-25 and in 2026-07-28."""

import asyncio
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

import hulk
from hulk.kernel.errors import HulkError, Invalid, NotFound
from hulk.kernel.text import Text
from hulk.modules.tools.mcp import own
from hulk.modules.tools.mcp.answers import answered, refused
from hulk.modules.tools.mcp.asker import ASKING, Asker, asker_of
from hulk.modules.tools.mcp.listing import BadCursor, named, paged, tool_of
from hulk.modules.tools.mcp.sessions import Levels, Sessions
from hulk.modules.tools.ports import Progress
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.call import Called, Wanted
from hulk.modules.tools.usecases.finding import Search

KEY = "hulk/idempotency-key"
"""In a call's `_meta`: unique to it, so that whoever asks again with it gets what came of the first."""
_ALL = 100_000
_TICKET_SECONDS = (0.05, 0.1, 0.2, 0.4)
"""How long a call that waits for a person is looked at until its ticket is there."""
INSTRUCTIONS = (
    "Tools of the company's systems, as far as you may use them. Calls that change something may wait for a person: their answer says so, "
    "and call_status tells later what came of them. With a key of your own in _meta (hulk/idempotency-key), asking again repeats nothing."
)

Context = ServerRequestContext[Any, Any]


class HulkServer(Server[Any]):
    """Which tells clients of older revisions, too, that its tools may change."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """See `Server`."""
        options = notification_options or NotificationOptions(tools_changed=True)
        return super().create_initialization_options(options, experimental_capabilities, extensions)


@dataclass
class Methods:
    """What is answered. `search_from` is how many tools somebody may use before one that finds them is there."""

    acts: ToolActs
    search_from: int
    levels: Levels = field(default_factory=Levels)
    sessions: Sessions = field(default_factory=Sessions)
    bus: InMemorySubscriptionBus = field(default_factory=InMemorySubscriptionBus)

    async def tell(self) -> None:
        """Tell all that are connected that tools may be others now."""
        await self.bus.publish(ToolsListChanged())
        await self.sessions.tell()

    def server(self) -> Server[Any]:
        """The protocol's side of them."""
        listen = ListenHandler(self.bus)
        made: Server[Any] = HulkServer(
            "hulk", title="Hulk", version=hulk.__version__, instructions=INSTRUCTIONS, on_list_tools=self.list, on_call_tool=self.call,
            on_subscriptions_listen=listen, get_tool_input_schema=self._schema,
        )  # fmt: skip
        made.add_request_handler("logging/setLevel", types.SetLevelRequestParams, self.level)
        made.add_notification_handler("notifications/initialized", types.NotificationParams, self.sessions.begun)
        return made

    def _schema(self, name: str) -> Mapping[str, Any] | None:
        """What headers must repeat of arguments (`x-mcp-header`, 2026-07-28) is looked up among the tools as they were last listed."""
        return ASKING.get().schema(self.acts.catalogue, name)

    async def list(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools that the caller may use now. Raises `MCPError` for a cursor that is not ours, and when nobody knows right now."""
        asker = asker_of(context.request)
        try:
            found = named(await self._usable(asker), await asker.called(self.acts.catalogue))
            page, following = paged(found, params.cursor if params else None)
        except BadCursor as error:
            raise MCPError(types.INVALID_PARAMS, asker.voice.say(Text("This cursor is not one that was given here."))) from error
        except HulkError as error:
            raise MCPError(types.INTERNAL_ERROR, asker.voice.say(error.text)) from error
        first = own.listed(asker.server, many=len(found) > self.search_from) if not (params and params.cursor) else []
        return types.ListToolsResult(tools=[*first, *(tool_of(*one) for one in page)], next_cursor=following)

    async def _usable(self, asker: Asker) -> Any:
        return await self.acts.find(asker.by, Search(server=asker.server, most=_ALL))

    async def call(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Call it. Raises `MCPError` for a tool that there is not."""
        asker = asker_of(context.request)
        try:
            if (meant := own.meant(params.name, asker.server)) is not None:
                return await own.Own(self.acts)(asker, meant, params.arguments or {})
            return await self._called(context, asker, params)
        except HulkError as error:
            return refused(error, asker.voice)

    async def _called(self, context: Context, asker: Asker, params: types.CallToolRequestParams) -> types.CallToolResult:
        wanted = Wanted(
            tool=await self._name(asker, params.name), arguments=params.arguments or {}, key=_key(context), server=asker.server,
            language=asker.voice.language, progress=self._progress(context, params.name),
        )  # fmt: skip
        try:
            called = await self.acts.call(asker.by, wanted)
        except NotFound as error:
            raise self._unknown(asker, params.name) from error
        return answered(await self._with_ticket(asker, called), asker.voice, self.acts.call.schemas)

    async def _name(self, asker: Asker, name: str) -> str:
        tools = await asker.called(self.acts.catalogue)
        if tools is None:
            return name
        if (tool := tools.get(name)) is None:
            raise self._unknown(asker, name)
        return tool.name

    def _unknown(self, asker: Asker, name: str) -> MCPError:
        text = Text("There is no tool {name} here; tools/list gives those that there are.", name=name[:130])
        return MCPError(types.INVALID_PARAMS, asker.voice.say(text))

    async def _with_ticket(self, asker: Asker, called: Called) -> Called:
        """The call with the ticket in which a person decides, which is opened by a run of its own a moment later."""
        for seconds in _TICKET_SECONDS:
            if called.call.status != "waiting" or called.call.ticket is not None:
                break
            await asyncio.sleep(seconds)
            called = await self.acts.calls(asker.by, called.call.id)
        return called

    def _progress(self, context: Context, tool: str) -> Progress:
        """Tells how far it is to who asked for that, else its words as log messages."""

        async def told(done: float, whole: float | None, word: str) -> None:
            if context.meta and "progress_token" in context.meta:
                await context.session.report_progress(done, whole, word or None)
            elif word and self.levels.wants(context, "info"):
                await _log(context, word, tool)

        return told

    async def level(self, context: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        """From which level on a session wants log messages."""
        self.levels.set(context, params.level)
        return types.EmptyResult()


async def _log(context: Context, word: str, tool: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)  # clients of 2025-11-25 have nothing else
        telling = context.session.send_log_message("info", word, tool, related_request_id=context.request_id)
    await telling


def _key(context: Context) -> str:
    """The caller's own key; empty when there is none. Raises `Invalid`."""
    key = (context.meta or {}).get(KEY, "")
    if not isinstance(key, str) or not key.isprintable() or not key.isascii():
        raise Invalid([(f"_meta.{KEY}", Text("a text of printable ASCII characters is expected"))])
    return key


__all__ = ["KEY", "Methods"]
