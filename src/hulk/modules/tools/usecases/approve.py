"""A call that waits for a person: a durable run that asks, and does it after a yes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hulk.kernel.durable import Change, Commit, Context, Outcome, Started
from hulk.kernel.errors import Expired, Forbidden, HulkError, NotFound, Refused, told
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.kernel.time import Clock, hours
from hulk.modules.tickets import AskPerson, Matter, Ticket, in_time
from hulk.modules.tools.domain import Call, Ending, Tool
from hulk.modules.tools.domain.call import Status, what_it_would_do
from hulk.modules.tools.ports import Calls, Schemas, Standing
from hulk.modules.tools.usecases.catalogue import Catalogue, who_of
from hulk.modules.tools.usecases.fitting import require_fit
from hulk.modules.tools.usecases.perform import Perform, fact, lost, told_once

KIND = "tool.approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCall:
    """The body of such a run (`kernel.durable.Workflow`): ask, then act or let it be."""

    catalogue: Catalogue
    calls: Calls
    schemas: Schemas
    standing: Standing
    ask: AskPerson
    perform: Perform
    trail: Trail
    commit: Commit
    clock: Clock

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """See `Workflow`."""
        call = await self.calls.get(context.tenant, data["call"])
        wait = timedelta(seconds=data["wait"])
        heard = await self.ask(context, "ask", _matter(call, wait), lambda ticket: [self._asked(call, ticket)])
        if heard["status"] != "completed":
            return {"call": call.id, "status": await context.step("reject", lambda: self._unapproved(call, heard, wait))}
        status: str = await context.step("act", lambda: self._act(call, heard["actor"]), commit="now")
        return {"call": call.id, "status": status}

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """The call fails with its run, unless it was begun: then it is closed as all are of which nobody knows the end."""
        return [self._unmade(run.tenant, run.data["call"], error)]

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing: a call that has ended stays as it is."""
        return []

    def _asked(self, call: Call, ticket: Ticket) -> Change[Any]:
        return self.calls.ask(call.tenant, call.id, ticket.id)

    async def _unapproved(self, call: Call, heard: JsonObject, wait: timedelta) -> Outcome[Status]:
        """Somebody said no, or nobody anything in time."""
        status: Status = "rejected" if in_time(heard["problem"]) else "expired"
        no: HulkError = Forbidden("{actor} did not approve the call of {tool}.", actor=heard["actor"], tool=call.tool)
        if status == "expired":
            no = Expired("Nobody decided on the call of {tool} within {hours} h: it was not made.", tool=call.tool, hours=hours(wait))
        ending = Ending(status=status, at=self.clock(), error=told(no))
        return Outcome(status, [self._ending(call.tenant, call.id, ending, heard["actor"])])

    async def _act(self, call: Call, actor: str) -> Outcome[str]:
        """Do it, as it was approved; one that was begun before and not ended is not begun again, unless that does nothing twice."""
        try:
            tool = await self._still_allowed(call)
        except (Refused, NotFound) as refusal:
            return await self._unfinished(call, refusal)
        until = self.clock() + timedelta(seconds=tool.seconds)
        [taken] = await self.commit(self.calls.take(call.tenant, call.id, until, idempotent=tool.idempotent))
        if taken is None:
            return await self._unfinished(call)
        done = await self.perform(taken, tool)
        return Outcome(done.status, [self.trail.append(fact("approved", done, actor))])

    async def _still_allowed(self, call: Call) -> Tool:
        """The tool as it is now. Raises `Refused` and `NotFound` when it may not be called so any more, whoever approved it: what counts is
        what its asker may do now, and rules as they are now."""
        who = who_of(await self.standing(call.principal), call.agent, call.namespace)
        tool, allowed = await self.catalogue.usable(who, call.tool)
        require_fit(self.schemas, tool, call.arguments)
        if allowed.autonomy == "suggest":
            raise Forbidden(what_it_would_do(call))
        return tool

    async def _unfinished(self, call: Call, refusal: HulkError | None = None) -> Outcome[str]:
        """It is not made now: it was before, or whether it was is not known, or it may not be."""
        now = await self.calls.get(call.tenant, call.id)
        if now.status == "waiting" and refusal is not None:
            return Outcome("failed", [self._unmade(call.tenant, call.id, refusal)])
        if now.status != "running":
            return Outcome(now.status)
        return Outcome("uncertain", [self._ending(call.tenant, call.id, lost(call, self.clock()), "hulk")])

    def _unmade(self, tenant: str, call: str, error: HulkError) -> Change[Any]:
        return self._ending(tenant, call, Ending(status="failed", at=self.clock(), error=told(error), unbegun=True), "hulk")

    def _ending(self, tenant: str, call: str, ending: Ending, actor: str) -> Change[Any]:
        return told_once(self.calls.end(tenant, call, ending), self.trail, actor)


def _matter(call: Call, wait: timedelta) -> Matter:
    through = Text("{agent} for {actor}", agent=call.agent, actor=call.actor) if call.agent else call.actor
    return Matter(
        kind=KIND, title=Text("Call {tool}, asked for by {who}", tool=call.tool, who=through), intent=call.intent, asker=call.actor,
        wait=wait,
        input={name: getattr(call, name) for name in ("tool", "arguments", "actor", "agent", "reason")} | {"call": call.id},
    )  # fmt: skip
