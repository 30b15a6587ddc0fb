"""Doing a step of a task: what it is handed, the work, what it hands on. Each in a durable run of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import HulkError, told
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.failures import Unfit
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.task import Made, Task
from hulk.modules.agents.domain.timing import Time
from hulk.modules.agents.ports import Accounts, Schemas, Tasks
from hulk.modules.agents.usecases.acting import Act
from hulk.modules.agents.usecases.asking import AskSomebody
from hulk.modules.agents.usecases.fitting import unfit
from hulk.modules.agents.usecases.handing import Handed, HandOver
from hulk.modules.agents.usecases.reflecting import Reflect
from hulk.modules.agents.usecases.timing import KeepTime

Note: TypeAlias = Callable[[Task, Node, Made], Sequence[Change[Any]]]
"""What is kept of a step's reasoning, to commit with what it came to."""


def unnoted(_: Task, __: Node, ___: Made) -> Sequence[Change[Any]]:
    """Nothing."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """The body of a step's run (`kernel.durable.Workflow`)."""

    tasks: Tasks
    accounts: Accounts
    hand_over: HandOver
    act: Act
    reflect: Reflect
    ask: AskSomebody
    schemas: Schemas
    keep_time: KeepTime
    clock: Clock
    note: Note = unnoted

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """See `Workflow`."""
        task = await self.tasks.get(data["task"])
        node = await self._node(context, task, data["key"])
        time = from_json(Time, data["time"])
        given: JsonObject = await context.step("hand over", lambda: self._handed(task, node, time))
        handed = from_json(Handed, given)
        made = replace(await self._done(context, task, node, handed), version=data["version"], run=context.run_id)
        await context.step("done", lambda: self._kept(task, node, made))
        return {"key": node.key}

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The step has failed, and says why; what it had set aside counts as spent, and nobody is waited for in it."""
        task, key = run.data["task"], run.data["key"]
        made = Made(
            task=task, key=key, status="failed", version=run.data["version"], run=run.id, error=told(error), at=self.clock()
        )  # fmt: skip
        return [self.tasks.made(made), self.accounts.assume(task, run.id), self.keep_time.goes_on(task, run.id)]

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing: what it comes to takes the place of what it had come to."""
        return []

    async def _node(self, context: Context, task: Task, key: str) -> Node:
        """The step as it was in the plan when it was begun: the task may be given another plan meanwhile."""

        async def read() -> Outcome[JsonObject]:
            assert task.plan is not None  # noqa: S101  # a step is begun when there is a plan
            return Outcome(to_json(task.plan.node(key)))

        node: JsonObject = await context.step("read", read)
        return from_json(Node, node)

    async def _handed(self, task: Task, node: Node, time: Time) -> Outcome[JsonObject]:
        return Outcome(to_json(await self.hand_over(task, node, time)))

    async def _done(self, context: Context, task: Task, node: Node, handed: Handed) -> Made:
        match node.does:
            case "tool":
                return await self.act.node(context, task, node, handed)
            case "person":
                return await self.ask.node(context, task, node, handed)
            case "think":
                try:
                    return await self.reflect.node(context, task, node, handed)
                except Unfit as unfit:
                    if node.optional:
                        raise
                    return await self.ask.node(context, task, node, handed, unfit)

    async def _kept(self, task: Task, node: Node, made: Made) -> Outcome[None]:
        """Raises `Refused` when what it gives is not of the form that the plan says it has."""
        if node.does == "tool":
            made = self._checked(node, made)
        return Outcome(None, [self.tasks.made(made), self.accounts.assume(task.id, made.run), *self.note(task, node, made)])

    def _checked(self, node: Node, made: Made) -> Made:
        if (wrong := unfit(self.schemas, made.output, node.output, node.accept)) is not None:
            raise Unfit("{tool} gave something else than the step “{key}” needs: {wrong}", tool=node.tool, key=node.key, wrong=wrong)
        return made
