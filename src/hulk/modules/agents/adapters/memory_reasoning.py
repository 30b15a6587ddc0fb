"""Reasoning in memory: for tests and for trying things out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hulk.kernel.durable import Change
from hulk.modules.agents.domain.reasoning import Case, Noted, Review, unknown


@dataclass(slots=True)
class MemoryCases:
    """Keeps `Cases`' promises in this process."""

    noted: list[Noted] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)

    def note(self, tenant: str, task: str, add: Callable[[Case], Sequence[Noted]]) -> Change[Sequence[Noted]]:
        """See `Cases`."""

        def change(_: Any) -> Sequence[Noted]:
            new = list(add(self._case(tenant, task)))
            self.noted.extend(new)
            return new

        return change

    def review(self, tenant: str, task: str, judge: Callable[[Case], Review]) -> Change[Review]:
        """See `Cases`."""

        def change(_: Any) -> Review:
            self.reviews.append(review := judge(self._case(tenant, task)))
            return review

        return change

    async def get(self, tenant: str, task: str) -> Case:
        """See `Cases`."""
        return self._case(tenant, task)

    async def task_of(self, tenant: str, object_: str) -> str:
        """See `Cases`."""
        if (found := next((one.task for one in self.noted if (one.tenant, one.id) == (tenant, object_)), None)) is None:
            raise unknown(object_)
        return found

    def _case(self, tenant: str, task: str) -> Case:
        noted = [one for one in self.noted if (one.tenant, one.task) == (tenant, task)]
        return Case.of(tenant, task, noted, [one for one in self.reviews if (one.tenant, one.task) == (tenant, task)])
