"""Choosing among the models that policy allows, by what was learnt in the tenant."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.text import Language
from hulk.kernel.time import Clock
from hulk.modules.router.domain.learning.case import Aims, Arm, Features, Predicted
from hulk.modules.router.domain.learning.choosing import Choice, assigned, chosen, permitted
from hulk.modules.router.domain.learning.drift import Regime, begun
from hulk.modules.router.domain.learning.experiments import Enrolment, Experiment, enrolments
from hulk.modules.router.domain.learning.exploring import Exploration
from hulk.modules.router.domain.learning.log import Occasion, kept
from hulk.modules.router.ports.learning import Choices, Embeds, Experiments, Learner, Learning, Regimes

FRESH = timedelta(seconds=2)
"""How old what is known of a tenant may be. What this process itself wrote is known at once."""
TENANTS = 8
"""Tenants of which the learner is held in memory: those that asked last."""


@dataclass(slots=True)
class _Known:
    """A tenant as it was looked at last: its learner, the number of the last change it has learnt, regimes and running experiments."""

    learner: Learner
    changes: int
    regimes: dict[str, Regime]
    running: Sequence[Experiment]
    looked: datetime | None
    looking: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where all is kept that is learnt from."""

    choices: Choices
    regimes: Regimes
    experiments: Experiments


@dataclass(frozen=True, slots=True)
class Featured:
    """What the learner sees of a text."""

    embeds: Embeds

    async def __call__(self, text: str, language: Language) -> Features:
        """Raises as `Embeds`."""
        [embedding] = await self.embeds.packed([text])
        return Features(embedding=embedding, language=language, characters=len(text))


class ChooseModel:
    """Choose a model for an occasion. What a tenant's people said is used for that tenant only."""

    def __init__(self, learning: Learning, places: Places, aims: Aims, exploration: Exploration, clock: Clock) -> None:
        self._learning, self._places = learning, places
        self._aims, self._exploration, self._clock = aims, exploration, clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._loading: dict[str, asyncio.Lock] = {}

    async def __call__(self, occasion: Occasion, arms: Sequence[Arm], aims: Aims | None = None) -> tuple[Choice, Sequence[Change[Any]]]:
        """The choice, and what to commit together with the decision. `aims`: where they are not those of the settings.

        Raises `Refused` when no arm may answer, `Unavailable` when what was learnt cannot be read."""
        allowed, known = permitted(arms, p0=occasion.p0), await self._of(occasion.tenant)
        drifted = self._drifted(occasion.tenant, known, allowed)
        predicted = known.learner.predict(occasion.features, allowed)
        taking_part = self._enrolments(known, occasion, allowed)
        choice = self._chosen(occasion, predicted, known, taking_part, aims or self._aims)
        regime = next(arm.regime for arm in allowed if arm.name == choice.arm)
        record = self._places.choices.record(kept(occasion, choice, regime, self._clock()))
        return choice, (*drifted, record)

    async def trials(self, tenant: str, episode: str) -> tuple[Enrolment, ...]:
        """The experiments between prompts or policies that the episode takes part in. Raises `Unavailable`."""
        known = await self._of(tenant)
        running = [one for one in known.running if one.about != "models"]
        return enrolments(running, episode, p0=False, local=frozenset(), allowed=frozenset())

    def stale(self, tenant: str) -> None:
        """What is known of the tenant has changed: it is looked at again before the next choice."""
        if (known := self._known.get(tenant)) is not None:
            known.looked = None

    async def refit(self) -> int:
        """Fit anew every learner that has outgrown what it was fitted to; how many. Choices go on meanwhile, by the old one."""
        outgrown = [(tenant, known) for tenant, known in self._known.items() if known.learner.outgrown]
        for tenant, known in outgrown:
            known.learner, known.changes, known.regimes = await self._fitted(tenant)
        return len(outgrown)

    def _enrolments(self, known: _Known, occasion: Occasion, allowed: Sequence[Arm]) -> tuple[Enrolment, ...]:
        local, names = frozenset(arm.name for arm in allowed if arm.local), frozenset(arm.name for arm in allowed)
        found = enrolments(known.running, occasion.episode, p0=occasion.p0, local=local, allowed=names)
        return tuple(one for one in found if one.about == "models" or occasion.trials is None or one.experiment in occasion.trials)

    def _chosen(
        self, occasion: Occasion, predicted: Predicted, known: _Known, taking_part: tuple[Enrolment, ...], aims: Aims
    ) -> Choice:  # fmt: skip
        between_models = next((one for one in taking_part if one.about == "models"), None)
        if between_models is None:
            choice = chosen(predicted, aims, self._exploration, occasion.decision)
        else:
            choice = assigned(predicted, _by_id(known.running, between_models.experiment), between_models)
        return replace(choice, enrolments=taking_part)

    def _drifted(self, tenant: str, known: _Known, arms: Sequence[Arm]) -> list[Change[Any]]:
        """Takes note of arms that are not as they were; gives what is to be kept of it."""
        changes: list[Change[Any]] = []
        for arm in arms:
            if (regime := begun(tenant, arm, known.regimes.get(arm.name), self._clock())) is not None:
                known.regimes[arm.name] = regime
                known.learner.reset(arm.name, arm.regime)
                changes.append(self._places.regimes.began(regime))
        return changes

    # What is known ---------------------------------------------------------------------------------------------------------------

    async def _of(self, tenant: str) -> _Known:
        known = self._known.get(tenant)
        if known is None:
            async with self._loading.setdefault(tenant, asyncio.Lock()):
                known = self._known.get(tenant) or await self._load(tenant)
            self._loading.pop(tenant, None)
        self._known.move_to_end(tenant)
        must, may = known.looked is None, known.looked is not None and self._clock() - known.looked > FRESH
        if must or (may and not known.looking.locked()):
            async with known.looking:
                await self._look(tenant, known)
        return known

    async def _load(self, tenant: str) -> _Known:
        learner, changes, regimes = await self._fitted(tenant)
        known = self._known[tenant] = _Known(learner, changes, regimes, (), None)
        while len(self._known) > TENANTS:
            self._known.popitem(last=False)
        return known

    async def _fitted(self, tenant: str) -> tuple[Learner, int, dict[str, Regime]]:
        rows, changes = await self._places.choices.rewarded(tenant, 0, self._learning.rows)
        regimes = {one.arm: one for one in await self._places.regimes.history(tenant)}
        learner = await self._learning.learner([one.graded for one in rows], _names(regimes))
        return learner, changes, regimes

    async def _look(self, tenant: str, known: _Known) -> None:
        """Learn what came since."""
        now = self._clock()
        if known.looked is not None and now - known.looked <= FRESH:
            return
        rows, changes = await self._places.choices.rewarded(tenant, known.changes, self._learning.rows)
        known.running = [one for one in await self._places.experiments.of_tenant(tenant) if one.status == "running"]
        for row in rows:
            known.learner.learn(row.graded)
        known.changes, known.looked = changes, now


def _by_id(experiments: Sequence[Experiment], id_: str) -> Experiment:
    return next(one for one in experiments if one.id == id_)


def _names(regimes: Mapping[str, Regime]) -> dict[str, str]:
    return {arm: one.regime for arm, one in regimes.items()}
