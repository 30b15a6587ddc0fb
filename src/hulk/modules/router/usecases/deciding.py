"""Decisions for who only wants to know, and decisions that were made."""

from collections.abc import Sequence
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


def _require_reader(by: Principal) -> None:
    if not by.may("read", "router"):
        raise Forbidden("Decisions need the role viewer in all of the tenant; your roles are {roles}.", roles=by.roles or "—")


@dataclass(frozen=True, slots=True)
class ShowDecision:
    """A decision of the caller's tenant."""

    decisions: Decisions

    async def __call__(self, by: Principal, decision: str) -> Decision:
        """Raises `Forbidden`, and `NotFound` also for another tenant's."""
        _require_reader(by)
        found = await self.decisions.get(decision)
        if found.tenant != by.tenant:
            raise NotFound("There is no decision {id}.", id=decision)
        return found


@dataclass(frozen=True, slots=True)
class ListDecisions:
    """The decisions of the caller's tenant, the newest first."""

    decisions: Decisions

    async def __call__(self, by: Principal, before: str | None = None, most: int = 100) -> Sequence[Decision]:
        """Those older than the decision `before`. Raises `Forbidden`, and `NotFound` for a `before` that is none of theirs."""
        _require_reader(by)
        return await self.decisions.recent(by.tenant, before, most)
