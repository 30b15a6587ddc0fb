"""The workflows that a process knows, by name and version."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from hulk.kernel.durable import Change, Started, Workflow

Reopens: TypeAlias = Callable[[Started], Sequence[Change[Any]]]
"""The changes to commit together with a failed run's beginning to run again (`kernel.durable.Workflow.revived`)."""


class Known(Protocol):
    """What steering asks about workflows."""

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """The changes to commit together with the run's going on; none for a workflow that is not known."""

    def tied(self, name: str) -> bool:
        """Whether runs of that name belong to what they work for, so that none is copied or given other data."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Bodies of runs. A run keeps the version that it began with; the one registered last is the newest."""

    _bodies: dict[tuple[str, str], Workflow] = field(default_factory=dict)
    _newest: dict[str, str] = field(default_factory=dict)
    _tied: set[str] = field(default_factory=set)

    def add(self, name: str, workflow: Workflow, *, version: str = "", forkable: bool = True) -> None:
        """Make `workflow` the body of the runs of that name and version. Not `forkable`: a copy of a run would get in its way."""
        self._bodies[name, version] = workflow
        self._newest[name] = version
        if not forkable:
            self._tied.add(name)

    def get(self, name: str, version: str) -> Workflow | None:
        """The body, if it is known here."""
        return self._bodies.get((name, version))

    def newest(self, name: str) -> str:
        """The version that new runs are begun with."""
        return self._newest.get(name, "")

    def tied(self, name: str) -> bool:
        """See `Known`."""
        return name in self._tied

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """See `Known`."""
        workflow = self.get(run.workflow, run.version)
        return [] if workflow is None else workflow.revived(run)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What is known of workflows where none is executed, as in `thor`: by name, what their runs' going on makes true again."""

    reopens: Mapping[str, Reopens]
    bound: Collection[str] = ()

    def tied(self, name: str) -> bool:
        """See `Known`."""
        return name in self.bound

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """See `Known`."""
        reopens = self.reopens.get(run.workflow)
        return [] if reopens is None else reopens(run)
