"""What a step is handed when it begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.errors import Refused
from hulk.kernel.records import Json, JsonObject
from hulk.modules.agents.domain.agent import AgentBook, said_in
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.references import filled
from hulk.modules.agents.domain.task import Task, scope_of
from hulk.modules.agents.domain.timing import Time
from hulk.modules.agents.ports import Schemas, Tasks
from hulk.modules.agents.usecases.fitting import unfit
from hulk.modules.agents.usecases.timing import KeepTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What it was handed: of each of its `items` the values, how many more there were (`left_out`), its goal in words,
    whether it is P0, when it must have ended: after so many `seconds` of work."""

    items: tuple[JsonObject, ...]
    goal: str
    otherwise: str
    p0: bool
    until: datetime
    sources: tuple[str, ...] = ()
    left_out: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HandOver:
    """Gather it from what the steps before gave, and look whether it is of the form that the step takes."""

    tasks: Tasks
    book: AgentBook
    schemas: Schemas
    values: Mapping[str, JsonObject]
    keep_time: KeepTime

    async def __call__(self, task: Task, node: Node, time: Time) -> Handed:
        """It has its own time, or what is left of the task's if that is less. Raises `Refused` when that is nothing, and for what is not
        there or has another form, `NotFound` when the agent is no longer there, `Cancelled` when the task has ended."""
        await self.keep_time.require_open(task.id)
        seconds = min(node.seconds, (await self.keep_time.left(task.id, time)).total_seconds())
        made = await self.tasks.steps(task.id)
        scope = scope_of(task, made, self.values.get(task.agent, {}))
        before = [made[key] for key in sorted(node.waits_for) if key in made]
        scopes, left_out = self._scopes(node, scope)
        items = tuple(self._given(node, one) for one in scopes)
        return Handed(
            items=items, goal=str(filled(said_in(node.goal, task.language), scope)),
            otherwise=str(filled(said_in(node.otherwise, task.language), scope)),
            until=self.keep_time.clock() + timedelta(seconds=seconds), seconds=seconds,
            p0=node.p0 or task.p0 or self.book.at_work(node.agent).private or any(one.p0 for one in before),
            sources=tuple(dict.fromkeys(source for one in before for source in one.sources)), left_out=left_out,
        )  # fmt: skip

    def _scopes(self, node: Node, scope: dict[str, Json]) -> tuple[list[dict[str, Json]], int]:
        """What each item may refer to, and how many are left out."""
        if not node.each:
            return [scope], 0
        items: Any = filled(node.each, scope)
        if not isinstance(items, list):
            raise Refused("The step “{key}” is to be done for each of {each}, and that is no list.", key=node.key, each=node.each)
        scopes = [{**scope, "item": item, "index": place} for place, item in enumerate(items[: node.most])]
        return scopes, len(items) - len(scopes)

    def _given(self, node: Node, scope: dict[str, Json]) -> JsonObject:
        given: JsonObject = filled(node.given, scope)
        if (wrong := unfit(self.schemas, given, node.input)) is not None:
            raise Refused("The step “{key}” was handed something else than it takes: {wrong}.", key=node.key, wrong=wrong)
        return given
