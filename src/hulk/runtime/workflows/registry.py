"""The workflows that a process knows, by name and version."""

from dataclasses import dataclass, field

from hulk.kernel.durable import Workflow


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

    def forkable(self, name: str) -> bool:
        """Whether runs of that name may be copied."""
        return name not in self._tied
