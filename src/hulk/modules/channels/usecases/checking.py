"""Trying a channel, and keeping what came of it."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, Unavailable, told
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.tenancy import Principal
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Channel, Step, Tried
from hulk.modules.channels.ports import Checked, Figures, Line, Standings
from hulk.modules.channels.usecases.rights import Rights

log = structlog.get_logger(__name__)
LONGEST_SECONDS = 60.0
"""How long trying a channel may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckChannel:
    """Has a channel prove that it works."""

    rights: Rights
    line: Callable[[str], Line | None]
    standings: Standings
    trail: Trail
    commit: Commit
    figures: Figures
    clock: Clock

    async def __call__(self, by: Principal, name: str, reason: str = "") -> Tried:
        """Somebody wants to know: it is told that they asked, and what came of it. Raises `NotFound`, `Forbidden`, `Unavailable`."""
        channel = self.rights.channel(by, "write", name)
        return await self._kept(channel, by.actor, reasoned(reason))

    async def now_and_then(self, channel: Channel) -> Tried:
        """It is told only when something else came of it than the last time. Raises `Unavailable`."""
        return await self._kept(channel, "hulk", None)

    async def _kept(self, channel: Channel, actor: str, reason: str | None) -> Tried:
        before, now = await self.standings.tried(channel.name), await self._tried(channel)
        await self.standings.keep(channel.name, now)
        self.figures.tried(channel.name, now.ok)
        if not now.ok:
            log.warning("channel_check_failed", channel=channel.name, problem=now.problem)
        was = None if before is None else before.told
        if reason is not None or (now.told != was and not (was is None and now.ok)):
            data = changed(reason or "", was, now.told)
            event = Event(type="hulk.channel.checked.v1", subject=channel.name, tenant=channel.tenant, actor=actor, data=data)
            await self.commit(self.trail.append(event))
        return now

    async def _tried(self, channel: Channel) -> Tried:
        at, began, problem, proved = self.clock(), time.monotonic(), None, Checked(())
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                proved = await self._proved(channel)
        except TimeoutError:
            problem = told(Unavailable("It did not answer within {seconds} seconds.", seconds=round(LONGEST_SECONDS)))
        except HulkError as error:
            problem = told(error)
        except Exception as error:  # a fault of ours is one of the channel's to who asks whether it works
            log.exception("channel_check_broke", channel=channel.name)
            problem = told(Unavailable("Trying it broke ({error}).", error=type(error).__name__))
        steps = tuple(Step(what, seconds) for what, seconds in proved.steps)
        return Tried(at=at, seconds=time.monotonic() - began, steps=steps, problem=problem)

    async def _proved(self, channel: Channel) -> Checked:
        """What the line proves; and where somebody says that they cannot hear there, that it is so."""
        line = self.line(channel.name)
        if line is None:
            raise Unavailable("The channel “{name}” is not open.", name=channel.name)
        proved, standing = await line.check(), await self.standings.get(channel.name)
        if standing is not None and standing.listens and standing.deaf and await self.standings.led(channel.name):
            raise Unavailable("Messages could be sent, but nothing is heard: {reason}", reason=standing.deaf)
        return proved
