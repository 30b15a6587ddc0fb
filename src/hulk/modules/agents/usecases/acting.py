"""A step that calls a tool: once, or for each item of a list. Where a person decides first, it waits for that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.durable import Change, Context, Outcome
from hulk.kernel.errors import Conflict, Expired, HulkError, Refused, Unavailable
from hulk.kernel.records import JsonObject, from_json, to_json
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, from_iso, iso
from hulk.modules.agents.domain.agent import AgentBook
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.sources import addresses_in
from hulk.modules.agents.domain.task import Made, Task, Tried, Tries
from hulk.modules.agents.ports import Hands, Tasks, Use, Used
from hulk.modules.agents.usecases.handing import Handed
from hulk.modules.agents.usecases.timing import KeepTime
from hulk.modules.tools import Autonomy, File, Standing, any_of


@dataclass(frozen=True, slots=True)
class Aim:
    """A tool that is to be called: in which step of the run, with what, at which place among all that the run asks for."""

    name: str
    tool: str
    given: JsonObject
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Use tools in a durable run."""

    book: AgentBook
    hands: Hands
    standing: Standing
    tasks: Tasks
    keep_time: KeepTime
    clock: Clock

    async def node(self, context: Context, task: Task, node: Node, handed: Handed) -> Made:
        """What came of all of it. Raises `Refused` when nothing did."""
        uses = [Aim(f"call {place}", node.tool, one, place) for place, one in enumerate(handed.items)]
        results, _ = await self.all(context, task, node, handed, uses)
        if results and not any(one.status in ("done", "suggested", "rejected") for one in results):
            raise _none_done(results)
        if not node.each and results[0].status == "rejected":
            raise _none_done(results)
        return Made(
            task=task.id, key=node.key, status="done", at=self.clock(), left_out=handed.left_out,
            output=_told(results, handed.left_out) if node.each else _value(results[0]),
            calls=tuple(one.call for one in results if one.call), sources=_sources(results), p0=handed.p0 or any(one.p0 for one in results),
            autonomy=_autonomy(results),
            approver=next((one.ticket for one in results if one.ticket), ""),
            tried=tuple(Tried(tool=node.tool, status=one.status) for one in results), files=tuple(dict.fromkeys(files_of(results))),
        )  # fmt: skip

    async def all(
        self, context: Context, task: Task, node: Node, handed: Handed, uses: Sequence[Aim]
    ) -> tuple[list[Used], Handed]:  # fmt: skip
        """Call them one after the other, then wait for people, which takes nothing of the step's time, nor of the task's. Each is a step
        of the run, so that none is called twice."""
        first = [await self._begun(context, task, node, handed, use) for use in uses]
        if not any(one.waiting for one in first):
            return first, handed
        left = await context.step(f"{uses[0].name} waiting", lambda: self._left(context, task, handed))
        ended = [await self._ended(context, task, node, use, one) for use, one in zip(uses, first, strict=True)]
        until = await context.step(f"{uses[0].name} going on", lambda: self._until(context, task, left))
        return ended, replace(handed, until=from_iso(until))

    async def _left(self, context: Context, task: Task, handed: Handed) -> Outcome[float]:
        left = max(0.0, (handed.until - self.clock()).total_seconds())
        return Outcome(left, [self.keep_time.stops(task.id, context.run_id)])

    async def _until(self, context: Context, task: Task, left: float) -> Outcome[str]:
        return Outcome(iso(self.clock() + timedelta(seconds=left)), [self.keep_time.goes_on(task.id, context.run_id)])

    async def _begun(self, context: Context, task: Task, node: Node, handed: Handed, use: Aim) -> Used:
        used: JsonObject = await context.step(
            use.name,
            lambda: self._call(context, task, node, handed, use),
            commit="now",
            timeout=longest(handed, self.clock()),
        )
        return from_json(Used, used)

    async def _ended(self, context: Context, task: Task, node: Node, use: Aim, first: Used) -> Used:
        """A signal only says that some call has ended, perhaps one that was not waited for any more when its run was executed again."""
        wanted, ended = self._use(task, node, context, use, p0=False), first
        while ended.waiting:
            used: JsonObject = await context.step(f"{use.name} decided", lambda: self._heard(context, task, node, use, wanted, first))
            if (ended := from_json(Used, used)).waiting:
                await context.wait("child")
        return ended

    async def _heard(self, context: Context, task: Task, node: Node, aim: Aim, use: Use, first: Used) -> Outcome[JsonObject]:
        ended = await self.hands.ended(use, first.call)
        return Outcome(to_json(ended), [self._tried(context, task, node, aim, ended)])

    def _tried(self, context: Context, task: Task, node: Node, aim: Aim, used: Used) -> Change[None]:
        tried, calls = Tried(tool=aim.tool, status=used.status), (used.call,) if used.call else ()
        return self.tasks.tried(
            Tries(task=task.id, key=node.key, run=context.run_id, first=aim.place, tried=(tried,), calls=calls, p0=used.p0)
        )

    async def _call(self, context: Context, task: Task, node: Node, handed: Handed, aim: Aim) -> Outcome[JsonObject]:
        """What came of it; what it was refused with, told, so that others of a list are not lost with it. Raises `Unavailable`,
        and `Cancelled` when the task has ended."""
        await self.keep_time.require_open(task.id)
        try:
            if self.clock() > handed.until:
                raise Refused("The time of the step “{key}” was over before {tool} was called.", key=node.key, tool=aim.tool)
            self._require_own(node, aim.tool)
            used = await self.hands.use(self._use(task, node, context, aim, p0=handed.p0, by=await self.standing(task.principal)))
        except Unavailable:
            raise
        except Conflict as error:  # begun under this key before, by a process that is no more or lost the run
            why = Text("{tool} was begun, and whether it was done is not known: {why}", tool=aim.tool, why=error.text)
            used = Used(call="", status="uncertain", why=why)
        except HulkError as error:
            used = Used(call="", status="failed", why=error.text)
        return Outcome(to_json(used), [self._tried(context, task, node, aim, used)])

    def _require_own(self, node: Node, tool: str) -> None:
        """An agent uses what its own file names, whatever rules there are besides."""
        agent = self.book.get(node.agent)
        if agent is None or not any(any_of(tool, grant.tools) for grant in agent.grants):
            raise Refused("The agent “{agent}” has no tool {tool}: its file does not name it.", agent=node.agent, tool=tool)

    def _use(self, task: Task, node: Node, context: Context, aim: Aim, *, p0: bool, by: Principal | None = None) -> Use:
        return Use(
            by=by or task.principal, agent=node.agent, tool=aim.tool, arguments=aim.given, key=context.key, run=context.run_id,
            language=task.language, intent=task.intent, namespace=task.namespace, p0=p0, most=task.most,
        )  # fmt: skip


def longest(handed: Handed, now: datetime) -> timedelta:
    """How long a question or a call in a step may take before it is given up from outside: a little more than the step has left, so that
    who is late says so itself."""
    return max(timedelta(0), handed.until - now) + _GRACE


_GRACE = timedelta(seconds=5)
_STATUSES = ("done", "rejected", "expired", "failed", "uncertain", "suggested")


def _autonomy(results: Sequence[Used]) -> Autonomy | None:
    """How far it went; None for what only looked."""
    if any(one.ticket for one in results):
        return "approve"
    if any(one.status == "suggested" for one in results):
        return "suggest"
    return "act" if any(one.writes for one in results) else None


def _none_done(results: Sequence[Used]) -> HulkError:
    """Why nothing was done; not in the tool's words where those must stay in the company, since errors are told to models and people."""
    for one in results:
        if one.p0:
            return Refused("Nothing came of it, and why must stay in the company: the call {call} tells.", call=one.call)
        if one.why is not None:
            return Expired(one.why) if one.status == "expired" else Refused(one.why)
    return Refused("nothing came of it")


def files_of(results: Sequence[Used]) -> Iterator[File]:
    """What they made and kept."""
    return (file for one in results if one.done for file in one.files)


def _value(used: Used) -> Any:
    if used.status == "suggested":
        return {"status": "suggested", "text": str(used.why or "")}
    return used.data if used.data is not None else {"text": used.text}


def _told(results: Sequence[Used], left_out: int) -> JsonObject:
    """What came of each, and how many came to what, or were left out."""
    counts = {status: sum(1 for one in results if one.status == status) for status in _STATUSES}
    items = [{"status": one.status, "call": one.call, "result": _value(one), "why": _why(one)} for one in results]
    return {"items": items, "count": len(results), "left_out": left_out, **counts}


def _why(used: Used) -> str:
    return "" if used.why is None else str(used.why)


def _sources(results: Sequence[Used]) -> tuple[str, ...]:
    """The calls, and the addresses that they told."""
    done = [one for one in results if one.call and one.done]
    return (*(one.call for one in done), *(address for one in done for address in addresses_in(one.data)))
