"""Showing people what waits for their yes or no: when they ask for it, or as soon as it waits, where their channel is for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Refused
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Channel, Conversation, Directory, Pressed
from hulk.modules.channels.ports import Approval, Approvals, Contacts, Conversations, Kept, People, Sought
from hulk.modules.channels.usecases.saying import Say

MOST_SHOWN = 5
"""Of what waits for somebody, how much they are shown at once, each with its buttons."""
MOST_ASKED = 20
"""How many people are asked about one thing without having asked, those heard last."""
_MOST_CONTACTS = 200


@dataclass(frozen=True, slots=True)
class ShowPending:
    """Tells somebody what waits for them."""

    approvals: Approvals
    say: Say

    async def __call__(self, channel: Channel, kept: Kept, by: Principal, language: Language) -> Sequence[Change[Any]]:
        """That nothing waits, or what does, the newest last, each in a message with buttons. Raises `Refused` where others read it."""
        if kept.arrival.group:
            raise Refused("Ask me that where nobody else reads it.")
        found = await self.approvals.of(by, MOST_SHOWN + 1)
        if not found:
            return [self.say(channel, kept, Text("Nothing waits for your decision."), language, name="pending")]
        more = [self.say(channel, kept, _MORE, language, name="pending")] if len(found) > MOST_SHOWN else []
        shown = reversed(found[:MOST_SHOWN])
        return [*more, *(asking(self.say, channel, kept, one, language) for one in shown)]


_MORE = Text("More waits for you than I show here. Ask again when you have decided on these.")


def asking(say: Say, channel: Channel, kept: Kept, one: Approval, language: Language) -> Change[None]:
    """Asks for a decision, with the buttons that take it."""
    buttons = ((Text("✔ Approve"), Pressed("approve", one.ticket)), (Text("✘ Reject"), Pressed("reject", one.ticket)))
    return say(channel, kept, _text(one), language, name=f"decide:{one.ticket}", buttons=buttons)


def _text(one: Approval) -> Text:
    if one.until is None:
        return Text("This waits for a decision: {title}", title=one.title)
    until = f"{one.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Text("This waits for a decision until {until}: {title}", until=until, title=one.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindApprovers:
    """Finds who is asked about a ticket without having asked: who is known at a channel that is for that, and may decide on it."""

    directory: Directory
    contacts: Contacts
    conversations: Conversations
    people: People
    approvals: Approvals

    async def __call__(self, tenant: str, ticket: str) -> list[tuple[Channel, Conversation]]:
        """Where each is asked, alone: the conversation in which they were heard last. Raises `Unavailable`."""
        found = dict[str, tuple[Channel, Conversation]]()
        for channel in self.directory:
            if channel.tenant == tenant and channel.approvals and not channel.gives:
                for person, conversation in await self._at(channel):
                    before = found.get(person)
                    if before is None or before[1].heard < conversation.heard:
                        found[person] = (channel, conversation)
        last_first = sorted(found.items(), key=lambda item: item[1][1].heard, reverse=True)
        return [place for person, place in last_first[:MOST_ASKED] if await self._may(tenant, person, ticket)]

    async def _at(self, channel: Channel) -> list[tuple[str, Conversation]]:
        there = await self.contacts.of_tenant(channel.tenant, channel.name, _MOST_CONTACTS, sought=Sought(known=True))
        known = [(one.person, one.sender) for one in there if one.person is not None and not one.blocked]
        return [(person, talk) for person, who in known for talk in (await self.conversations.of_sender(channel.name, who))[:1]]

    async def _may(self, tenant: str, person: str, ticket: str) -> bool:
        by = await self.people.principal(tenant, person)
        return by is not None and await self.approvals.may(by, ticket)
