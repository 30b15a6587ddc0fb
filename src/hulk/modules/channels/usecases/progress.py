"""Saying at a channel that something takes a while, by a message in whose place its answer stands later."""

from contextlib import suppress
from dataclasses import dataclass

from hulk.kernel.durable import Commit
from hulk.kernel.errors import NotFound
from hulk.kernel.text import Language
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Channel
from hulk.modules.channels.ports import Contacts, Edits, Kept, Outbox
from hulk.modules.channels.usecases.meeting import language_with
from hulk.modules.channels.usecases.saying import PROGRESS, Say, first_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SayWorking:
    """Once for each thing that is worked on, and only where an answer can take its place."""

    channel: Channel
    edits: Edits
    say: Say
    contacts: Contacts
    outbox: Outbox
    commit: Commit
    clock: Clock
    fallback: Language

    async def __call__(self, kept: Kept) -> bool:
        """Whether it is said now: not before `Channel.progress`, and not twice. Raises `Unavailable`."""
        after, arrival = self.channel.progress, kept.arrival
        if after is None or self.clock() - kept.received < after or not self.edits.can(arrival.address) or await self._said(kept):
            return False
        contact = await self.contacts.get(self.channel.name, arrival.sender.id)
        language = language_with(contact, self.channel, self.fallback)
        [added] = await self.commit(self.say.working(self.channel, kept, language))
        return bool(added)

    async def _said(self, kept: Kept) -> bool:
        with suppress(NotFound):
            return bool(await self.outbox.get(first_of(kept, PROGRESS)))
        return False
