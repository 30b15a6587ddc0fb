"""The systems of the settings, with what each needs to be asked; nothing is connected before the first call, but MCP servers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.watched import ToolFigures, WatchedBackend
from hulk.modules.tools.adapters.sql_pins import SqlPins
from hulk.modules.tools.ports import Backend, Foreign, Sent
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.usecases.catalogue import Mounted
from hulk.modules.tools.usecases.pinning import ApprovedTools, ApproveTools, FirstUse, PinnedBackend, ReviewServer, RevokeTools
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
    """The systems, and who may use them."""

    mounted: Sequence[Mounted]
    watched: Callable[[Backend], Backend]
    """Counts the calls of one more."""
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


@dataclass(frozen=True, slots=True)
class Made:
    """MCP servers and the other systems, by their names, and what is searched."""

    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    systems: Mapping[str, Backend] = field(default_factory=dict)
    knowledge: Backend | None = None


def connected(settings: SystemsSettings, made: Made, around: Around) -> Connected:
    """All systems of the settings, once they are made."""
    figures, pins = ToolFigures.of(around.metrics), SqlPins(around.store)
    approved = ApprovedTools(pins)

    def stale(server: str) -> None:
        approved.stale(server)
        around.stale()

    first = FirstUse(pins, around.trail, around.store.commit, around.clock)
    pinned = {
        one.name: PinnedBackend(made.foreign[one.name], approved, first if one.trust == "first_use" else None) for one in settings.mcp
    }
    systems: Mapping[str, Backend] = {**made.systems, **pinned}
    mounted = [
        Mounted(backend=WatchedBackend(systems[one.name], figures, around.breakers, one.tools), tenants=one.tenants)
        for _, one in settings.all()
    ]
    if made.knowledge is not None:
        tenants = {tenant for one in settings.knowledge for tenant in one.tenants}
        mounted.append(Mounted(backend=WatchedBackend(made.knowledge, figures, around.breakers), tenants=tuple(sorted(tenants))))
    pinning = _pinning(made.foreign, pins, around, stale)
    return Connected(mounted=mounted, watched=lambda one: WatchedBackend(one, figures), pinning=pinning)


def _pinning(foreign: Mapping[str, Foreign], pins: SqlPins, around: Around, stale: Callable[[str], None]) -> Pinning:
    commit: Commit = around.store.commit
    return Pinning(
        review=ReviewServer(foreign, pins, commit),
        approve=ApproveTools(foreign, pins, around.trail, commit, around.clock, stale),
        revoke=RevokeTools(foreign, pins, around.trail, commit, stale),
    )
