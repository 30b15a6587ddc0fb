"""Showing an intent."""

from dataclasses import dataclass

from hulk.kernel import ids
from hulk.kernel.errors import NotFound
from hulk.kernel.money import Money
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock, utc_now
from hulk.modules.intents.domain import Intent, agent_run
from hulk.modules.intents.ports import Agents, CostOf, Decisions, Intents
from hulk.modules.router import Decision
from hulk.modules.tickets import Artefact, Ticket, Tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentView:
    """An intent with all that belongs to it, as it stands."""

    intent: Intent
    decision: Decision | None
    tickets: tuple[Ticket, ...]
    artefacts: tuple[Artefact, ...]
    cost: Money
    seconds: float


@dataclass(frozen=True, slots=True)
class ShowIntent:
    """Gathers an intent with its decision, tickets, artefacts and cost."""

    intents: Intents
    decisions: Decisions
    tickets: Tickets
    cost: CostOf
    agents: Agents
    clock: Clock = utc_now

    async def __call__(self, intent_id: str, principal: Principal) -> IntentView:
        """The view; raises `NotFound` also for an intent that the principal may not see."""
        intent = await self.intents.get(ids.parse(intent_id, "int"))
        if intent.tenant != principal.tenant or not principal.may("read", "intents", intent.namespace):
            raise NotFound("There is no intent {id}.", id=intent_id)
        decisions = await self.decisions.of_intent(intent.tenant, intent.id)
        decision = next((one for one in decisions if one.id == intent.decision), None)
        by_agent = await self.agents.artefacts(agent_run(intent)) if decision is not None and decision.kind == "agent" else ()
        return IntentView(
            intent=intent,
            decision=decision,
            tickets=tuple(await self.tickets.of_intent(intent.id)),
            artefacts=(*await self.tickets.artefacts(intent.id), *by_agent),
            cost=await self.cost(intent.tenant, intent.id),
            seconds=intent.seconds(self.clock()),
        )
