"""Sending an answer by another channel of the same person, where its own can only answer while somebody waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, Refused, told
from hulk.kernel.events import Trail
from hulk.kernel.text import Text
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import HELD, Arrival, Channel, Conversation, Directory, Outgoing, Sender
from hulk.modules.channels.ports import Contacts, Conversations, Kept, Outbox, Voices
from hulk.modules.channels.usecases.facts import ended
from hulk.modules.channels.usecases.saying import Say

LOOKS_AGAIN = timedelta(minutes=10)
"""After how long it is looked again for another channel of somebody who had none."""

Place = tuple[Channel, Conversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Finds where else somebody can be written to, and what writes there."""

    directory: Directory
    contacts: Contacts
    conversations: Conversations
    outbox: Outbox
    say: Say
    voices: Voices
    trail: Trail
    clock: Clock

    async def where(self, channel: Channel, sender: str) -> Place | None:
        """The conversation with them alone in which they were heard last, of all channels of theirs that can be written to; what was said
        where it stays in the company stays there."""
        contact = await self.contacts.get(channel.name, sender)
        if contact is None or contact.person is None or contact.blocked:
            return None
        places = await self._places(channel.tenant, contact.person)
        return _last(place for place in places if place[0].private or not channel.private)

    async def of_person(self, tenant: str, person: str) -> Place | None:
        """The same for a person."""
        return _last(await self._places(tenant, person))

    async def _places(self, tenant: str, person: str) -> Sequence[Place]:
        places = list[Place]()
        for other in await self.contacts.of_person(tenant, person):
            open_ = self.directory.find(other.channel)
            if open_ is not None and open_.tenant == tenant and not open_.gives and not other.blocked:
                places += [(open_, one) for one in await self.conversations.of_sender(other.channel, other.sender)]
        return places

    async def elsewhere(self, message: Outgoing) -> tuple[Channel, Change[None]] | None:
        """The channel where its addressee can be written to, and what writes there; the same twice is written once."""
        channel, talk = self.directory.find(message.channel), await self._talk(message)
        place = None if channel is None or talk is None else await self.where(channel, talk.sender)
        if place is None or talk is None:
            return None
        there, conversation = place
        kept = self.opened(conversation, message.id, talk.heard)
        headed = self.voices(message.language).say(Text("What you asked by {channel}:", channel=message.channel))
        text = f"{headed}\n\n{message.text}"
        return there, self.say(there, kept, text, message.language, name="elsewhere", intent=message.intent)

    def opened(self, conversation: Conversation, name: str, at: datetime) -> Kept:
        """As if somebody had come into that conversation then: what is said to that begins there. `name` makes it once only."""
        arrival = Arrival(
            key=name, kind="message", address=conversation.address, sender=Sender(id=conversation.sender), at=at, reply=conversation.reply,
            group=conversation.group,
        )  # fmt: skip
        return Kept(id=name, tenant=conversation.tenant, channel=conversation.channel, arrival=arrival, received=at)

    async def again(self, message: str) -> tuple[Channel, Change[None]] | None:
        """The same for a message of that id; raises `NotFound`."""
        return await self.elsewhere(await self.outbox.get(message))

    async def instead(self, message: Outgoing, holder: str) -> Change[bool]:
        """What is done with a message that nobody waited for, all of it at once: it goes elsewhere, or, where there is nowhere else, it is
        kept until somebody comes. False when it is not waiting any more."""
        now, found = self.clock(), None if message.passing else await self.elsewhere(message)
        more: Sequence[Change[Any]] = ()
        if message.passing:
            over = replace(message, state="withdrawn", ended=now)
        elif found is None:
            over = replace(message, state="waiting", due=now + LOOKS_AGAIN)
        else:
            over = replace(message, state="withdrawn", ended=now, problem=_handed(found[0]))
            more = (found[1], self.trail.append(ended(over)))
        return self._if_waiting(over, holder, more)

    def _if_waiting(self, over: Outgoing, holder: str, more: Sequence[Change[Any]]) -> Change[bool]:
        claim, settle = self.outbox.claim(over.id, holder, self.clock() + HELD), self.outbox.settle(over, holder)

        def change(tx: Any) -> bool:
            if not claim(tx):
                return False
            settle(tx)
            for one in more:
                one(tx)
            return True

        return change

    async def _talk(self, message: Outgoing) -> Conversation | None:
        try:
            return await self.conversations.get(message.conversation)
        except NotFound:
            return None


def _last(places: Iterable[Place]) -> Place | None:
    return max(places, key=lambda place: place[1].heard, default=None)


def _handed(there: Channel) -> dict[str, object]:
    return told(Refused("It was sent by {channel} in its place.", channel=there.name))
