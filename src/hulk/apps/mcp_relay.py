"""What `hulk mcp` answers: all of it is asked of the Hulk that it relays to.

A program of 2025-11-25 hears of changes by itself and is asked amid a call; one of 2026-07-28 listens, and asks again with the answers."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import mcp_types as types
import structlog
from mcp import Client
from mcp.client.subscriptions import SubscriptionLost
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ServerEvent
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import event_to_notification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

if TYPE_CHECKING:
    from hulk.apps.mcp import Upstream

log = structlog.get_logger(__name__)
R = TypeVar("R")
_AGAIN_SECONDS = 5.0
_OURS = "hulk/"


class Relayed:
    """The methods."""

    def __init__(self, upstream: "Upstream") -> None:
        self.upstream, self.bus = upstream, InMemorySubscriptionBus()
        self._session: Any = None
        self._wanted = dict[str, int]()
        self._others = asyncio.Event()

    async def begun(self, context: Any, _: Any) -> None:
        """A client of an older revision is there."""
        self._session = context.session

    async def tools(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """See `/mcp`."""
        return await self._plain(lambda client: client.list_tools(cursor=_cursor(params)))

    async def resources(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """See `/mcp`."""
        return await self._plain(lambda client: client.list_resources(cursor=_cursor(params)))

    async def templates(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListResourceTemplatesResult:
        """See `/mcp`."""
        return await self._plain(lambda client: client.list_resource_templates(cursor=_cursor(params)))

    async def prompts(self, _: Any, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """See `/mcp`."""
        return await self._plain(lambda client: client.list_prompts(cursor=_cursor(params)))

    async def complete(self, _: Any, params: types.CompleteRequestParams) -> types.CompleteResult:
        """See `/mcp`."""
        argument, before = {"name": params.argument.name, "value": params.argument.value}, params.context
        return await self._plain(lambda client: client.complete(params.ref, argument, before.arguments if before else None))

    async def read(self, _: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """See `/mcp`."""
        return await self._plain(lambda client: client.read_resource(params.uri))

    async def call(self, context: Any, params: types.CallToolRequestParams) -> types.CallToolResult | types.InputRequiredResult:
        """See `/mcp`."""
        given = context.meta or {}
        meta: Any = {name: value for name, value in given.items() if name.startswith(_OURS)} or None
        heard = context.session.report_progress if "progress_token" in given else None

        async def ask(client: Client) -> types.CallToolResult | types.InputRequiredResult:
            if not _later(context):
                return await client.call_tool(params.name, params.arguments, progress_callback=heard, meta=meta)
            return await client.session.call_tool(
                params.name, params.arguments, None, heard, input_responses=params.input_responses, request_state=params.request_state,
                meta=meta, allow_input_required=True,
            )  # fmt: skip

        return await self.upstream.asked(ask, _forms(context))

    async def prompt(self, context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult | types.InputRequiredResult:
        """See `/mcp`."""

        async def ask(client: Client) -> types.GetPromptResult | types.InputRequiredResult:
            if not _later(context):
                return await client.get_prompt(params.name, params.arguments)
            return await client.session.get_prompt(
                params.name, params.arguments, input_responses=params.input_responses, request_state=params.request_state,
                allow_input_required=True,
            )  # fmt: skip

        return await self.upstream.asked(ask, _forms(context))

    async def subscribe(self, _: Any, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """See `/mcp`; what may not be read is not heard of, and reading it says why."""
        await self._plain(lambda client: client.read_resource(str(params.uri)))
        self._want(str(params.uri), 1)
        return types.EmptyResult()

    async def unsubscribe(self, _: Any, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """See `/mcp`."""
        self._want(str(params.uri), -self._wanted.get(str(params.uri), 0))
        return types.EmptyResult()

    async def listen(self, context: Any, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
        """See `/mcp`."""
        uris = params.notifications.resource_subscriptions or ()
        try:
            for uri in uris:
                self._want(uri, 1)
            return await ListenHandler(self.bus)(context, params)
        finally:
            for uri in uris:
                self._want(uri, -1)

    def _want(self, uri: str, more: int) -> None:
        self._wanted[uri] = self._wanted.get(uri, 0) + more
        if self._wanted[uri] <= 0:
            del self._wanted[uri]
        self._others.set()

    async def _plain(self, ask: Callable[[Client], Awaitable[R]]) -> R:
        return await self.upstream.asked(ask)

    async def told(self) -> None:
        """Tell on what has changed, for as long as that Hulk says so; ends only by cancellation."""
        from hulk.apps.mcp import away, innermost

        while True:
            self._others.clear()
            try:
                await self._heard(tuple(self._wanted))
                continue
            except (ExceptionGroup, MCPError, SubscriptionLost, *away()) as error:
                log.debug("mcp_upstream_away", reason=type(innermost(error)).__name__)  # calls say so
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_SECONDS):
                    await self._others.wait()

    async def _heard(self, uris: tuple[str, ...]) -> None:
        """Until something else is wanted."""
        listening = {
            "tools_list_changed": True,
            "prompts_list_changed": True,
            "resources_list_changed": True,
            "resource_subscriptions": uris,
        }
        async with self.upstream.client() as client, client.listen(**listening) as changes, asyncio.TaskGroup() as group:  # type: ignore[arg-type]  # as they are named

            async def on() -> None:
                async for event in changes:
                    await self._tell(event)
                raise SubscriptionLost("the stream has ended")

            hearing = group.create_task(on())
            await self._others.wait()
            hearing.cancel()

    async def _tell(self, event: ServerEvent) -> None:
        await self.bus.publish(event)
        if self._session is not None:
            await self._session.send_notification(event_to_notification(event, {}))


def _cursor(params: types.PaginatedRequestParams | None) -> str | None:
    return params.cursor if params else None


def _later(context: Any) -> bool:
    """Whether its client asks again with what a person has answered."""
    return context.protocol_version in MODERN_PROTOCOL_VERSIONS


def _forms(context: Any) -> Any:
    """Shows a form at the client, if it says that it can: for one that asks again, only that it can is told on."""
    declared = context.session.client_capabilities
    if declared is None or declared.elicitation is None:
        return None

    async def shown(_: Any, params: types.ElicitRequestParams) -> types.ElicitResult | types.ErrorData:
        if isinstance(params, types.ElicitRequestURLParams):
            return types.ErrorData(code=types.INVALID_PARAMS, message="Only forms are shown.")
        found: types.ElicitResult = await context.session.elicit_form(params.message, params.requested_schema, context.request_id)
        return found

    return shown
