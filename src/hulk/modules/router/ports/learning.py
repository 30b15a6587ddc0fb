"""What learning needs: something that predicts, places for choices, feedback, versions and experiments, and embeddings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from hulk.kernel.durable import Change
from hulk.modules.router.domain.learning.case import Arm, Features, Graded, Predicted
from hulk.modules.router.domain.learning.drift import Regime
from hulk.modules.router.domain.learning.experiments import Experiment
from hulk.modules.router.domain.learning.feedback import Feedback
from hulk.modules.router.domain.learning.log import Given, Kept


class Learner(Protocol):
    """Graded questions, and what they say of a new one. Used by one task at a time; no call of it waits."""

    @property
    def seen(self) -> int:
        """How many graded questions it holds: the newest, at most so many."""

    @property
    def outgrown(self) -> bool:
        """Whether so much has come since it was fitted that it should be fitted anew."""

    def predict(self, features: Features, arms: Sequence[Arm]) -> Predicted:
        """An estimate for each arm, in their order."""

    def learn(self, row: Graded) -> None:
        """Take in a graded question. One of that id that is there already is taken out first, so a grade counts once."""

    def reset(self, arm: str, regime: str) -> None:
        """The arm is now in this regime: grades of others count for little (`drift`)."""


class Learning(Protocol):
    """Makes learners."""

    @property
    def rows(self) -> int:
        """The most graded questions that one holds."""

    async def learner(self, rows: Sequence[Graded], regimes: Mapping[str, str]) -> Learner:
        """A learner of these, the newest last; `regimes` are those that the arms are in now."""


class Choices(Protocol):
    """The choices made, with what came of them. A choice's reward changes only with feedback, and each change has a number: 1, 2, …
    in each tenant."""

    def record(self, kept: Kept) -> Change[None]:
        """Keep a choice; one of that decision that is there stays as it is."""

    def measured(self, tenant: str, decision: str, cost: float, seconds: float) -> Change[None]:
        """What an answer cost, in `finops.currency`, and how long it took; nothing where no such choice is kept."""

    async def get(self, tenant: str, decision: str) -> Kept:
        """The choice of that decision; raises `NotFound`."""

    async def of_episode(self, tenant: str, episode: str) -> Sequence[Kept]:
        """The choices of an episode, oldest first."""

    def give(self, feedback: Feedback) -> Change[Given]:
        """Keep somebody's feedback unless it came before or a later one did, and give the answers it is about their rewards. The
        first reward of an episode is told as that once: not again when it was taken back."""

    async def feedback(self, tenant: str, subject: str) -> Sequence[Feedback]:
        """What was said of a decision or an episode, by whom it was said."""

    async def rewarded(self, tenant: str, after: int, most: int) -> tuple[Sequence[Kept], int]:
        """The last `most` choices whose reward changed after that number, in that order; and the number of the last change."""

    async def between(self, tenant: str, since: datetime, until: datetime, most: int) -> Sequence[Kept]:
        """The newest `most` choices of those times, oldest first."""


class Regimes(Protocol):
    """The versions and prices at which models were seen."""

    def began(self, regime: Regime) -> Change[None]:
        """Keep that a regime began; the same again is kept once."""

    async def history(self, tenant: str) -> Sequence[Regime]:
        """All of a tenant's, oldest first: the last of an arm is the one it is in."""


class Experiments(Protocol):
    """The experiments."""

    def create(self, experiment: Experiment) -> Change[None]:
        """Keep a new one; raises `Conflict` when the tenant has one of that name."""

    def change(self, tenant: str, id_: str, rule: Callable[[Experiment], Experiment]) -> Change[tuple[Experiment, Experiment]]:
        """Apply `rule` to one, which nobody else changes meanwhile; how it was, and how it is. Raises `NotFound`."""

    async def get(self, tenant: str, name: str) -> Experiment:
        """The one of that id or name; raises `NotFound`."""

    async def of_tenant(self, tenant: str) -> Sequence[Experiment]:
        """All, the newest first."""


class Embeds(Protocol):
    """Sentences as vectors."""

    async def packed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """Each as `Features.embedding`. Raises `Refused` when the model is not installed, `Unavailable` when it does not answer."""
