"""What deciding needs: the skills there are, something that scores sentences, models that answer, a place for decisions."""

from collections.abc import Sequence
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.modules.router.domain.decision import Decision
from hulk.modules.router.domain.matching import Candidate, Known, Scored, Scores
from hulk.modules.router.domain.model import Completion, Model, Prompt


class Catalogue(Protocol):
    """The skills that may be chosen. Filled in by whoever has them."""

    def candidates(self) -> tuple[Candidate, ...]:
        """All of them now; an equal tuple as long as nothing changed."""


class Fitted(Protocol):
    """A classifier that has seen what is known."""

    @property
    def left_out(self) -> Sequence[Scores]:
        """The scores of each known sentence, in order, as if it alone had not been seen."""

    async def scores(self, text: str) -> Scored:
        """The scores of a sentence for every skill that is known. Raises as `Classifier.fit` does."""


class Classifier(Protocol):
    """Learns from known sentences which skill a new one means."""

    async def fit(self, known: Sequence[Known]) -> Fitted:
        """Learn. Raises `Refused` when what it needs is not installed, `Unavailable` when it does not answer now."""


class Provider(Protocol):
    """Models behind their vendors' addresses. Neither questions nor answers are ever logged."""

    async def complete(self, model: Model, prompt: Prompt) -> Completion:
        """The model's answer within its limits of tokens and seconds.

        Raises `Refused` when asking again is no use (key, model name, request), `Unsent` when nothing was done, and `Uncertain`
        when it is not known whether the model did its work; both carry `retry_after` when the provider gave it."""


class Decisions(Protocol):
    """The decisions that were made."""

    def record(self, decision: Decision) -> Change[None]:
        """Keep a decision; one of that id that is there already stays as it is."""

    async def get(self, decision: str) -> Decision:
        """The decision; raises `NotFound`."""

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Decision]:
        """An intent's decisions, oldest first."""
