"""Doing what a button says that somebody pressed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Forbidden, Refused
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Channel, Pressed, pressed
from hulk.modules.channels.ports import Conversations, Decided, Feedback, Inbox, Kept, Tickets
from hulk.modules.channels.usecases.asking import AskFor
from hulk.modules.channels.usecases.facts import handed
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.meeting import Party
from hulk.modules.channels.usecases.opining import opined
from hulk.modules.channels.usecases.saying import Say


@dataclass(frozen=True, slots=True)
class Press:
    """Does what a button of ours says, in the name of who pressed it."""

    inbox: Inbox
    conversations: Conversations
    tickets: Tickets
    feedback: Feedback
    ask: AskFor
    say: Say
    secret: bytes
    clock: Clock
    trail: Trail
    elsewhere: HandOver | None = None

    async def __call__(self, channel: Channel, kept: Kept, party: Party, language: Language) -> Sequence[Change[Any]]:
        """What tells that it is done. Raises `Refused` for a button that is not ours, too old, or meant for elsewhere, and whatever keeps
        them from doing it."""
        what = pressed(self.secret, channel.name, kept.arrival.address, kept.arrival.pressed, self.clock())
        if party.principal is None:
            raise Forbidden("Only who is known here may press this button.")
        match what.act:
            case "approve" | "reject":
                return await self._decide(channel, kept, party.principal, what, language)
            case "good" | "bad":
                good = what.act == "good"
                await opined(self.feedback, party.principal, what.subject, good, kept.id)
                return [self.say(channel, kept, Text("Thank you for telling me."), language, name="pressed", offers=not good)]
            case "person":
                text = Text("Somebody of the team will answer you here. Write /hulk to have me answer again.")
                wanted = handed(self.conversations, self.trail, channel, what.subject, kept.arrival.sender.id)
                return [wanted, self._said(channel, kept, text, language)]
            case "again":
                return await self._again(channel, party, what, language)
            case "rest":
                return await self._rest(channel, kept, what, language)

    async def _decide(self, channel: Channel, kept: Kept, by: Principal, what: Pressed, language: Language) -> Sequence[Change[Any]]:
        decided = await self.tickets(by, what.subject, what.act == "approve", kept.id)
        return [self._said(channel, kept, _told(decided), language)]

    async def _again(self, channel: Channel, party: Party, what: Pressed, language: Language) -> Sequence[Change[Any]]:
        """The message that was too old is worked on after all, if it says what to do."""
        before = await self.inbox.get(what.subject)
        heard = await self.ask(channel, before, party)
        if heard.intent is None:
            return [self._said(channel, before, heard.refusal, language)]
        return [*heard.changes, self.inbox.reopen(before.id), self.inbox.done(before.id, "asked", heard.intent)]

    async def _rest(self, channel: Channel, kept: Kept, what: Pressed, language: Language) -> Sequence[Change[Any]]:
        """All of a message of which only the beginning was said goes where it can be read."""
        found = None if self.elsewhere is None else await self.elsewhere.again(what.subject)
        if found is None:
            raise Refused("I know no other channel of yours on which I could write to you. Link one, and ask again.")
        there, sends = found
        return [sends, self._said(channel, kept, Text("I have sent it by {channel}.", channel=there.name), language)]

    def _said(self, channel: Channel, kept: Kept, text: Text, language: Language) -> Change[None]:
        return self.say(channel, kept, text, language, name="pressed")


def _told(decided: Decided) -> Text:
    who = decided.by or "?"
    match decided.before, decided.approved:
        case True, True:
            return Text("It was approved before, by {who}.", who=who)
        case True, False:
            return Text("It was rejected before, by {who}.", who=who)
        case False, True:
            return Text("Approved by {who}.", who=who)
        case _:
            return Text("Rejected by {who}.", who=who)
