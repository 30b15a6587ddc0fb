"""Doing what people tell Hulk itself in a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Channel, Command
from hulk.modules.channels.ports import Contacts, Conversations, Inbox, Kept, Outbox
from hulk.modules.channels.usecases.facts import about, handed
from hulk.modules.channels.usecases.linking import LinkSender
from hulk.modules.channels.usecases.meeting import Party
from hulk.modules.channels.usecases.pending import ShowPending
from hulk.modules.channels.usecases.saying import Say

_LANGUAGES: dict[str, Language] = {
    "pt": "pt", "pt-br": "pt", "portugues": "pt", "português": "pt", "portuguese": "pt", "en": "en", "ingles": "en", "inglês": "en",
    "english": "en",
}  # fmt: skip
_HELP = Text(
    "Write what you want done, or send a file with it. What I understand besides:\n"
    "/link CODE: tell me who you are\n/language pt or en: how I answer you\n/person: have somebody of the team answer\n"
    "/hulk: have me answer again\n/pending: what waits for your decision\n/forget: forget what was said here"
)


@dataclass(frozen=True, slots=True)
class Obey:
    """Does what a command says."""

    contacts: Contacts
    conversations: Conversations
    inbox: Inbox
    outbox: Outbox
    trail: Trail
    say: Say
    link: LinkSender
    pending: ShowPending

    async def __call__(self, channel: Channel, kept: Kept, party: Party, command: Command, language: Language) -> Sequence[Change[Any]]:
        """What does it, and tells so. Raises `Refused`."""
        match command.name:
            case "help":
                return [self.say(channel, kept, _HELP, language, name="help")]
            case "link":
                return await self.link(channel, kept, command.argument, language)
            case "language":
                return self._language(channel, kept, party, command.argument)
            case "person":
                return self._person(channel, kept, party, language)
            case "hulk":
                return self._hulk(channel, kept, party, language)
            case "pending":
                return await self._pending(channel, kept, party, language)
            case "forget":
                return self._forget(channel, kept, party, language)

    def _language(self, channel: Channel, kept: Kept, party: Party, wanted: str) -> Sequence[Change[Any]]:
        language = _LANGUAGES.get(wanted.casefold())
        if language is None:
            raise Refused("I answer in Portuguese or English: /language pt or /language en.")
        contact = replace(party.contact, language=language)
        return [
            self.contacts.put(contact),
            self.say(channel, kept, Text("I answer you in English from now on."), language, name="language"),
        ]

    def _person(self, channel: Channel, kept: Kept, party: Party, language: Language) -> Sequence[Change[Any]]:
        text = Text("Somebody of the team will answer you here. Write /hulk to have me answer again.")
        wanted = handed(self.conversations, self.trail, channel, party.conversation.id, kept.arrival.sender.id)
        return [wanted, self.say(channel, kept, text, language, name="handed")]

    def _hulk(self, channel: Channel, kept: Kept, party: Party, language: Language) -> Sequence[Change[Any]]:
        back = self.conversations.answered_by(party.conversation.id, "hulk", "")
        return [back, self._told(channel, kept, party, "back"), self.say(channel, kept, Text("I answer again."), language, name="back")]

    async def _pending(self, channel: Channel, kept: Kept, party: Party, language: Language) -> Sequence[Change[Any]]:
        assert party.principal is not None  # noqa: S101  # who is nobody does not get here
        return await self.pending(channel, kept, party.principal, language)

    def _forget(self, channel: Channel, kept: Kept, party: Party, language: Language) -> Sequence[Change[Any]]:
        text = Text("I have forgotten what was said here. What was done because of it stays in the audit trail.")
        address = kept.arrival.address
        gone = [self.inbox.forget_all(channel.name, address), self.outbox.forget(channel.name, address)]
        return [
            self.conversations.forget(party.conversation.id),
            *gone,
            self._told(channel, kept, party, "forgotten"),
            self.say(channel, kept, text, language, name="forgotten"),
        ]

    def _told(self, channel: Channel, kept: Kept, party: Party, what: str) -> Change[None]:
        return self.trail.append(
            about(
                what, party.conversation.id, channel.tenant, f"channel:{channel.name}", channel=channel.name, sender=kept.arrival.sender.id
            )
        )
