"""Tickets for workers and people in the running program: put together with what they need of other modules, and kept in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from fastapi import APIRouter

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import utc_now
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.identity import Identity
from hulk.modules.intents import Intents
from hulk.modules.intents.wiring import intents_of
from hulk.modules.quotas import QuotaActs
from hulk.modules.tickets import Chain, Surroundings
from hulk.modules.tickets.api import key_set_routes, kind_routes, lease_routes, ticket_routes
from hulk.modules.tickets.wiring import Service
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.background import Rounds
from hulk.runtime.config import Config
from hulk.runtime.http import Authenticate
from hulk.runtime.store import Store
from hulk.runtime.workflows import Workflows

LEASE_TOKENS = "eyJ"
"""How every JWT begins (`{"`), and no API key."""
SWEEP_SECONDS = 1.0
"""How long a lease may have run out before its tickets are put back."""


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


def lease_holders(service: Service, others: Authenticate) -> Authenticate:
    """Finds out who calls: the holder of a lease by its token, with no rights but over what it holds; by any other key, as `others` do."""

    async def authenticate(key: str | None, host: str) -> Principal:
        if key and key.startswith(LEASE_TOKENS):
            lease = await service.tokens.verify(key)
            return Principal(tenant=lease.tenant, actor=lease.actor, grants=(), lease=key)
        return await others(key, host)

    return authenticate


def routes_of(service: Service) -> list[APIRouter]:
    """Tickets, leases and kinds over HTTP, and the keys that verify leases."""
    return [
        ticket_routes(service),
        lease_routes(service),
        kind_routes(service, utc_now),
        key_set_routes(service.tokens.public),
    ]


def waits_of(config: Config) -> Mapping[str, timedelta]:
    """How long people are waited for, by the kinds of what they are asked."""
    question = config.section(AgentsSettings).wait
    return {"tool.approval": config.section(ToolsSettings).wait, "agent.question": question, "agent.review": question}


async def kept_in_time(rounds: Rounds, service: Service, waits: Mapping[str, timedelta]) -> None:
    """Do to tickets what time demands, and keep the keys that sign leases young. `waits`: how long people are waited for, by the kinds of
    what they are asked; what asked them before that was so has it from the first round on."""
    endless = [waits]

    async def sweep() -> None:
        while endless:
            await service.bound(endless[0])
            endless.clear()
        while await service.sweep():
            pass
        if service.tokens.due:
            await service.tokens.keep()

    await rounds.every(SWEEP_SECONDS, sweep, "tickets_not_swept")
