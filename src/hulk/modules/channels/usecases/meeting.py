"""Finding out who it is."""

from dataclasses import dataclass, replace
from datetime import datetime

from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language, writable
from hulk.modules.channels.domain import Channel, Contact, Conversation, Sender, Turn, remembered
from hulk.modules.channels.ports import Kept, People, Scene
from hulk.modules.channels.usecases.saying import conversation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who it is, with what they may do (None: nobody known, where guests may not come in), where they talk, and what was said there
    that is given along with a question."""

    contact: Contact
    principal: Principal | None
    conversation: Conversation
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class MeetSender:
    """Finds the sender's contact and account, and makes both and the conversation new."""

    people: People

    async def __call__(self, channel: Channel, scene: Scene) -> Party:
        """Them, as they are now; nothing is kept yet. Raises `Unavailable`."""
        kept, sender = scene.kept, scene.kept.arrival.sender
        contact = _renewed(scene.contact, channel, sender, kept.received)
        if contact.person is None and channel.trusts_email and sender.email:
            contact = replace(contact, person=await self.people.by_email(channel.tenant, sender.email))
        return Party(
            contact=contact, principal=await self._principal(channel, contact, sender),
            conversation=_where(channel, kept, scene.conversation), turns=remembered(scene.turns),
        )  # fmt: skip

    async def _principal(self, channel: Channel, contact: Contact, sender: Sender) -> Principal | None:
        if contact.person is None:
            return channel.guest(sender)
        return await self.people.principal(channel.tenant, contact.person)


def _where(channel: Channel, kept: Kept, known: Conversation | None) -> Conversation:
    arrival = kept.arrival
    if known is not None:
        return replace(known, heard=kept.received, reply=arrival.reply or known.reply)
    return Conversation(
        id=conversation_of(kept), tenant=channel.tenant, channel=channel.name, address=arrival.address, sender=arrival.sender.id,
        group=arrival.group, language=channel.language, heard=kept.received, reply=arrival.reply,
    )  # fmt: skip


def _renewed(known: Contact | None, channel: Channel, sender: Sender, now: datetime) -> Contact:
    """What is known of them, with what the channel says now; what it does not say any more stays. What is given in a response is read
    aloud in the language of the device, whatever was spoken before."""
    spoken = sender.language if channel.gives else None
    before = known or Contact(channel=channel.name, sender=sender.id, tenant=channel.tenant, seen=now)
    return replace(
        before, seen=now, name=writable(sender.name)[:200] or before.name, phone=sender.phone or before.phone,
        email=sender.email or before.email, language=spoken or before.language or sender.language,
    )  # fmt: skip


def language_with(contact: Contact | None, channel: Channel, fallback: Language) -> Language:
    """In which language somebody is written to of whom no conversation is at hand."""
    return (contact.language if contact else None) or channel.language or fallback


def language_of(channel: Channel, party: Party, fallback: Language) -> Language:
    """In which language they are answered that have not just written in one."""
    return party.contact.language or party.conversation.language or channel.language or fallback
