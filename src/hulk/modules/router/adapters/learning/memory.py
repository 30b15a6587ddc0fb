"""What the learner learns from, in memory: for tests and for trying things out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.modules.router.domain.learning.drift import Regime
from hulk.modules.router.domain.learning.experiments import Experiment
from hulk.modules.router.domain.learning.feedback import Feedback, repeats, replaces
from hulk.modules.router.domain.learning.log import Given, Kept, rewarded_anew


@dataclass(slots=True)
class MemoryChoices:
    """`Choices` in this process."""

    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    said: dict[str, Feedback] = field(default_factory=dict)
    changes: dict[str, list[str]] = field(default_factory=dict)
    """Of each tenant the decisions whose reward changed, in that order."""

    def record(self, kept: Kept) -> Change[None]:
        """See `Choices`."""

        def change(_: Any) -> None:
            self.kept.setdefault((kept.occasion.tenant, kept.occasion.decision), kept)

        return change

    def measured(self, tenant: str, decision: str, cost: float, seconds: float) -> Change[None]:
        """See `Choices`."""

        def change(_: Any) -> None:
            if (one := self.kept.get((tenant, decision))) is not None:
                self.kept[tenant, decision] = replace(one, cost=cost, seconds=seconds)

        return change

    async def get(self, tenant: str, decision: str) -> Kept:
        """See `Choices`."""
        if (found := self.kept.get((tenant, decision))) is None:
            raise NotFound("There is no choice of a model for the decision {id}.", id=decision[:80])
        return found

    async def of_episode(self, tenant: str, episode: str) -> Sequence[Kept]:
        """See `Choices`."""
        return self._episode(tenant, episode)

    def give(self, feedback: Feedback) -> Change[Given]:
        """See `Choices`."""

        def change(_: Any) -> Given:
            before = self.said.get(feedback.id)
            if not replaces(feedback, before):
                return Given(before=before, counts=False)
            self.said[feedback.id] = feedback
            if repeats(feedback, before):
                return Given(before=before, counts=False)
            episode, changed = self._meant(feedback), self.changes.get(feedback.tenant, ())
            new = not any(one.occasion.decision in changed for one in episode)
            found = rewarded_anew(feedback, episode, tuple(self.said.values()), new=new)
            for one in found:
                decision = one.kept.occasion.decision
                self.kept[feedback.tenant, decision] = one.kept
                self.changes.setdefault(feedback.tenant, []).append(decision)
            return Given(before=before, counts=True, rewarded=found)

        return change

    async def feedback(self, tenant: str, subject: str) -> Sequence[Feedback]:
        """See `Choices`."""
        found = [one for one in self.said.values() if (one.tenant, one.subject) == (tenant, subject)]
        return sorted(found, key=lambda one: one.by)

    async def rewarded(self, tenant: str, after: int, most: int) -> tuple[Sequence[Kept], int]:
        """See `Choices`."""
        changes = self.changes.get(tenant, [])
        last = {decision: number for number, decision in enumerate(changes, 1)}
        found = sorted((number, decision) for decision, number in last.items() if number > after)
        rows = [self.kept[tenant, decision] for _, decision in found]
        return rows[-most:], len(changes)

    async def between(self, tenant: str, since: datetime, until: datetime, most: int) -> Sequence[Kept]:
        """See `Choices`."""
        found = [one for (of, _), one in self.kept.items() if of == tenant and since <= one.at < until]
        return sorted(found, key=_when)[-most:]

    def _meant(self, feedback: Feedback) -> Sequence[Kept]:
        if feedback.about == "episode":
            return self._episode(feedback.tenant, feedback.subject)
        one = self.kept.get((feedback.tenant, feedback.subject))
        return () if one is None else self._episode(feedback.tenant, one.occasion.episode)

    def _episode(self, tenant: str, episode: str) -> Sequence[Kept]:
        return sorted((one for (of, _), one in self.kept.items() if (of, one.occasion.episode) == (tenant, episode)), key=_when)


def _when(one: Kept) -> tuple[datetime, str]:
    return one.at, one.occasion.decision


@dataclass(slots=True)
class MemoryRegimes:
    """`Regimes` in this process."""

    kept: list[Regime] = field(default_factory=list)

    def began(self, regime: Regime) -> Change[None]:
        """See `Regimes`."""

        def change(_: Any) -> None:
            last = next((one for one in reversed(self.kept) if (one.tenant, one.arm) == (regime.tenant, regime.arm)), None)
            if last is None or last.regime != regime.regime:
                self.kept.append(regime)

        return change

    async def history(self, tenant: str) -> Sequence[Regime]:
        """See `Regimes`."""
        return [one for one in self.kept if one.tenant == tenant]


@dataclass(slots=True)
class MemoryExperiments:
    """`Experiments` in this process."""

    kept: dict[str, Experiment] = field(default_factory=dict)

    def create(self, experiment: Experiment) -> Change[None]:
        """See `Experiments`."""

        def change(_: Any) -> None:
            if any((one.tenant, one.name) == (experiment.tenant, experiment.name) for one in self.kept.values()):
                raise Conflict("There is an experiment “{name}” already.", name=experiment.name)
            self.kept[experiment.id] = experiment

        return change

    def change(self, tenant: str, id_: str, rule: Callable[[Experiment], Experiment]) -> Change[tuple[Experiment, Experiment]]:
        """See `Experiments`."""

        def change(_: Any) -> tuple[Experiment, Experiment]:
            before = self._of(tenant, id_)
            after = self.kept[before.id] = rule(before)
            return before, after

        return change

    async def get(self, tenant: str, name: str) -> Experiment:
        """See `Experiments`."""
        return self._of(tenant, name)

    async def of_tenant(self, tenant: str) -> Sequence[Experiment]:
        """See `Experiments`."""
        found = [one for one in self.kept.values() if one.tenant == tenant]
        return sorted(found, key=lambda one: (one.created, one.id), reverse=True)

    def _of(self, tenant: str, name: str) -> Experiment:
        found = next((one for one in self.kept.values() if one.tenant == tenant and name in (one.id, one.name)), None)
        if found is None:
            raise NotFound("There is no experiment “{name}”.", name=name[:80])
        return found
