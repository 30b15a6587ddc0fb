"""Where reasoning is kept, and who settles what is contested."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hulk.kernel.durable import Change
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.domain.reasoning import Case, Kind, Noted, Resolution, Review


class Cases(Protocol):
    """The reasoning of tasks. Nothing of it is ever changed or taken away."""

    def note(self, tenant: str, task: str, add: Callable[[Case], Sequence[Noted]]) -> Change[Sequence[Noted]]:
        """Keep what `add` makes of the case as it is then, which nobody else adds to meanwhile; raises what `add` raises."""

    def review(self, tenant: str, task: str, judge: Callable[[Case], Review]) -> Change[Review]:
        """Keep the review that `judge` makes of the case as it is then, likewise; raises what `judge` raises."""

    async def get(self, tenant: str, task: str) -> Case:
        """The case of a task; without any objects where nothing was noted."""

    async def task_of(self, tenant: str, object_: str) -> str:
        """The task in which that object was noted; raises `NotFound`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What somebody contests, by ids: no text of it, which may be private."""

    tenant: str
    namespace: str
    task: str
    intent: str | None
    object: str
    kind: Kind
    review: str
    by: str


class Disputes(Protocol):
    """People who settle what is contested."""

    def open(self, dispute: Dispute) -> tuple[str, Change[Any]]:
        """The id of the ticket in which a person is asked, and the change that opens it."""

    async def settled(self, by: Principal, ticket: str, resolution: Resolution) -> None:
        """That person's work is done: the ticket ends, unless it has. Raises `Unavailable`."""
