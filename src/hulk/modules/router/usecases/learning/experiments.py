"""Creating, looking at and ending experiments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hulk.kernel.durable import Commit, followed
from hulk.kernel.errors import Conflict, Forbidden
from hulk.kernel.events import Event, Trail, changed_as, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal, Verb
from hulk.kernel.time import Clock
from hulk.modules.router.domain.learning.experiments import STATUSES, About, Experiment, checked, ended
from hulk.modules.router.ports.learning import Experiments

ENDED = "hulk.experiment.ended.v1"


def require(by: Principal, verb: Verb) -> None:
    """Raises `Forbidden` unless `by` may do that to the tenant's experiments."""
    if not by.may(verb, "router"):
        needed = "viewer" if verb == "read" else "admin"
        raise Forbidden(
            "Experiments need the role {needed} in all of the tenant; your roles are {roles}.", needed=needed, roles=by.roles or "—"
        )


@dataclass(frozen=True, slots=True)
class ListExperiments:
    """A tenant's experiments, the newest first."""

    experiments: Experiments

    async def __call__(self, by: Principal) -> Sequence[Experiment]:
        """Raises `Forbidden`."""
        require(by, "read")
        return await self.experiments.of_tenant(by.tenant)


@dataclass(frozen=True, slots=True)
class ShowExperiment:
    """One experiment, by its id or name."""

    experiments: Experiments

    async def __call__(self, by: Principal, name: str) -> Experiment:
        """Raises `Forbidden`, `NotFound`."""
        require(by, "read")
        return await self.experiments.get(by.tenant, name)


@dataclass(frozen=True, slots=True)
class CreateExperiment:
    """Begin an experiment: from the next choice on."""

    experiments: Experiments
    trail: Trail
    commit: Commit
    stale: Callable[[str], None]
    values: Mapping[About, Collection[str]] | None = None
    """What variants may name; None: anything."""

    async def __call__(self, by: Principal, new: Experiment, reason: str = "") -> Experiment:
        """Raises `Forbidden`, `Invalid` for one that could not be run, `Conflict` for a name that is taken."""
        require(by, "manage")
        data = changed_as(told, reasoned(reason), None, checked(new, self.values and self.values[new.about]))
        event = Event(type="hulk.experiment.created.v1", subject=new.id, tenant=new.tenant, actor=by.actor, data=data)
        await self.commit(self.experiments.create(new), self.trail.append(event))
        self.stale(new.tenant)
        return new


@dataclass(frozen=True, slots=True)
class EndExperiment:
    """End an experiment: stopped, or killed, which is for when it does harm. Either way no episode takes part any more."""

    experiments: Experiments
    trail: Trail
    commit: Commit
    clock: Clock
    stale: Callable[[str], None]

    async def __call__(self, by: Principal, name: str, status: Literal["stopped", "killed"], reason: str = "") -> Experiment:
        """The experiment as it is now. Raises `Forbidden`, `NotFound`, `Conflict` when it has ended already."""
        require(by, "manage")
        why = reasoned(reason)

        def rule(experiment: Experiment) -> Experiment:
            if experiment.status != "running":
                how = STATUSES[experiment.status]
                raise Conflict("The experiment “{name}” has ended already: {status}.", name=experiment.name, status=how)
            return ended(experiment, status, self.clock())

        change = followed(
            self.experiments.change(by.tenant, name, rule), lambda pair: [self.trail.append(ending(*pair, actor=by.actor, reason=why))]
        )
        [(_, after)] = await self.commit(change)
        self.stale(by.tenant)
        return after  # type: ignore[no-any-return]  # what the change gives


def ending(before: Experiment, after: Experiment, *, actor: str, reason: str) -> Event:
    """What is told of the end."""
    return Event(type=ENDED, subject=after.id, tenant=after.tenant, actor=actor, data=changed_as(told, reason, before, after))


def told(experiment: Experiment) -> JsonObject:
    """What may be told of it."""
    return {
        "name": experiment.name, "about": experiment.about, "status": experiment.status, "winner": experiment.winner,
        "variants": {one.name: {"value": one.value, "share": one.share} for one in experiment.variants},
    }  # fmt: skip
