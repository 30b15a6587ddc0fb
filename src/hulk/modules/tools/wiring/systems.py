"""The systems of the settings, with what each needs to be asked; nothing is connected before the first call, but MCP servers."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.mounted import configured
from hulk.modules.tools.adapters.backends.shell import Sent
from hulk.modules.tools.adapters.backends.watched import ToolFigures, WatchedBackend
from hulk.modules.tools.adapters.sql_pins import SqlPins
from hulk.modules.tools.ports import Backend, Foreign
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.usecases.catalogue import Mounted
from hulk.modules.tools.usecases.pinning import ApprovedTools, ApproveTools, FirstUse, PinnedBackend, ReviewServer, RevokeTools
from hulk.modules.tools.wiring.applications import applications
from hulk.modules.tools.wiring.databases import databases
from hulk.modules.tools.wiring.here import knowledge_of, sandbox
from hulk.modules.tools.wiring.secrets import Follow, Secrets
from hulk.runtime.background import Rounds
from hulk.runtime.breaker import Breakers
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinning:
    """The acts on what third parties say of their tools."""

    review: ReviewServer
    approve: ApproveTools
    revoke: RevokeTools


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The systems, who may use them, and what they were told."""

    mounted: Sequence[Mounted]
    watched: Callable[[Backend], Backend]
    """Counts the calls of one more."""
    secrets: Secrets
    pinning: Pinning


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What systems need of the program. `folder` is where programs of MCP servers live; `data` what no sandbox may see."""

    store: Store
    trail: Trail
    breakers: Breakers
    metrics: Metrics
    rounds: Rounds
    folder: Path
    data: Path
    stale: Callable[[], None]
    """Told when what a system can do was changed here."""
    sent: Sent
    clock: Clock = utc_now


@contextlib.asynccontextmanager
async def connected(settings: SystemsSettings, follow: Follow, around: Around) -> AsyncIterator[Connected]:
    """All systems of the settings; MCP servers are ended with the block."""
    secrets, figures, pins = Secrets(follow), ToolFigures.of(around.metrics), SqlPins(around.store)
    approved = ApprovedTools(pins)

    def stale(server: str) -> None:
        approved.stale(server)
        around.stale()

    async with contextlib.AsyncExitStack() as stack:
        foreign = await _foreign(stack, settings, secrets, around.folder)
        first = FirstUse(pins, around.trail, around.store.commit, around.clock)
        systems: dict[str, Backend] = {
            one.name: PinnedBackend(foreign[one.name], approved, first if one.trust == "first_use" else None) for one in settings.mcp
        }
        systems |= {one.name: made for one, made in (*databases(settings, secrets), *applications(settings, secrets))}
        systems |= {one.name: await sandbox(one, around.data, around.sent) for one in settings.shell}
        mounted = [
            Mounted(backend=WatchedBackend(systems[one.name], figures, around.breakers, one.tools), tenants=one.tenants)
            for _, one in settings.all()
        ]
        if settings.knowledge:
            knowledge = await knowledge_of(settings.knowledge, around.data, around.rounds, stack)
            tenants = {tenant for one in settings.knowledge for tenant in one.tenants}
            mounted.append(Mounted(backend=WatchedBackend(knowledge, figures, around.breakers), tenants=tuple(sorted(tenants))))
        pinning = _pinning(foreign, pins, around, stale)
        yield Connected(mounted=mounted, watched=lambda one: WatchedBackend(one, figures), secrets=secrets, pinning=pinning)


async def _foreign(stack: contextlib.AsyncExitStack, settings: SystemsSettings, secrets: Secrets, folder: Path) -> Mapping[str, Foreign]:
    """MCP servers, by their names, until the stack is left."""
    made: dict[str, Foreign] = {}
    for place, one in enumerate(settings.mcp):
        own = folder / one.name
        own.mkdir(parents=True, exist_ok=True)
        made[one.name] = await stack.enter_async_context(configured(one, own, secrets.of(one.name, f"mcp[{place}]")))
    return made


def _pinning(foreign: Mapping[str, Foreign], pins: SqlPins, around: Around, stale: Callable[[str], None]) -> Pinning:
    commit: Commit = around.store.commit
    return Pinning(
        review=ReviewServer(foreign, pins, commit),
        approve=ApproveTools(foreign, pins, around.trail, commit, around.clock, stale),
        revoke=RevokeTools(foreign, pins, around.trail, commit, stale),
    )
