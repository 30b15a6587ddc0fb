"""MCP's methods on the acts, in the revisions to 2025-11-25 and in 2026-07-28."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions, Server
from mcp.server.models import InitializationOptions
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.transport_security import TransportSecuritySettings

import hulk
from hulk.modules.tools.mcp.asker import ASKING, asker_of
from hulk.modules.tools.mcp.calling import KEY, Calling
from hulk.modules.tools.mcp.completing import Completing
from hulk.modules.tools.mcp.guard import Guard
from hulk.modules.tools.mcp.pages import Pages
from hulk.modules.tools.mcp.prompting import Prompting
from hulk.modules.tools.mcp.reading import Reading
from hulk.modules.tools.mcp.replay import Held
from hulk.modules.tools.mcp.sessions import Agreed, Levels, Sessions
from hulk.modules.tools.mcp.watching import Watching
from hulk.modules.tools.settings import McpSettings
from hulk.modules.tools.usecases.acts import ToolActs

__all__ = ["KEY", "Methods"]
INSTRUCTIONS = (
    "Tools of the company's systems, as far as you may use them. Calls that change something may wait for a person: their answer says so, "
    "and call_status tells later what came of them. With a key of your own in _meta (hulk/idempotency-key), asking again repeats nothing."
)
_AGAIN_MS = 500
"""Milliseconds after which a client whose stream was cut is asked to come back."""
Context = ServerRequestContext[Any, Any]


class HulkServer(Server[Any]):
    """Which tells clients of older revisions, too, that what it has may change."""

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """See `Server`."""
        options = notification_options or NotificationOptions(prompts_changed=True, resources_changed=True, tools_changed=True)
        return super().create_initialization_options(options, experimental_capabilities, extensions)


@dataclass
class Methods:
    """What is answered. `key` (32 bytes) seals what a client keeps for us between the rounds of a call: all processes that may be asked for
    the next round need the same."""

    acts: ToolActs
    settings: McpSettings
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    levels: Levels = field(default_factory=Levels)
    agreed: Agreed = field(default_factory=Agreed)

    def __post_init__(self) -> None:
        reading = Reading(self.acts, Pages(self.acts))
        self._reading, self._calling = reading, Calling(self.acts, self.settings, self.levels)
        self._prompting = Prompting(self.acts, reading, self.settings.answer_within)
        self._watching = Watching(self.acts, reading)

    async def telling(self) -> None:
        """Tell all that are connected what has changed; ends only by cancellation."""
        self._watching.begin()
        await self._watching.telling()

    def server(self) -> Server[Any]:
        """The protocol's side of them."""
        made: Server[Any] = HulkServer(
            "hulk", title="Hulk", version=hulk.__version__, instructions=INSTRUCTIONS, get_tool_input_schema=self._schema,
            on_list_tools=self._calling.list, on_call_tool=self._calling.call, on_list_resources=self._reading.list,
            on_list_resource_templates=self._reading.templates, on_read_resource=self._reading.read,
            on_subscribe_resource=self._watching.subscribe, on_unsubscribe_resource=self._watching.unsubscribe,
            on_subscriptions_listen=self._watching.listen, on_list_prompts=self._prompting.list, on_get_prompt=self._prompting.get,
            on_completion=Completing(self.acts),
        )  # fmt: skip
        made.add_request_handler("logging/setLevel", types.SetLevelRequestParams, self.level)
        made.add_notification_handler("notifications/initialized", types.NotificationParams, self.begun)
        made.middleware.append(RequestStateBoundary(self._security(), default_audience="hulk"))
        return made

    def manager(self, guard: Guard, most: int) -> Sessions:
        """What has it answer over HTTP, by the names and to the pages of `guard`, messages of at most so many bytes."""
        security = TransportSecuritySettings(allowed_hosts=list(guard.hosts), allowed_origins=list(guard.origins))
        return Sessions(
            Held(self.settings.replayed), self.agreed, self.server(), security_settings=security, retry_interval=_AGAIN_MS,
            session_idle_timeout=self.settings.idle.total_seconds(), max_request_body_size=most, max_sessions=self.settings.sessions,
        )  # fmt: skip

    def _security(self) -> RequestStateSecurity:
        return RequestStateSecurity(keys=[self.key], ttl=self.settings.answer_within.total_seconds() * 2, bind_principal=_whose)

    def _schema(self, name: str) -> Mapping[str, Any] | None:
        """What headers must repeat of arguments (`x-mcp-header`, 2026-07-28) is looked up among the tools as they were last listed."""
        return ASKING.get().schema(self.acts.catalogue, name)

    async def begun(self, context: Context, _: types.NotificationParams | None) -> None:
        """A session has begun."""
        self.agreed.begun(context)
        self._watching.begun(context)

    async def level(self, context: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        """From which level on a session wants log messages."""
        self.levels.set(context, params.level)
        return types.EmptyResult()


def _whose(context: Context) -> str:
    """Who may give a state back: whoever was given it, at the same virtual server."""
    asker = asker_of(context.request)
    return "\0".join((asker.by.tenant, asker.by.actor, asker.server.name if asker.server else ""))
