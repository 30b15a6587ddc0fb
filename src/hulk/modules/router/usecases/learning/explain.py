"""Telling afterwards why a model was chosen, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import NotFound
from hulk.kernel.tenancy import Principal
from hulk.modules.router.domain.learning.drift import Regime
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.learning.log import Kept
from hulk.modules.router.ports.learning import Choices, Regimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A choice, what was said of its answer, and since when and why its model was what it was."""

    kept: Kept
    feedback: Sequence[Feedback]
    regime: Regime | None


@dataclass(frozen=True, slots=True)
class ExplainChoice:
    """The choice of a decision, with all that was known and said."""

    choices: Choices
    regimes: Regimes

    async def __call__(self, by: Principal, decision: str) -> Explained:
        """Raises `NotFound`, also for one that `by` may not read."""
        kept = await self.choices.get(by.tenant, decision)
        if not by.may("read", "router", kept.occasion.namespace):
            raise NotFound("There is no choice of a model for the decision {id}.", id=decision[:80])
        said = [*await self.choices.feedback(by.tenant, decision), *await self.choices.feedback(by.tenant, kept.occasion.episode)]
        history = [one for one in await self.regimes.history(by.tenant) if (one.arm, one.regime) == (kept.arm, kept.regime)]
        return Explained(kept=kept, feedback=said, regime=history[-1] if history else None)
