"""A call that waits for a person: a durable run that asks, and does it after a yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hulk.kernel.durable import Change, Commit, Context, Outcome, Started
from hulk.kernel.errors import Forbidden, HulkError, NotFound, told
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.tickets import AskPerson, Matter, Ticket
from hulk.modules.tools.domain import Call, Ending, Tool
from hulk.modules.tools.ports import Calls
from hulk.modules.tools.usecases.catalogue import Catalogue
from hulk.modules.tools.usecases.perform import Perform, fact, lost, told_once

KIND = "tool.approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCall:
    """The body of such a run (`kernel.durable.Workflow`): ask, then act or let it be."""

    catalogue: Catalogue
    calls: Calls
    ask: AskPerson
    perform: Perform
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """See `Workflow`."""
        call = await self.calls.get(context.tenant, data["call"])
        heard = await self.ask(context, "ask", _matter(call), lambda ticket: [self._asked(call, ticket)])
        if heard["status"] != "completed":
            await context.step("reject", lambda: self._rejected(call, heard))
            return {"call": call.id, "status": "rejected"}
        status: str = await context.step("act", lambda: self._act(call, heard["actor"]), commit="now")
        return {"call": call.id, "status": status}

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The call fails with its run, unless it has ended."""
        return [self._ending(run.tenant, run.data["call"], Ending(status="failed", at=self.clock(), error=told(error)), "hulk")]

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing: a call that has ended stays as it is."""
        return []

    def _asked(self, call: Call, ticket: Ticket) -> Change[Any]:
        return self.calls.ask(call.tenant, call.id, ticket.id)

    async def _rejected(self, call: Call, heard: JsonObject) -> Outcome[None]:
        error = Forbidden("{actor} did not approve the call of {tool}.", actor=heard["actor"], tool=call.tool)
        ending = Ending(status="rejected", at=self.clock(), error=told(error))
        return Outcome(None, [self._ending(call.tenant, call.id, ending, heard["actor"])])

    async def _act(self, call: Call, actor: str) -> Outcome[str]:
        """Do it, as it was approved; one that was begun before and not ended is not begun again, unless that does nothing twice."""
        tool = await self._tool(call)
        until = self.clock() + timedelta(seconds=tool.seconds)
        [taken] = await self.commit(self.calls.take(call.tenant, call.id, until, idempotent=tool.idempotent))
        if taken is None:
            return await self._unfinished(call)
        done = await self.perform(taken, tool)
        return Outcome(done.status, [self.trail.append(fact("approved", done, actor))])

    async def _unfinished(self, call: Call) -> Outcome[str]:
        now = await self.calls.get(call.tenant, call.id)
        if now.status != "running":
            return Outcome(now.status)
        return Outcome("uncertain", [self._ending(call.tenant, call.id, lost(call, self.clock()), "hulk")])

    async def _tool(self, call: Call) -> Tool:
        if (found := (await self.catalogue.shelf()).by_name.get(call.tool)) is None:
            raise NotFound("There is no tool {name} any more; the call that was approved was not made.", name=call.tool)
        return found

    def _ending(self, tenant: str, call: str, ending: Ending, actor: str) -> Change[Any]:
        return told_once(self.calls.end(tenant, call, ending), self.trail, actor)


def _matter(call: Call) -> Matter:
    through = Text("{agent} for {actor}", agent=call.agent, actor=call.actor) if call.agent else call.actor
    return Matter(
        kind=KIND, title=Text("Call {tool}, asked for by {who}", tool=call.tool, who=through), intent=call.intent,
        input={name: getattr(call, name) for name in ("tool", "arguments", "actor", "agent", "reason")} | {"call": call.id},
    )  # fmt: skip
