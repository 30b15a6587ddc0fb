"""Sending what waits in the outbox of a channel, each message at most once, those of an address in their order.

A message is claimed in a transaction, sent, and settled in another. A process that dies in between leaves it claimed: whoever looks after
the channel next asks the vendor for it (`Line.find`), and where the vendor cannot be asked it becomes `unknown`: people are shown it, and
nobody sends it again but they.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from hulk.kernel.bells import Listener
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Exhausted, HulkError, Refused, Unauthenticated, Unavailable, told
from hulk.kernel.events import Trail
from hulk.kernel.time import Clock, SetBack
from hulk.modules.channels.domain import HELD, Meter, Outgoing, State, waiting_after
from hulk.modules.channels.ports import Files, Line, Outbox, Presence, Sent, Speak, Uncertain, Unknowable, Voices
from hulk.modules.channels.usecases.facts import ended, only_if
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.packing import Pack, Unspoken
from hulk.modules.channels.usecases.presence import Patient
from hulk.modules.channels.usecases.replacing import TakePlace, overtaken

log = structlog.get_logger(__name__)
BATCH = 64
LOOK_SECONDS = 1.0
"""How long a message may wait of which this process was not told."""
_AUTH_WAIT = timedelta(minutes=1)
"""How long all wait when the channel does not know us any more."""


class Ended(Uncertain):
    """Nobody knows how far it came, and it was not the channel's doing."""


@dataclass(slots=True)
class Deliver:
    """Looks after the outbox of one channel."""

    channel: str
    holder: str
    line: Line
    outbox: Outbox
    files: Files
    trail: Trail
    commit: Commit
    clock: Clock
    ticks: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    elsewhere: HandOver | None = None
    """What becomes of messages, where the channel sends none."""
    presence: Presence = field(default_factory=Patient)
    """Who can still be sending: what those hold who are gone, they hold no more."""
    speak: Speak | None = None
    voices: Voices | None = None
    """In which it is told what could not go along."""
    place: TakePlace | None = None
    """How messages take the place of others, where what was sent can be changed."""
    told_off: str = ""
    """Why the channel takes nothing from us, while it does not."""
    _meter: Meter = field(init=False)
    _under_way: set[str] = field(default_factory=set)
    _owed: list[Sequence[Change[Any]]] = field(default_factory=list)
    """What became of messages and could not be kept yet."""
    _looked: float = field(default=float("-inf"))
    _renewed: float = field(default=float("-inf"))
    _set_back: SetBack = field(default_factory=SetBack)

    def __post_init__(self) -> None:
        """Begins with nothing sent."""
        everywhere, one = self.line.paces
        self._meter = Meter(channel=everywhere, address=one)

    async def run(self, listener: Listener) -> None:
        """Send what is due, whenever there is something, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                listener.looks()
                wait = await self._round(group)
                await listener.heard(wait)

    async def once(self) -> int:
        """Send what is due now, and wait for it; how many it was."""
        async with asyncio.TaskGroup() as group:
            return len(await self._begun(group))

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Begin what may go out; seconds until there may be more."""
        try:
            await self._look_after(group)
            begun = await self._begun(group)
        except Unavailable as error:
            log.warning("channel_outbox_away", channel=self.channel, reason=str(error))
            return LOOK_SECONDS
        return 0.0 if len(begun) == BATCH else LOOK_SECONDS

    async def _look_after(self, group: asyncio.TaskGroup) -> None:
        """Now and then: what is left, and what was to be tried again by a clock that was set back, or by a process before this one."""
        while self._owed:
            await self.commit(*self._owed[0])
            del self._owed[0]
        await self._hold()
        first = self._looked == float("-inf")
        if self._set_back.seen(self.clock(), self.ticks()) or first:
            await self.commit(self.outbox.hasten(self.channel, self.clock()))
        if first or self.ticks() - self._looked >= LOOK_SECONDS:
            await self._left(group)
            self._looked = self.ticks()

    async def _hold(self) -> None:
        """What is under way stays ours: a recording, or a large file, may take longer than a claim holds."""
        if self._under_way and self.ticks() - self._renewed >= HELD.total_seconds() / 3:
            await self.commit(self.outbox.hold(self.channel, self.holder, self.clock() + HELD))
            self._renewed = self.ticks()

    async def _begun(self, group: asyncio.TaskGroup) -> list[Outgoing]:
        begun = list[Outgoing]()
        for message in await self.outbox.due(self.channel, self.clock(), BATCH):
            if message.id in self._under_way or self._meter.wait(message.address, self.ticks()) > 0:
                continue
            self._meter.sent(message.address, self.ticks())
            self._under_way.add(message.id)
            group.create_task(self._one(message))
            begun.append(message)
        return begun

    async def _one(self, message: Outgoing) -> None:
        try:
            await self._sent(message)
        except Unavailable as error:  # the store's: it stays claimed, and is looked after later
            log.warning("channel_message_left", channel=self.channel, message=message.id, reason=str(error))
        finally:
            self._under_way.discard(message.id)

    async def _sent(self, message: Outgoing) -> None:
        if message.overdue(self.clock(), self.line.limits.keeps):
            await self._settle(
                message, "failed", problem=Refused("It could not be sent for too long, and is not sent any more."), claimed=False
            )
            return
        if self.elsewhere is not None:
            await self.commit(await self.elsewhere.instead(message, self.holder))
            return
        if await overtaken(self.outbox, message):
            await self._settle(message, "withdrawn", claimed=False)
            return
        [claimed] = await self.commit(self.outbox.claim(message.id, self.holder, self.clock() + HELD))
        if claimed and self.presence.held:  # else others may think that we are gone, and ask the channel for it just now
            await self._try(replace(message, attempts=message.attempts + 1))
        elif claimed:  # surely not sent, which nobody could know any more who found it claimed
            await self._kept(self.outbox.settle(replace(message, due=self.clock() + timedelta(seconds=LOOK_SECONDS)), self.holder))

    async def _try(self, message: Outgoing) -> None:
        try:
            async with Pack(self.files, self.speak, self.voices)(message, self.line.limits) as (whole, files):
                sent = await self._put(whole, files)
        except Unspoken as error:
            await self._settle(message, "withdrawn", problem=error)
        except Uncertain as error:
            await self._ask(message, error)
        except Unauthenticated as error:
            self._told_off(str(error))
            await self._later(message, _AUTH_WAIT, error)
        except Unavailable as error:
            await self._wait(message, error)
        except HulkError as error:
            await self._settle(message, "failed", problem=error)
        except Exception as error:  # a fault of ours: nobody knows how far it came
            log.exception("channel_send_broke", channel=self.channel, message=message.id)
            await self._ask(message, Uncertain("Sending it broke ({error}).", error=type(error).__name__))
        else:
            self.told_off = ""
            await self._settle(message, "sent", sent=sent)

    async def _put(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        there = await self.place(message, files) if self.place is not None and message.over else None
        return there or await self.line.send(message, files)

    async def _wait(self, message: Outgoing, error: Unavailable) -> None:
        wait = timedelta(seconds=error.retry_after) if error.retry_after else waiting_after(message.attempts, self.chance())
        if isinstance(error, Exhausted) and error.retry_after:
            self._meter.hold(error.retry_after, self.ticks())
        await self._later(message, wait, error)

    async def _later(self, message: Outgoing, wait: timedelta, error: HulkError) -> None:
        if message.until:  # by then there may be an answer, and it must not wait for this
            await self._settle(message, "withdrawn", problem=error)
            return
        again = replace(message, state="waiting", due=self.clock() + wait, problem=told(error))
        await self._kept(self.outbox.settle(again, self.holder))

    async def _kept(self, *changes: Change[Any]) -> None:
        """What is known of a message is not forgotten because the store is away: it is kept as soon as that is back."""
        try:
            await self.commit(*changes)
        except Unavailable:
            self._owed.append(changes)
            raise

    def _told_off(self, why: str) -> None:
        if not self.told_off:
            log.error("channel_not_known", channel=self.channel, reason=why)
        self.told_off = why
        self._meter.hold(_AUTH_WAIT.total_seconds(), self.ticks())

    async def _ask(self, message: Outgoing, error: HulkError) -> None:
        """Ask the channel whether it has it. Where that cannot be asked now, it stays claimed, and is asked later. What takes the place of
        something that stands there is put there again: no two come of that."""
        try:
            stands = self.place is not None and await self.place.standing(message) is not None
            found = None if stands else await self.line.find(message)
        except Unknowable:
            await self._settle(message, "unknown", problem=error)
        except Unavailable as away:
            log.warning("channel_message_unclear", channel=self.channel, message=message.id, reason=str(away))
        except HulkError as refused:
            await self._settle(message, "unknown", problem=refused)
        else:
            if found is not None:
                await self._settle(message, "sent", sent=found)
            else:
                await self._later(message, _wait_for(message, error, self.chance()), error)

    async def look_after_left(self) -> int:
        """See what became of messages that somebody began to send and did not end; how many there were."""
        async with asyncio.TaskGroup() as group:
            return await self._left(group)

    async def _left(self, group: asyncio.TaskGroup) -> int:
        for holder in await self.outbox.holders(self.channel):
            if holder != self.holder and await self.presence.gone(holder):
                await self.commit(self.outbox.abandon(self.channel, holder, self.clock()))
        left = [one for one in await self.outbox.left(self.channel, self.clock(), BATCH) if one.id not in self._under_way]
        for message in left:
            self._under_way.add(message.id)
            group.create_task(self._adopted(message))
        return len(left)

    async def _adopted(self, message: Outgoing) -> None:
        """Each by itself: a channel may take its time to say what it has."""
        try:
            now = self.clock()
            [ours] = await self.commit(self.outbox.adopt(message.id, self.holder, now, now + HELD))
            if ours:
                await self._ask(message, Ended("The process that was sending it ended."))
        except Unavailable as error:
            log.warning("channel_message_left", channel=self.channel, message=message.id, reason=str(error))
        finally:
            self._under_way.discard(message.id)

    async def _settle(
        self, message: Outgoing, state: State, *, sent: Sent | None = None, problem: HulkError | None = None, claimed: bool = True
    ) -> None:
        over = replace(
            message, state=state, ended=self.clock(), sent_id=sent.id if sent else "", problem=told(problem) if problem else None
        )
        kept = replace(over, state="shown") if message.until and sent else over
        gone = [self.outbox.laid_down(message.over, self.clock())] if message.over and sent else []
        if not claimed:
            await self.commit(self.outbox.claim(message.id, self.holder, self.clock() + HELD))
        await self._kept(only_if(self.outbox.settle(kept, self.holder), self.trail.append(ended(over)), *gone))
        if problem is not None:
            log.warning("channel_message_not_sent", channel=self.channel, message=message.id, state=state, problem=over.problem)


def _wait_for(message: Outgoing, error: HulkError, chance: float) -> timedelta:
    """How long one waits that the channel surely does not have: not at all where a process ended at its first try."""
    return timedelta() if isinstance(error, Ended) and message.attempts <= 1 else waiting_after(message.attempts, chance)
