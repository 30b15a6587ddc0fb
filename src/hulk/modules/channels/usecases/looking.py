"""Seeing how channels are, what came in, what goes out, and what is said there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.tenancy import Principal
from hulk.modules.channels.domain import Channel, Conversation, Ended, Health, Mode, Outgoing, State, Turn
from hulk.modules.channels.ports import ANYBODY, Contacts, Conversations, Inbox, Kept, Outbox, Sought, Standings
from hulk.modules.channels.usecases.rights import Rights

MOST_TURNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which of many: of a channel (None: of all), at most `most`, those before or after an id (messages and arrivals), or
    before a time and after the end of another page (conversations and contacts); of contacts who is `sought`."""

    channel: str | None = None
    most: int = 50
    before: str = ""
    after: str = ""
    earlier: datetime | None = None
    ended: Ended | None = None
    sought: Sought = ANYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAtChannels:
    """The acts of who only looks. All raise `Forbidden`, `NotFound` and `Unavailable`."""

    rights: Rights
    inbox: Inbox
    outbox: Outbox
    conversations: Conversations
    contacts: Contacts
    standings: Standings

    async def __call__(self, by: Principal) -> list[Health]:
        """The open channels, by name."""
        return [await self._health(one) for one in sorted(self.rights.open_to(by), key=lambda one: one.name)]

    async def one(self, by: Principal, name: str) -> Health:
        """A channel."""
        return await self._health(self.rights.channel(by, "read", name))

    async def _health(self, channel: Channel) -> Health:
        name, tenant = channel.name, channel.tenant
        heard = await self.inbox.recent(tenant, name, 1)
        sent = await self.outbox.recent(tenant, name, ("sent",), 1)
        return Health(
            channel=channel, led=await self.standings.led(name), standing=await self.standings.get(name),
            tried=await self.standings.tried(name), heard=heard[0].received if heard else None, sent=sent[0].ended if sent else None,
            counts=await self.outbox.counts(name), due=await self.outbox.next_due(name),
        )  # fmt: skip

    async def arrivals(self, by: Principal, page: Page) -> Sequence[Kept]:
        """What came in, the newest first; with `after`, the oldest."""
        among = self.rights.among(by, "read", page.channel)
        return await self.inbox.recent(by.tenant, None, page.most, page.after, page.before, among)

    async def messages(self, by: Principal, states: Sequence[State], page: Page) -> Sequence[Outgoing]:
        """What goes out, the newest first; with `after`, the oldest."""
        among = self.rights.among(by, "read", page.channel)
        return await self.outbox.recent(by.tenant, None, states, page.most, page.after, page.before, among)

    async def message(self, by: Principal, id_: str) -> Outgoing:
        """A message."""
        found = await self.outbox.get(id_)
        self.rights.require(by, "read", found.tenant, found.channel, NotFound("There is no message {id}.", id=id_[:80]))
        return found

    async def talks(self, by: Principal, mode: Mode | None, page: Page) -> Sequence[Conversation]:
        """Conversations, those in which somebody was heard last first."""
        among = self.rights.among(by, "read", page.channel)
        return await self.conversations.recent(by.tenant, mode, page.most, page.earlier, among, page.ended)

    async def talks_with(self, by: Principal, channel: str | None, sender: str) -> Sequence[Conversation]:
        """Those with somebody alone, at a channel. Raises `Refused` where none is named."""
        if channel is None:
            raise Refused("Whose conversations are wanted is known at a channel: name it, too.")
        self.rights.among(by, "read", channel)
        return [one for one in await self.conversations.of_sender(channel, sender) if one.tenant == by.tenant]

    async def names(self, of: Sequence[Conversation]) -> Mapping[tuple[str, str], str]:
        """How those whose conversations were shown are called, by channel and sender."""
        return await self.contacts.names({(one.channel, one.sender) for one in of if one.sender})

    async def talk(self, by: Principal, id_: str) -> tuple[Conversation, Sequence[Turn]]:
        """A conversation and what was said in it, the oldest first; at most the last 200 turns."""
        found = await self.conversations.get(id_)
        self.rights.require(by, "read", found.tenant, found.channel, NotFound("There is no conversation {id}.", id=id_[:80]))
        return found, await self.conversations.turns(id_, MOST_TURNS)
