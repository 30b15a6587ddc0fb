"""Asking people by channels to decide on tickets: the body of the run that each ticket which waits for somebody has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import HulkError
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.channels.domain import Channel, Conversation, Directory
from hulk.modules.channels.ports import Approval, Inbox, Kept, Pending, Waiting
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.meeting import language_with
from hulk.modules.channels.usecases.pending import FindApprovers, asking
from hulk.modules.channels.usecases.saying import Say, conversation_id

DECISION = "channel-decision"
TICKET = "hulk.ticket.created.v1"
"""The event that begins it."""


def decision(event: Event) -> Started | None:
    """The run that a new ticket begins: one for a person, of something that was asked."""
    if event.data.get("owner") != "person" or event.intent is None:
        return None
    return Started(workflow=DECISION, data={"ticket": event.subject}, tenant=event.tenant, id="")


@dataclass(frozen=True, slots=True)
class AskDecision:
    """Sends a message with buttons to where the work was asked for, and to whoever is to decide, each once; to all who may, where nobody
    in particular is and their channel is for that."""

    directory: Directory
    inbox: Inbox
    pending: Pending
    elsewhere: HandOver
    say: Say
    approvers: FindApprovers

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """See `kernel.durable.Workflow`."""
        asked: bool = await context.step("ask", lambda: self._ask(context.tenant, data["ticket"]))
        return {"ticket": data["ticket"], "asked": asked}

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:  # noqa: ARG002  # the port's
        """Nobody was asked here: the ticket waits where tickets are shown."""
        return []

    def revived(self, run: Started) -> Sequence[Change[Any]]:  # noqa: ARG002  # the port's
        """It is asked then."""
        return []

    async def _ask(self, tenant: str, ticket: str) -> Outcome[bool]:
        waiting = await self.pending(tenant, ticket)
        if waiting is None:
            return Outcome(False)
        to = None if waiting.person is None else await self.elsewhere.of_person(tenant, waiting.person)
        others = [] if waiting.person is not None else await self.approvers(tenant, ticket)
        theirs = [await self._place(ticket, waiting, *place) for place in (*others, *([to] if to else []))]
        find = self.inbox.of_intent(waiting.intent)

        def change(tx: Any) -> None:
            kept: Kept | None = find(tx)
            channel = None if kept is None else self.directory.find(kept.channel)
            asker = [(channel, kept, waiting.language)] if kept is not None and channel is not None else []
            places = {conversation_id(one.tenant, one.channel, one.arrival.address): (at, one, said) for at, one, said in (*theirs, *asker)}
            for there, one, language in places.values():
                asking(self.say, there, one, Approval(ticket=ticket, title=waiting.title, until=waiting.until), language)(tx)

        return Outcome(True, [change])

    async def _place(self, ticket: str, waiting: Waiting, channel: Channel, talk: Conversation) -> tuple[Channel, Kept, Language]:
        """Where somebody is asked who did not ask for it, in their language."""
        contact = await self.elsewhere.contacts.get(channel.name, talk.sender)
        opened = self.elsewhere.opened(talk, f"{ticket}:{talk.id}", talk.heard)
        return channel, opened, language_with(contact, channel, waiting.language)
