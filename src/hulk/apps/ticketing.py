"""Tickets for workers and people in the running program: put together with what they need of other modules, and kept in time."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial

import structlog
from fastapi import APIRouter

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.identity import Identity
from hulk.modules.intents import Intents
from hulk.modules.intents.wiring import intents_of
from hulk.modules.quotas import QuotaActs
from hulk.modules.tickets import Chain, Surroundings
from hulk.modules.tickets.api import key_set_routes, kind_routes, lease_routes, ticket_routes
from hulk.modules.tickets.wiring import Service
from hulk.runtime.store import Store
from hulk.runtime.workflows import Workflows

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
"""How long a lease may have run out before its tickets are put back."""
KEY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class TicketRoom:
    """The tenants' quota of open tickets."""

    quotas: QuotaActs

    def take(self, tenant: str, count: int) -> Change[None]:
        """So many more; committing raises `OverQuota` when there is no room."""
        return self.quotas.quotas.take(tenant, "open_tickets", count)

    def give_back(self, tenant: str, count: int) -> Change[None]:
        """So many less."""
        return self.quotas.quotas.give_back(tenant, "open_tickets", count)


def surroundings(store: Store, workflows: Workflows, quotas: QuotaActs, identity: Identity) -> Surroundings:
    """What tickets need of the other modules."""
    return Surroundings(
        call_off=workflows.steering.cancel, chain=_chain(store), room=TicketRoom(quotas), require_namespace=identity.list_namespaces.require
    )


def _chain(store: Store) -> Chain:
    """Which intents of a tenant there are, and their plans."""
    return partial(_plan, intents_of(store))


async def _plan(intents: Intents, tenant: str, intent: str) -> str | None:
    found = await intents.get(intent)
    if found.tenant != tenant:
        raise NotFound("There is no intent {id}.", id=intent)
    return found.plan


def routes_of(service: Service) -> list[APIRouter]:
    """Tickets, leases and kinds over HTTP, and the keys that verify leases."""
    return [
        ticket_routes(service.find, service.show, service.create, service.move, service.comment, service.watch),
        lease_routes(service.lease, service.hold_on, service.finish, service.prove),
        kind_routes(service.register, service.list_kinds, utc_now),
        key_set_routes(service.tokens.public),
    ]


async def kept_in_time(service: Service) -> None:
    """Do to tickets what time demands, and keep the keys that sign leases young; ends only by cancellation."""
    keys = 0.0
    while True:
        try:
            while await service.sweep():
                pass
            if time.monotonic() >= keys:
                await service.tokens.keep()
                keys = time.monotonic() + KEY_SECONDS
        except Unavailable as error:
            log.warning("tickets_not_swept", reason=str(error))
        await asyncio.sleep(SWEEP_SECONDS)
