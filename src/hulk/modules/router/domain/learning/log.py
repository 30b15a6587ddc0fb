"""What is kept of each choice, so that its reward can be learnt from days later, and other policies judged by it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hulk.kernel.text import Text
from hulk.modules.router.domain.learning.case import Aims, Estimate, Features, Grade, Graded
from hulk.modules.router.domain.learning.choosing import Choice, How
from hulk.modules.router.domain.learning.exploring import chances
from hulk.modules.router.domain.learning.feedback import About, Feedback, rewarded
from hulk.modules.router.domain.learning.offpolicy import Played


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A decision to be made: for whom, in which conversation (`episode`), about what, and whether it must stay in the company."""

    decision: str
    tenant: str
    episode: str
    features: Features
    namespace: str = "default"
    p0: bool = False
    trials: frozenset[str] | None = None
    """The experiments between prompts or policies that were carried out, by id; None for all that there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A choice as it is kept. `regime` is the arm's then; cost and seconds come when it has answered, the reward with feedback."""

    occasion: Occasion
    at: datetime
    arm: str
    regime: str
    how: How
    chances: Mapping[str, float]
    estimates: Mapping[str, Estimate]
    reasons: tuple[Text, ...] = ()
    cost: float | None = None
    seconds: float | None = None
    reward: float | None = None
    enrolled: Mapping[str, str] = field(default_factory=dict)
    """Experiments that the answer takes part in, by id, with the name of its variant."""

    @property
    def graded(self) -> Graded:
        """As the learner takes it: without a grade while it has no reward."""
        grade = None if self.reward is None else Grade(self.reward, self.cost or 0.0, self.seconds or 0.0, self.regime)
        grades = {} if grade is None else {self.arm: grade}
        return Graded(id=self.occasion.decision, features=self.occasion.features, grades=grades)


def kept(occasion: Occasion, choice: Choice, regime: str, at: datetime) -> Kept:
    """What is kept of it."""
    return Kept(
        occasion=occasion, at=at, arm=choice.arm, regime=regime, how=choice.how, chances=choice.chances, estimates=choice.estimates,
        reasons=choice.reasons, enrolled={one.experiment: one.variant.name for one in choice.enrolments},
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A policy to be judged: always one arm where it was allowed, or the best by `aims` with these chances for the others."""

    always: str | None = None
    aims: Aims = field(default_factory=Aims)
    greed: float = 1e6
    floor: float = 0.0


def played(logged: Sequence[Kept], candidate: Candidate) -> tuple[Played, ...]:
    """Those with a reward, as the estimators take them. Where the arm that is always wanted was not allowed, nothing changes."""
    return tuple(_played(one, candidate, one.reward) for one in logged if one.reward is not None)


def _played(one: Kept, candidate: Candidate, reward: float) -> Played:
    predicted = {arm: estimate.quality for arm, estimate in one.estimates.items()}
    return Played(
        arm=one.arm, propensity=one.chances[one.arm], reward=reward, target=_target(one, candidate), predicted=predicted
    )  # fmt: skip


def _target(one: Kept, candidate: Candidate) -> Mapping[str, float]:
    if candidate.always is not None:
        return {candidate.always: 1.0} if candidate.always in one.chances else one.chances
    index = {arm: candidate.aims.utility(it.quality, it.cost, it.seconds) for arm, it in one.estimates.items() if arm in one.chances}
    return chances(index, greed=candidate.greed, floor=candidate.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewarded:
    """An answer whose reward feedback has changed, as it is now. `first`: no answer of its episode ever had one before."""

    kept: Kept
    before: float | None
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What became of feedback: what that person had said before, whether the new counts, and the answers whose reward changed."""

    before: Feedback | None
    counts: bool
    rewarded: Sequence[Rewarded] = ()


def rewarded_anew(feedback: Feedback, episode: Sequence[Kept], opinions: Sequence[Feedback], *, new: bool) -> tuple[Rewarded, ...]:
    """The answers whose reward is another now: of the episode those that the feedback is about; `opinions` are all of the episode and
    its answers, the new one among them. `new`: no answer of the episode ever had a reward, not even one that was taken back."""
    found: list[Rewarded] = []
    for one in episode:
        if feedback.about == "episode" or one.occasion.decision == feedback.subject:
            reward = rewarded(_about(opinions, "decision", one.occasion.decision), _about(opinions, "episode", one.occasion.episode))
            if reward != one.reward:
                found.append(Rewarded(kept=replace(one, reward=reward), before=one.reward, first=new and not found))
    return tuple(found)


def _about(opinions: Sequence[Feedback], about: About, subject: str) -> list[Feedback]:
    return [one for one in opinions if (one.about, one.subject) == (about, subject)]
