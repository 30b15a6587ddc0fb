"""Tools in the running program: the systems that they act on, put together with what they need of other modules."""

import hmac
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from fastapi import APIRouter

from hulk.apps.basis import Basis
from hulk.apps.schedules import Wishes
from hulk.kernel.records import JsonObject
from hulk.modules.agents import rules_of
from hulk.modules.identity import Identity
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.intents.api import IntentBody
from hulk.modules.tickets import TicketActs
from hulk.modules.tools import Backend, ToolActs
from hulk.modules.tools.api import pin_routes
from hulk.modules.tools.api import routes as tool_routes
from hulk.modules.tools.mcp import Guard, Resource, routes, serving
from hulk.modules.tools.settings import McpSettings, SystemsSettings, ToolsSettings
from hulk.modules.tools.wiring import Around, Made, Pinning, Secrets, acts_of, connected, own_tools
from hulk.runtime.background import Rounds
from hulk.runtime.config import Config
from hulk.runtime.http import Tokens
from hulk.runtime.language import voice
from hulk.runtime.scheduler import Scheduler

if TYPE_CHECKING:
    from hulk.modules.tools.mcp.protocol import Methods

log = structlog.get_logger(__name__)
SWEEP_SECONDS = 30.0
"""How long a call may stay unfinished after its process ended and its time was over."""


@dataclass(frozen=True, slots=True)
class ToolsAtWork:
    """The acts on tools, and on what third parties say of theirs."""

    acts: ToolActs
    pinning: Pinning

    @property
    def routers(self) -> list[APIRouter]:
        """Both over HTTP."""
        pinning = self.pinning
        return [tool_routes(self.acts), pin_routes(pinning.review, pinning.approve, pinning.revoke)]


async def tools_at_work(
    stack: AsyncExitStack, basis: Basis, tickets: TicketActs, scheduler: Scheduler, more: Sequence[Backend]
) -> ToolsAtWork:
    """The tools of all systems that the settings name, and of Hulk itself, `more` among them; MCP servers are ended with the stack."""
    ground, agents = basis.ground, basis.delegating.book
    settings, made = ground.config.section(ToolsSettings), list[ToolActs]()

    def stale() -> None:
        for acts in made:
            acts.catalogue.looked_at()

    around = Around(
        store=ground.store, trail=ground.outbox, breakers=ground.breakers, metrics=ground.telemetry.metrics, rounds=ground.rounds,
        folder=ground.data / "mcp", stale=stale, data=ground.data, sent=basis.uploads.path,
    )  # fmt: skip
    secrets = Secrets(lambda place: ground.secrets.follow(f"tools.systems.{place}"))
    systems = connected(settings.systems, await _made(stack, settings.systems, secrets, around), around)
    own = own_tools(tickets, voice, scheduler, _wish, ground.config.locale.timezone, more, systems.watched)
    mounted = [*own, *systems.mounted]
    granted = [rule for agent in agents.agents for rule in rules_of(agent)]
    made.append(
        acts_of(
            ground.store, settings, mounted, basis.workflows, ground.outbox, tickets.ask, basis.identity.standing, secrets,
            granted=granted, agents=agents.reach,
        )
    )  # fmt: skip
    return ToolsAtWork(made[0], systems.pinning)


async def _made(stack: AsyncExitStack, settings: SystemsSettings, secrets: Secrets, around: Around) -> Made:
    if not settings:
        return Made()
    from hulk.modules.tools.wiring.made import made  # adapters of all kinds, which who has no system does not need

    return await made(stack, settings, secrets, around)


def _wish(text: str) -> JsonObject:
    chosen = Wishes().chosen(IntentBody(text=text), None)
    assert chosen is not None  # noqa: S101  # an intent was given
    return chosen[1]


def mcp_guard(config: Config) -> Guard:
    """Under which names MCP is served."""
    return Guard.of(config.section(ToolsSettings).mcp, config.server.host, config.section(IdentitySettings).url)


def mcp_resource(config: Config) -> Resource | None:
    """What MCP is to the authorisation server, where there is one."""
    identity = config.section(IdentitySettings)
    return Resource(identity.url, identity.issuer) if identity.issuer else None


def mcp_tokens(config: Config, identity: Identity) -> Tokens | None:
    """Whose access tokens of that server are."""
    resource = mcp_resource(config)
    if resource is None or identity.tokens is None:
        return None
    return Tokens(resource.audiences, resource.described, identity.tokens)


async def mcp_routes(stack: AsyncExitStack, config: Config, acts: ToolActs, secret: bytes) -> Sequence[APIRouter]:
    """Tools over MCP, until the stack is left; `secret` is the same in all processes of an installation."""
    settings = config.section(ToolsSettings).mcp
    if not settings.enabled:
        return ()
    endpoint = await stack.enter_async_context(
        serving(acts, settings, mcp_guard(config), config.server.max_body, partial(_methods, secret))
    )
    return (routes(endpoint, mcp_resource(config)),)


def _methods(secret: bytes, acts: ToolActs, settings: McpSettings) -> "Methods":
    from hulk.modules.tools.mcp.protocol import Methods  # the library takes half a second: not before somebody asks

    return Methods(acts, settings, hmac.digest(secret, b"mcp/request-state", "sha256"))


async def closing_calls(rounds: Rounds, acts: ToolActs) -> None:
    """Say of calls whose process ended in the middle that nobody knows how they ended."""

    async def close() -> None:
        while closed := await acts.sweep():
            log.warning("tool_calls_uncertain", calls=closed)

    await rounds.every(SWEEP_SECONDS, close, "tool_calls_not_swept")
