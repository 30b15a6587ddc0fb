"""What several modules are built with: each is made once, before them."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import structlog

from hulk.apps.chain import chain
from hulk.apps.cluster import shared
from hulk.apps.ground import Ground
from hulk.apps.limits import limits_of
from hulk.apps.local_model import entered as local_model
from hulk.apps.uploads import Uploads
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.wiring import Delegating, book, delegating
from hulk.modules.finops import Finops
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.finops.wiring import wired as wired_finops
from hulk.modules.identity import Identity
from hulk.modules.identity.settings import IdentitySettings
from hulk.modules.identity.wiring import identity as wired_identity
from hulk.modules.identity.wiring import provider as oidc_provider
from hulk.modules.quotas import QuotaActs
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.cache import Caches
from hulk.runtime.cache import opened as opened_caches
from hulk.runtime.language import voice
from hulk.runtime.models import LocalServer
from hulk.runtime.workflows import Workflows

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What several modules are built with."""

    ground: Ground
    workflows: Workflows
    caches: Caches
    identity: Identity
    quotas: QuotaActs
    finops: Finops
    uploads: Uploads
    delegating: Delegating
    local: LocalServer | None
    """The model that is served here, where there is one."""


async def based(stack: AsyncExitStack, ground: Ground) -> Basis:
    """All of it over that ground, until the stack is left."""
    config, store, outbox, metrics = ground.config, ground.store, ground.outbox, ground.telemetry.metrics
    workflows, caches, identity = _workflows(ground), await _caches(stack, ground), await _identity(stack, ground)
    quotas = limits_of(config, store, outbox, identity)
    return Basis(
        ground=ground, workflows=workflows, caches=caches, identity=identity, quotas=quotas,
        finops=wired_finops(store, config.section(FinopsSettings), caches, quotas.monthly_spend, trail=outbox),
        uploads=Uploads(_blobs(ground), quotas, outbox, store.commit, config.server.max_upload),
        delegating=_delegating(ground, workflows),
        local=await local_model(stack, config, ground.data, ground.folder, metrics),
    )  # fmt: skip


def _workflows(ground: Ground) -> Workflows:
    engine = ground.config.engine
    return Workflows(
        ground.store, ground.bus, ground.outbox, slots=engine.slots, most_slots=engine.most_slots, queues=engine.queues,
        weights=engine.weights, queue_size=engine.queue_size, limit=engine.timeout, metrics=ground.telemetry.metrics, chain=chain,
    )  # fmt: skip


async def _caches(stack: AsyncExitStack, ground: Ground) -> Caches:
    """The caches; they listen to other processes where there may be any, which an embedded broker has not."""
    others = ground.bus if ground.config.nats.urls else None
    l2_url = ground.secrets.follow("cache.l2_url")
    caches = await stack.enter_async_context(opened_caches(ground.config.cache, ground.data / "cache", others, ground.breakers, l2_url))
    caches.measure(ground.telemetry.metrics)
    return caches


async def _identity(stack: AsyncExitStack, ground: Ground) -> Identity:
    settings = ground.config.section(IdentitySettings)
    oidc = await stack.enter_async_context(oidc_provider(settings))
    identity = wired_identity(ground.store, ground.outbox, local=ground.config.server.loopback, oidc=oidc, settings=settings)
    await identity.ensure_tenant()
    return identity


def _delegating(ground: Ground, workflows: Workflows) -> Delegating:
    """What begins tasks of the agents of the settings; raises `NotFound` and `Refused` for a file that cannot be used."""
    settings = ground.config.section(AgentsSettings)
    agents = book(settings.model_copy(update={"folders": tuple(ground.folder / one for one in settings.folders)}))
    return delegating(ground.store, agents, workflows, ground.outbox, voice)


def _blobs(ground: Ground) -> FolderBlobs:
    """The blobs in the data folder, or in the one that all share; scratch is always our own."""
    path = ground.config.blobs.path
    if path is None and shared(ground.config):
        log.warning("blobs_not_shared", why="files taken by one process are not seen by the others: set blobs.path to a shared folder")
    blobs = FolderBlobs(ground.data / "blobs") if path is None else FolderBlobs(path, ground.data / "scratch")
    blobs.sweep()
    return blobs
