"""Decisions for who only wants to know, and decisions that were made."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.router.domain.decision import Decision, Question
from hulk.modules.router.ports import Decisions
from hulk.modules.router.usecases.decide import Decide
from hulk.modules.router.usecases.gateway import require


@dataclass(frozen=True, slots=True)
class DecideOnly:
    """Decide on a sentence without carrying it out, as an intent would be decided on."""

    decide: Decide
    commit: Commit

    async def __call__(self, by: Principal, question: Question) -> Decision:
        """The decision, which is kept. Raises `Forbidden`."""
        require(by)
        decision, changes = await self.decide(question)
        await self.commit(*changes)
        return decision


@dataclass(frozen=True, slots=True)
class ShowDecision:
    """A decision of the caller's tenant."""

    decisions: Decisions

    async def __call__(self, by: Principal, decision: str) -> Decision:
        """Raises `Forbidden`, and `NotFound` also for another tenant's."""
        if not by.may("read", "router"):
            raise Forbidden("Decisions need the role viewer in all of the tenant; your roles are {roles}.", roles=by.roles or "—")
        found = await self.decisions.get(decision)
        if found.tenant != by.tenant:
            raise NotFound("There is no decision {id}.", id=decision)
        return found
