"""Giving feedback: kept, made into rewards, counted in experiments, all in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import Forbidden, NotFound
from hulk.kernel.events import Event, Trail, changed_as, digest
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import EVERYWHERE, Principal
from hulk.kernel.time import Clock
from hulk.modules.router.domain.learning.experiments import Experiment, judged, observed
from hulk.modules.router.domain.learning.feedback import Feedback, checked
from hulk.modules.router.domain.learning.log import Given, Rewarded
from hulk.modules.router.ports import Decisions
from hulk.modules.router.ports.learning import Choices, Experiments
from hulk.modules.router.usecases.learning.experiments import ending


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    """Say what came of an answer, or of an episode; days later too. The same again changes nothing, a correction replaces."""

    choices: Choices
    experiments: Experiments
    decisions: Decisions
    trail: Trail
    commit: Commit
    clock: Clock
    stale: Callable[[str], None]
    """Told of a tenant in which something was learnt."""

    async def __call__(self, by: Principal, feedback: Feedback, reason: str = "") -> Given:
        """What became of it. Raises `Forbidden`, `NotFound` for a decision or an episode that there is not, `Refused` for what says
        nothing or is out of bounds."""
        if by.namespaces("write", "router") == frozenset():
            raise Forbidden("Feedback needs the role operator or admin; your roles are {roles}.", roles=by.roles or "—")
        checked(feedback)
        await self._require(by, feedback)
        given = followed(self.choices.give(feedback), lambda found: self._after(by, feedback, found, reason))
        [found] = await self.commit(given)
        self.stale(feedback.tenant)
        return found  # type: ignore[no-any-return]  # what the change gives

    async def _require(self, by: Principal, feedback: Feedback) -> None:
        """Raises `NotFound` unless what it is about is there, and in a namespace in which `by` may write."""
        if feedback.about == "episode":
            spaces = {one.occasion.namespace for one in await self.choices.of_episode(feedback.tenant, feedback.subject)}
        else:
            spaces = await self._spaces_of(feedback)
        if not spaces or not all(by.may("write", "router", space) for space in spaces):
            raise NotFound("There is no decision or episode {id}.", id=feedback.subject[:80])

    async def _spaces_of(self, feedback: Feedback) -> set[str]:
        """The namespace of a decision's choice. Of one without a choice (a skill answered) it is not known."""
        try:
            return {(await self.choices.get(feedback.tenant, feedback.subject)).occasion.namespace}
        except NotFound:
            decision = await self.decisions.get(feedback.subject)
            return {EVERYWHERE} if decision.tenant == feedback.tenant else set()

    def _after(self, by: Principal, feedback: Feedback, given: Given, reason: str) -> Sequence[Change[Any]]:
        if not given.counts:
            return ()
        data = {"about": feedback.about, "rewarded": len(given.rewarded), **changed_as(plain, reason, given.before, feedback)}
        event = Event(type="hulk.feedback.given.v1", subject=feedback.subject, tenant=feedback.tenant, actor=by.actor, data=data)
        return (self.trail.append(event), *(one for answer in given.rewarded for one in self._counted(answer)))

    def _counted(self, answer: Rewarded) -> Sequence[Change[Any]]:
        """An episode counts once in each of its experiments, by its first reward."""
        reward, tenant = answer.kept.reward, answer.kept.occasion.tenant
        if not answer.first or reward is None:
            return ()
        return [self._observed(tenant, id_, variant, reward) for id_, variant in answer.kept.enrolled.items()]

    def _observed(self, tenant: str, id_: str, variant: str, reward: float) -> Change[Any]:
        def rule(experiment: Experiment) -> Experiment:
            return judged(observed(experiment, variant, reward), self.clock())

        return followed(self.experiments.change(tenant, id_, rule), lambda pair: self._ended(*pair))

    def _ended(self, before: Experiment, after: Experiment) -> Sequence[Change[Any]]:
        if before.status == after.status:
            return ()
        return (self.trail.append(ending(before, after, actor="hulk", reason=str(after.conclusion))),)


def plain(feedback: Feedback) -> JsonObject:
    """What may be told of it: of a comment its digest and length."""
    return {
        "thumb": feedback.thumb, "score": feedback.score, "outcome": feedback.outcome,
        "comment": digest(feedback.comment) if feedback.comment else None,
    }  # fmt: skip
