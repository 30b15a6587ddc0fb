"""Calling a tool: within the rules, once per key, after a person's yes where that is needed."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit, Runs, Started, followed
from hulk.kernel.errors import Conflict, Forbidden, Invalid, told
from hulk.kernel.events import Trail, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.router import Classified
from hulk.modules.tools.domain import Autonomy, Call, Output, Server, Tool
from hulk.modules.tools.domain.call import id_of, require_same, what_it_would_do
from hulk.modules.tools.domain.output import Withheld, for_reader
from hulk.modules.tools.domain.permission import autonomy_for, lesser, shortest
from hulk.modules.tools.ports import Calls, Present, Schemas
from hulk.modules.tools.usecases.catalogue import Catalogue, who_of
from hulk.modules.tools.usecases.fitting import require_fit
from hulk.modules.tools.usecases.perform import Perform, fact

WORKFLOW = "tool-call"
_REHEARSED = Text("It was not called: in a rehearsal nothing is changed, and it is only noted what would be.")
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A call that somebody wants. `key` is unique to it: whoever asks again with it gets what came of the first; `person` is how other
    systems know who asks; `run` is the run that is told, by the signal `child`, of the end of one that waits for a person;
    `present` is about who is there while it is done. `p0`: what it is given is from what must stay in the company, scan or no. `most` is
    how far it goes at the most, whatever rules let it: `suggest` changes nothing."""

    tool: str
    arguments: JsonObject
    key: str = ""
    agent: str = ""
    person: str = ""
    reason: str = ""
    intent: str | None = None
    namespace: str | None = None
    run: str | None = None
    server: Server | None = None
    present: Present = field(default_factory=Present)
    p0: bool = False
    most: Autonomy = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A call and what its caller may see of it: `sensitive` when that is all."""

    call: Call
    tool: Tool
    sensitive: bool
    replayed: bool = False

    @property
    def shown(self) -> Output | Withheld | None:
        """What the caller may see of what came back; None when nothing did."""
        output = self.call.output
        return None if output is None else for_reader(output, Classified.of(self.call.labels), sensitive=self.sensitive)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Call a tool, now or once a person has said yes."""

    catalogue: Catalogue
    calls: Calls
    schemas: Schemas
    perform: Perform
    runs: Runs
    trail: Trail
    commit: Commit
    clock: Clock
    wait: timedelta
    """How long a person is waited for at the most."""

    async def __call__(self, by: Principal, wanted: Wanted) -> Called:
        """The call at its end, or waiting for a person (`Call.ticket` tells where, as soon as it is opened).

        Raises `NotFound`, `Forbidden` (no rule, or something sensitive that would leave), `Invalid` for the arguments, `Conflict` for a key
        that is another call's or under way. What the tool itself refuses is a call that `failed`."""
        who = who_of(by, wanted.agent, wanted.namespace)
        tool, allowed = await self.catalogue.usable(who, wanted.tool, wanted.server)
        if len(wanted.key) > LONGEST_KEY:
            raise Invalid([("key", Text("the length must be at most {count}", count=LONGEST_KEY))])
        require_fit(self.schemas, tool, wanted.arguments, wanted.present.answers)
        autonomy = lesser(autonomy_for(allowed, tool, wanted.arguments), wanted.most) if tool.writes else "act"
        call = self._call(by, wanted, tool, allowed.rules)
        if autonomy == "suggest":
            why = _REHEARSED if wanted.most == "suggest" else what_it_would_do(call)
            return await self._suggested(call, tool, why, sensitive=allowed.sensitive)
        if not tool.writes:
            return Called(call=await self.perform(call, tool, wanted.present), tool=tool, sensitive=allowed.sensitive)
        waiting = replace(call, status="running" if autonomy == "act" else "waiting")
        kept, new = await self._begun(waiting, wanted.run, shortest((allowed.wait, self.wait)))
        if new and autonomy == "act":
            kept = await self.perform(kept, tool, wanted.present)
        elif not new and kept.status == "running":
            raise Conflict("The call with the key “{key}” is under way: ask for it later ({id}).", key=kept.key, id=kept.id)
        return Called(call=kept, tool=tool, sensitive=allowed.sensitive, replayed=not new)

    def _call(self, by: Principal, wanted: Wanted, tool: Tool, rules: tuple[str, ...]) -> Call:
        """A read is a call of its own, whatever its key: it is done each time, and what it gives is never taken for another's."""
        now, key = self.clock(), wanted.key or ids.new("key")
        return Call(
            id=id_of(by.tenant, key if tool.writes else ids.new("key")), tenant=by.tenant, key=key, tool=tool.name,
            arguments=wanted.arguments, actor=by.actor, at=now, deadline=now + timedelta(seconds=tool.seconds), status="running",
            agent=wanted.agent, person=wanted.person, reason=reasoned(wanted.reason), intent=wanted.intent, rules=rules, grants=by.grants,
            namespace=wanted.namespace, p0=wanted.p0,
        )  # fmt: skip

    async def _suggested(self, call: Call, tool: Tool, why: Text, *, sensitive: bool) -> Called:
        kept, new = await self._begun(replace(call, status="suggested", ended=call.at, error=told(Forbidden(why))))
        return Called(call=kept, tool=tool, sensitive=sensitive, replayed=not new)

    async def _begun(self, call: Call, waiter: str | None = None, wait: timedelta | None = None) -> tuple[Call, bool]:
        """`waiter` is told of its end, and a person is waited for so long."""
        run = _run(call, waiter, wait or self.wait)
        [(kept, new)] = await self.commit(followed(self.calls.begin(call), lambda found: self._first(found[0], run, new=found[1])))
        if not new:
            require_same(kept, call)
        return kept, new

    def _first(self, call: Call, run: Started, *, new: bool) -> list[Change[Any]]:
        """What becomes true with a call's beginning."""
        if not new or call.status == "running":
            return []
        event = self.trail.append(fact(call.status, call))
        return [event, self.runs.begin(run)] if call.status == "waiting" else [event]


def _run(call: Call, waiter: str | None, wait: timedelta) -> Started:
    return Started(
        workflow=WORKFLOW, data={"call": call.id, "wait": wait.total_seconds()}, tenant=call.tenant,
        id=f"run_{call.id.removeprefix('tcl_')}", intent=call.intent, attributes={"tool": call.tool}, namespace=DEFAULT_NAMESPACE,
        parent=waiter,
    )  # fmt: skip
