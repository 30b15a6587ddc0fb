"""Doing a call, once it may be done: bounded, told honestly however it ends, and never twice by itself."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from hulk.kernel.durable import Change, Commit, followed
from hulk.kernel.errors import HulkError, Unavailable, told
from hulk.kernel.events import Event, Trail
from hulk.kernel.time import Clock
from hulk.modules.router import Classified, classified
from hulk.modules.tools.domain import Call, Ending, Output, Tool
from hulk.modules.tools.domain.call import Status, told_of
from hulk.modules.tools.domain.output import capped, classified_output, scrubbed
from hulk.modules.tools.ports import Backend, Calling, Calls, Present, Uncertain

log = structlog.get_logger(__name__)
NOBODY = Present()
_LONG = 10_000
"""Characters above which a scan is given a thread of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Perform:
    """Have a backend do a call that was begun. `secrets` are what a backend was given to prove who we are: they are taken out of what it
    says. Answers are cut to `most` bytes."""

    backends: Mapping[str, Backend]
    calls: Calls
    trail: Trail
    commit: Commit
    clock: Clock
    most: int
    secrets: Callable[[str], Iterable[str]] = lambda _: ()
    heard: Callable[[Call], None] = lambda _: None
    """Told of each call that ended here."""

    async def __call__(self, call: Call, tool: Tool, present: Present = NOBODY) -> Call:
        """The call at its end, which is kept. When this is cancelled in the middle of a write, it is kept as uncertain."""
        ending = await self._shielded(call, tool, _calling(call, present))
        [(found, _)] = await self.commit(*self._kept(call, tool, ending))
        kept: Call = found
        self.heard(kept)
        return replace(kept, output=ending.output, labels=ending.labels)

    async def _shielded(self, call: Call, tool: Tool, calling: Calling) -> Ending:
        try:
            return await self._done(call, tool, calling)
        except asyncio.CancelledError:
            if tool.writes:
                error = Uncertain("{tool} was given up in the middle: whether it was done is not known.", tool=tool.name)
                await asyncio.shield(self.commit(*self._kept(call, tool, self._failed(tool, error))))
            raise

    async def _done(self, call: Call, tool: Tool, calling: Calling) -> Ending:
        try:
            output = await self._asked(call, tool, calling)
        except HulkError as error:
            return self._failed(tool, error)
        fit = capped(scrubbed(output, self.secrets(tool.backend)), self.most)
        scan = await _scanned(fit, tool)
        return Ending(status="failed" if fit.failed else "done", at=self.clock(), output=fit, labels=scan.labels)

    async def _asked(self, call: Call, tool: Tool, calling: Calling) -> Output:
        """Raises what the backend does; what nobody expects of it as something of which the outcome is not known."""
        left = (call.deadline - self.clock()).total_seconds()
        if left <= 0:
            raise Unavailable("{tool} was not called: the time for it was over before it began.", tool=tool.name)
        try:
            async with asyncio.timeout(left):
                return await self.backends[tool.backend].call(tool, call.arguments, calling)
        except TimeoutError as late:
            raise Uncertain("{tool} did not answer within {seconds} s.", tool=tool.name, seconds=tool.seconds) from late
        except HulkError:
            raise
        except Exception as mistake:
            log.exception("tool_broke", tool=tool.name, call=call.id)
            raise Uncertain("{tool} broke off, for a mistake of Hulk's own; the log tells more.", tool=tool.name) from mistake

    def _failed(self, tool: Tool, error: HulkError) -> Ending:
        status: Status = "uncertain" if isinstance(error, Uncertain) and tool.writes and not tool.idempotent else "failed"
        text = str(error)
        for secret in self.secrets(tool.backend):
            text = text.replace(secret, "")
        if text != str(error) or tool.data == "p0" or classified(text).sensitivity == "p0":
            error = type(error)("{tool} failed, and said why in words that are not shown: they hold what must not be.", tool=tool.name)
        return Ending(status=status, at=self.clock(), error=told(error))

    def _kept(self, call: Call, tool: Tool, ending: Ending) -> list[Change[Any]]:
        """A read is kept at its end only, without what it gave; of a write that is given again to who asks again."""
        if tool.writes:
            return [told_once(self.calls.end(call.tenant, call.id, ending), self.trail)]
        done = replace(call, status=ending.status, labels=ending.labels, error=ending.error, ended=ending.at)
        return [told_once(self.calls.begin(done), self.trail)]


def _calling(call: Call, present: Present) -> Calling:
    return Calling(
        id=call.id, key=call.key, tenant=call.tenant, actor=call.actor, deadline=call.deadline, person=call.person, agent=call.agent,
        present=present, p0=call.p0,
    )  # fmt: skip


async def _scanned(output: Output, tool: Tool) -> Classified:
    if sum(len(getattr(piece, "text", "")) for piece in output.pieces) <= _LONG:
        return classified_output(output, tool)
    return await asyncio.to_thread(classified_output, output, tool)


def lost(call: Call, at: datetime) -> Ending:
    """How a call ends whose process ended in the middle of it."""
    error = Uncertain("{tool} was begun, and the process ended before it was known whether it was done.", tool=call.tool)
    return Ending(status="uncertain", at=at, error=told(error))


def told_once(ending: Change[tuple[Call, bool]], trail: Trail, actor: str | None = None) -> Change[tuple[Call, bool]]:
    """A call's end, told to the trail if it is new."""
    return followed(ending, lambda found: [trail.append(fact("called", found[0], actor))] if found[1] else [])


def fact(word: str, call: Call, actor: str | None = None) -> Event:
    """The event that tells the trail of a call."""
    return Event(
        type=f"hulk.tool.{word}.v1", subject=call.id, tenant=call.tenant, actor=actor or call.actor, intent=call.intent,
        data=told_of(call),
    )  # fmt: skip
