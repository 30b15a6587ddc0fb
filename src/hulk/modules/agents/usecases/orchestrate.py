"""Carrying out a task: plan, price, have its steps done side by side, plan anew when they come to a halt, answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Context, Outcome, Runs, Started, followed
from hulk.kernel.errors import Cancelled, Expired, HulkError, Refused, retold, told
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.text import Text, writable
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.agent import Limits, said_in
from hulk.modules.agents.domain.answering import answer_of
from hulk.modules.agents.domain.plan import Board, Node, Plan, Status, tainted
from hulk.modules.agents.domain.pricing import Priced
from hulk.modules.agents.domain.task import Made, State, Task
from hulk.modules.agents.domain.timing import Time
from hulk.modules.agents.ports import Accounts, Ending, Tasks, Voices
from hulk.modules.agents.usecases.facts import About, ended, fact
from hulk.modules.agents.usecases.planning import MakePlan
from hulk.modules.agents.usecases.timing import KeepTime

TASK = "agent"
STEP = "agent-step"
_GRACE = timedelta(seconds=5)
"""So that who is late with a plan says so itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTask:
    """The body of a task's run (`kernel.durable.Workflow`)."""

    tasks: Tasks
    accounts: Accounts
    make_plan: MakePlan
    runs: Runs
    trail: Trail
    voices: Voices
    values: Mapping[str, JsonObject]
    keep_time: KeepTime
    clock: Clock

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """See `Workflow`."""
        task = await self.tasks.get(data["task"])
        opened: JsonObject = await context.step("open", lambda: self._open(task))
        limits, time = from_json(Limits, opened["limits"]), from_json(Time, opened["time"])
        longest = timedelta(seconds=limits.seconds) + _GRACE
        planned: JsonObject = await context.step("plan", lambda: self._planned(task, time), timeout=longest)
        plan = from_json(Plan, planned)
        board = await self._carried_out(context, task, Board.of(plan), limits, time)
        while board.broken and plan.origin == "split" and plan.version <= limits.replans:
            planned = await context.step("plan again", partial(self._again, task, board, time), timeout=longest)
            plan = from_json(Plan, planned)
            board = Board.of(plan, {key: "done" for key, status in board.states.items() if status == "done"})
            board = await self._carried_out(context, task, board, limits, time)
        await context.step("answer", lambda: self._answer(task, board))
        return {"task": task.id}

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The task ends with its run, and says why."""
        state: State = "cancelled" if isinstance(error, Cancelled) else "failed"
        return [self._ended(About.done_in(run), Ending(state=state, at=self.clock(), error=told(error), p0=run.data["p0"]))]

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing: a task that has ended stays as it is; it is asked for anew."""
        return []

    def _ended(self, about: About, ending: Ending) -> Change[bool]:
        event = self.trail.append(ended(about, ending))
        return followed(self.tasks.end(about.task, ending), lambda new: [event] if new else [])

    async def _open(self, task: Task) -> Outcome[JsonObject]:
        """The limits that the task keeps, whatever becomes of the agent's file, and from when its time counts: what it does next follows
        from what is recorded."""
        limits = self.make_plan.book.at_work(task.agent).limits
        account = Account(most_tokens=limits.tokens, most_cost=limits.cost)
        time = Time(began=self.clock(), seconds=limits.seconds)
        return Outcome({"limits": to_json(limits), "time": to_json(time)}, [self.accounts.open(task.id, account)])

    async def _planned(self, task: Task, time: Time) -> Outcome[JsonObject]:
        return self._told(task, await self.keep_time.within(task.id, time, lambda: self.make_plan(task)), "planned")

    async def _again(self, task: Task, board: Board, time: Time) -> Outcome[JsonObject]:
        """Another plan, that is told what became of the steps; by a model inside, where any of them had to do with what must stay there."""
        made = await self.tasks.steps(task.id)
        private = tainted(board.plan, frozenset(key for key, one in made.items() if one.p0))
        done = [node for node in board.plan.nodes if board.states[node.key] == "done" and node.key != "joined"]
        halted = "\n".join(f"{key}: {status} {_why(made.get(key))}" for key, status in board.states.items())
        asked = replace(task, p0=task.p0 or bool(private))
        made_anew = await self.keep_time.within(task.id, time, lambda: self.make_plan.again(asked, board.plan, done, halted))
        return self._told(task, made_anew, "replanned")

    def _told(self, task: Task, fit: Priced, word: str) -> Outcome[JsonObject]:
        data = {
            "origin": fit.plan.origin, "version": fit.plan.version, "steps": [node.key for node in fit.plan.nodes], "tokens": fit.tokens,
            "cost": None if fit.cost is None else str(fit.cost), "shrunk": fit.shrunk,
        }  # fmt: skip
        return Outcome(to_json(fit.plan), [self.tasks.planned(task.id, fit.plan), self.trail.append(fact(word, About.of(task), data))])

    async def _carried_out(self, context: Context, task: Task, board: Board, limits: Limits, time: Time) -> Board:
        """The board when nothing of it can go on."""
        while not board.over:
            skipped, begun = board.doomed(), board.ready(limits.parallel)
            if skipped or begun:
                await context.step("go on", partial(self._go_on, context, task, board.plan, time, skipped, begun))
            board = board.moved(*(one.key for one in skipped), to="skipped").moved(*(one.key for one in begun), to="running")
            if any(status == "running" for status in board.states.values()):
                board = _heard(task, board, await context.wait("child"))
        return board

    async def _go_on(
        self, context: Context, task: Task, plan: Plan, time: Time, skipped: Sequence[Node], begun: Sequence[Node]
    ) -> Outcome[None]:
        now = self.clock()
        left = [self.tasks.made(Made(task=task.id, key=one.key, status="skipped", version=plan.version, at=now)) for one in skipped]
        run = [self._begun(context, task, plan, time, one) for one in begun]
        return Outcome(None, [*left, *(change for changes in run for change in changes)])

    def _begun(self, context: Context, task: Task, plan: Plan, time: Time, node: Node) -> list[Change[Any]]:
        run = run_of(task, plan, node)
        data = {"task": task.id, "key": node.key, "version": plan.version, "time": to_json(time)}
        started = Started(
            workflow=STEP, data=data, tenant=task.tenant, id=run, intent=task.intent,
            parent=context.run_id, cause=context.run_id, namespace=task.namespace, attributes={"agent": node.agent},
        )  # fmt: skip
        made = Made(task=task.id, key=node.key, status="running", version=plan.version, run=run, at=self.clock())
        return [self.tasks.made(made), self.runs.begin(started)]

    async def _answer(self, task: Task, board: Board) -> Outcome[None]:
        """Raises `Refused`, in the words of the step that failed."""
        made = await self.tasks.steps(task.id)
        if board.broken:
            raise _broken(board.broken[0], made, task)
        text = self._text(task, board.plan, made)
        relevant = [made[node.key] for node in board.plan.nodes if node.key in made]
        p0, limited = task.p0 or any(one.p0 for one in relevant), any(one.limited for one in relevant)
        ending = Ending(state="completed", at=self.clock(), answer=writable(text), p0=p0, limited=limited)
        return Outcome(None, [self._ended(About.of(task), ending)])

    def _text(self, task: Task, plan: Plan, made: Mapping[str, Made]) -> str:
        try:
            return answer_of(task, plan, made, self.values.get(task.agent, {}), self.voices(task.language))
        except Refused as error:
            raise Refused("The answer could not be put together: {why}", why=error.text) from error


def run_of(task: Task, plan: Plan, node: Node) -> str:
    """The id of the run in which a step is done."""
    return ids.derived("run", task.id, str(plan.version), node.key)


def _heard(task: Task, board: Board, signal: Any) -> Board:
    """With the step whose run has ended."""
    key = next(node.key for node in board.plan.nodes if run_of(task, board.plan, node) == signal["run"])
    status: Status = "done" if signal["status"] == "completed" else "failed"
    return board.moved(key, to=status)


def _why(made: Made | None) -> str:
    return str(retold(made.error)) if made is not None and made.error is not None else ""


def _broken(node: Node, made: Mapping[str, Made], task: Task) -> HulkError:
    one = made.get(node.key)
    error = retold(one.error) if one is not None and one.error is not None else None
    title = said_in(node.title, task.language) or node.key
    if error is None:
        return Refused("The step “{step}” could not be done.", step=title)
    kind = Expired if isinstance(error, Expired) else Refused
    return kind(Text("The step “{step}” could not be done: {why}", step=title, why=error.text))
