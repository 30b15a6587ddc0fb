"""What whoever looks after a channel does besides listening and sending: it says how the channel is, tries it now and then, and counts what
waits. And what every process does for all channels: removing what is too old."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta

from hulk.kernel.durable import Change, Commit
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Standing
from hulk.modules.channels.ports import Contacts, Conversations, Figures, Guessed, Inbox, Outbox, Standings
from hulk.modules.channels.usecases import CheckChannel
from hulk.modules.channels.wiring.running import AtWork
from hulk.runtime.background import Rounds

TELLING_SECONDS = 5.0
"""How often it is looked whether there is something to say of a channel."""
COUNTING_SECONDS = 15.0
PRUNING_SECONDS = 3600.0
FIRST_CHECK_SECONDS = 10.0
"""After how long a channel is tried that was just opened."""
BATCH = 500
"""How much is removed in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duties:
    """What a leader does; `every` is how often the channel is tried, None for never. `holder` is this process."""

    holder: str
    standings: Standings
    outbox: Outbox
    check: CheckChannel
    figures: Figures
    rounds: Rounds
    every: timedelta | None
    clock: Clock

    async def __call__(self, work: AtWork) -> None:
        """All of it, until cancelled."""
        name = work.open.name

        async def count() -> None:
            self.figures.waiting(name, await self.outbox.counts(name))

        async def check() -> None:
            await self.check.now_and_then(work.open.channel)

        async with asyncio.TaskGroup() as group:
            group.create_task(self.rounds.every(TELLING_SECONDS, self._teller(work), "channel_standing_not_told"))
            group.create_task(self.rounds.every(COUNTING_SECONDS, count, "channel_messages_not_counted"))
            if self.every is not None:
                seconds = self.every.total_seconds()
                first = min(FIRST_CHECK_SECONDS, seconds)
                group.create_task(self.rounds.every(seconds, check, "channel_not_checked", first=first))

    def _teller(self, work: AtWork) -> Callable[[], Coroutine[None, None, None]]:
        """Says how the channel is when that is something else than before."""
        since, last = self.clock(), list[Standing]()

        async def tell() -> None:
            now = Standing(
                by=self.holder, since=since, listens=work.open.listens is not None, deaf=work.hears[:500],
                told_off=work.deliver.told_off[:500],
            )  # fmt: skip
            if [now] != last:
                await self.standings.put(work.open.name, now)
                last[:] = [now]

        return tell


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneChannels:
    """Removes what came in, went out and was said longer ago than `retention`, and codes that held no longer than that ago."""

    inbox: Inbox
    outbox: Outbox
    conversations: Conversations
    contacts: Contacts
    guessed: Guessed
    commit: Commit
    clock: Clock
    retention: timedelta

    async def __call__(self) -> int:
        """Some at a time, so that nobody waits long for the store; how much it was. Raises `Unavailable`."""
        before = self.clock() - self.retention
        places = (self.inbox, self.outbox, self.conversations, self.guessed)
        return sum([await self._all(prune, before) for prune in (*(one.prune for one in places), self.contacts.prune_codes)])

    async def _all(self, prune: Callable[[datetime, int], Change[int]], before: datetime) -> int:
        removed, last = 0, BATCH
        while last == BATCH:
            [last] = await self.commit(prune(before, BATCH))
            removed += last
        return removed

    async def now_and_then(self, rounds: Rounds) -> None:
        """Again and again, until cancelled."""
        await rounds.every(PRUNING_SECONDS, self, "channels_not_pruned")
