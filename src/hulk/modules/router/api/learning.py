"""`/v1/feedback` and `/v1/router/experiments`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from hulk.kernel import ids
from hulk.kernel.errors import Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Voice, writable
from hulk.kernel.time import Clock, iso
from hulk.modules.router.domain.learning.experiments import MOST_VARIANTS, About, Experiment, Variant, standings
from hulk.modules.router.domain.learning.feedback import LONGEST_COMMENT, Feedback, Outcome, Thumb, checked
from hulk.modules.router.usecases.learning.acts import LearningActs
from hulk.runtime.http import Caller, Reasoned, Spoken, Why

Name = Annotated[str, AfterValidator(writable), Field(min_length=1, max_length=128)]
Part = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class FeedbackBody(Reasoned):
    """What came of an answer (`decision_id`) or of a conversation (`episode_id`): one of both, and at least one of the others."""

    decision_id: Name | None = Field(default=None, description="The decision whose answer it is about: `dec_…`.")
    episode_id: Name | None = Field(
        default=None, description="The episode that it is about: all its answers of which nothing else was said."
    )
    thumb: Thumb | None = Field(default=None, description="Whether it was good.")
    score: Part | None = Field(default=None, description="How good it was: 0 to 1.")
    outcome: Outcome | None = Field(default=None, description="What came of it; `escalated`: a person had to take over.")
    comment: Annotated[str, AfterValidator(writable)] = Field(default="", max_length=LONGEST_COMMENT, description="In words.")
    at: AwareDatetime | None = Field(default=None, description="When it was said, if that was earlier. Of two opinions the later counts.")
    source: Name | None = Field(default=None, description="Whose opinion it is, where a program passes on those of several people.")

    def feedback(self, by: Principal, now: datetime) -> Feedback:
        """As the domain has it; raises `Refused` for what says nothing, or of both or neither."""
        about: Literal["decision", "episode"] = "decision" if self.decision_id is not None else "episode"
        return checked(
            Feedback(
                tenant=by.tenant, about=about, subject=one_of(self.decision_id, self.episode_id), at=min(self.at or now, now),
                by=by.actor if self.source is None else f"{by.actor}/{self.source}", thumb=self.thumb, score=self.score,
                outcome=self.outcome, comment=self.comment,
            )
        )  # fmt: skip


class VariantBody(BaseModel):
    """A share of the episodes, and what answers them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = Field(description="Small letters, digits and hyphens.")
    value: Name = Field(description="The name of the model, prompt or policy.")
    share: Part = Field(description="Its share of the episodes; all sum to 1.")


class ExperimentBody(Reasoned):
    """An experiment; the first variant is what the others are compared with."""

    name: Name = Field(description="Small letters, digits and hyphens.")
    about: About = Field(description="What the variants name.")
    variants: list[VariantBody] = Field(min_length=2, max_length=MOST_VARIANTS, description="The control, then its challengers.")
    alpha: Part = Field(default=0.05, description="The chance to take a challenger for better that is not, however often one looks.")
    least_gain: Part = Field(default=0.02, description="Below this difference of the mean reward it does not matter which is better.")
    most_pairs: int = Field(default=20_000, ge=1, le=1_000_000, description="Pairs of rewards after which it ends untold.")

    def experiment(self, by: Principal, now: datetime) -> Experiment:
        """As the domain has it."""
        return Experiment(
            id=ids.new("exp"), tenant=by.tenant, name=self.name, about=self.about, by=by.actor, created=now, alpha=self.alpha,
            variants=tuple(Variant(name=one.name, value=one.value, share=one.share) for one in self.variants),
            least_gain=self.least_gain, most_pairs=self.most_pairs,
        )  # fmt: skip


def routes(acts: LearningActs, clock: Clock) -> APIRouter:
    """All of them."""
    router = APIRouter(prefix="/v1", tags=["router"])

    @router.post("/feedback", summary="Say what came of an answer, or of a conversation")
    async def feedback(body: FeedbackBody, caller: Caller) -> JsonObject:
        """Days later too. The same again changes nothing; a correction replaces what the same person said before."""
        wanted = body.feedback(caller, clock())
        given = await acts.give_feedback(caller, wanted, body.reason)
        rewarded = [{"decision_id": one.kept.occasion.decision, "reward": one.kept.reward} for one in given.rewarded]
        return {"feedback_id": wanted.id, "counts": given.counts, "rewarded": rewarded}

    @router.get("/router/experiments", summary="The experiments")
    async def listed(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """The newest first."""
        return {"experiments": [experiment_view(one, voice) for one in await acts.list_experiments(caller)]}

    @router.post("/router/experiments", status_code=201, summary="Begin an experiment")
    async def create(body: ExperimentBody, caller: Caller, voice: Spoken) -> JsonObject:
        """It stops by itself, once it is known which variant is better, or that none is."""
        return experiment_view(await acts.create_experiment(caller, body.experiment(caller, clock()), body.reason), voice)

    @router.get("/router/experiments/{experiment}", summary="An experiment, with how its variants stand")
    async def show(experiment: str, caller: Caller, voice: Spoken) -> JsonObject:
        """By its id or its name. The bounds hold at all times together: look as often as you like."""
        return experiment_view(await acts.show_experiment(caller, experiment), voice)

    @router.post("/router/experiments/{experiment}/stop", summary="Stop an experiment")
    async def stop(experiment: str, caller: Caller, voice: Spoken, reason: Why) -> JsonObject:
        """What was found so far stays."""
        return experiment_view(await acts.end_experiment(caller, experiment, "stopped", reason), voice)

    @router.post("/router/experiments/{experiment}/kill", summary="End an experiment at once, because it does harm")
    async def kill(experiment: str, caller: Caller, voice: Spoken, reason: Why) -> JsonObject:
        """Here no choice is made by it any more, in other processes within 2 s."""
        return experiment_view(await acts.end_experiment(caller, experiment, "killed", reason), voice)

    return router


def one_of(decision: str | None, episode: str | None) -> str:
    """The one that was given; raises `Refused` for both or neither."""
    if (decision is None) == (episode is None):
        raise Refused("Feedback is about a decision_id or an episode_id: give one of them.")
    return decision or episode or ""


def experiment_view(one: Experiment, voice: Voice) -> JsonObject:
    """An experiment as its readers see it."""
    rewards = {name: (tally.count, tally.total / tally.count if tally.count else None) for name, tally in one.tallies.items()}
    against = {it.variant: {"pairs": it.pairs, "difference": it.difference, "low": it.low, "high": it.high} for it in standings(one)}
    return {
        "experiment_id": one.id, "name": one.name, "about": one.about, "status": one.status, "created": iso(one.created),
        "ended": one.ended and iso(one.ended), "by": one.by, "alpha": one.alpha, "least_gain": one.least_gain,
        "most_pairs": one.most_pairs, "winner": one.winner, "conclusion": one.conclusion and voice.say(one.conclusion),
        "variants": [_variant_view(it, rewards.get(it.name, (0, None)), against.get(it.name)) for it in one.variants],
    }  # fmt: skip


def _variant_view(one: Variant, rewards: tuple[int, float | None], against: Any) -> JsonObject:
    count, mean = rewards
    return {"name": one.name, "value": one.value, "share": one.share, "episodes": count, "mean": mean, "against_control": against}
