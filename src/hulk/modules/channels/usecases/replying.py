"""Answering in a conversation in Hulk's place: taking it over, saying something, and handing it back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.kernel.events import Event, Trail, changed, reasoned
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal
from hulk.kernel.text import Language
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Arrival, Conversation, Sender
from hulk.modules.channels.domain.arrival import LONGEST_TEXT, cleaned
from hulk.modules.channels.ports import Conversations, Kept
from hulk.modules.channels.usecases.rights import Rights
from hulk.modules.channels.usecases.saying import Say, first_of

_NAME = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInPerson:
    """What a person of the company does in a conversation. All raise `NotFound` and `Forbidden`."""

    rights: Rights
    conversations: Conversations
    say: Say
    trail: Trail
    commit: Commit
    clock: Clock
    fallback: Language

    async def take(self, by: Principal, id_: str, reason: str = "") -> Conversation:
        """They answer from now on, and Hulk does not. Raises `Conflict` when another does."""
        before = await self._there(by, id_)
        if before.mode == "person" and before.by not in ("", by.actor):
            raise _taken(before)
        return await self._moved(before, before.handed(by.actor), by, "handed", reasoned(reason))

    async def back(self, by: Principal, id_: str, reason: str = "") -> Conversation:
        """Hulk answers again, whoever did. Raises `Conflict` when another has just taken it."""
        before = await self._there(by, id_)
        return await self._moved(before, before.back(), by, "back", reasoned(reason))

    async def reply(self, by: Principal, id_: str, text: str, key: str, reason: str = "") -> Conversation:
        """They say that; the same `key` says it once. Who says something first in a conversation for which a person was asked has taken
        it. Raises `Conflict` while Hulk or another answers there, and `Refused` for nothing to say, or too much."""
        before, said = await self._there(by, id_), _sayable(text)
        if before.mode != "person":
            raise Conflict("Hulk answers in the conversation {id}: take it over first.", id=id_)
        if before.by not in ("", by.actor):
            raise _taken(before)
        channel, now = self.rights.channel(by, "write", before.channel), self.clock()
        kept = _kept(before, ids.derived("arr", id_, by.actor, key or ids.new("x")), now)
        if await self._is_said(kept):
            return before
        language = before.language or channel.language or self.fallback
        told = Event(
            type="hulk.channel.replied.v1", subject=id_, tenant=before.tenant, actor=by.actor,
            data=changed(reasoned(reason), None, {"channel": before.channel, "characters": len(said)}),
        )  # fmt: skip
        after = before.handed(by.actor)
        await self.commit(self._once(before, after, self.say(channel, kept, said, language, name=_NAME), self.trail.append(told)))
        return after

    async def _is_said(self, kept: Kept) -> bool:
        try:
            await self.say.outbox.get(first_of(kept, _NAME))
        except NotFound:
            return False
        return True

    async def _there(self, by: Principal, id_: str) -> Conversation:
        found = await self.conversations.get(id_)
        self.rights.require(by, "write", found.tenant, found.channel, NotFound("There is no conversation {id}.", id=id_[:80]))
        return found

    async def _moved(self, before: Conversation, after: Conversation, by: Principal, what: str, reason: str) -> Conversation:
        if (before.mode, before.by) == (after.mode, after.by):
            return before
        event = Event(
            type=f"hulk.channel.{what}.v1", subject=before.id, tenant=before.tenant, actor=by.actor,
            data={**changed(reason, _told(before), _told(after)), "channel": before.channel},
        )  # fmt: skip
        await self.commit(self._once(before, after, self.trail.append(event)))
        return after

    def _once(self, before: Conversation, after: Conversation, *then: Change[Any]) -> Change[None]:
        swap = self.conversations.swap(before, after)

        def change(tx: Any) -> None:
            if not swap(tx):
                raise Conflict("Somebody else has just changed who answers in the conversation {id}. Look at it again.", id=before.id)
            for one in then:
                one(tx)

        return change


def _kept(conversation: Conversation, id_: str, now: datetime) -> Kept:
    """What a reply answers: whoever was heard there last."""
    arrival = Arrival(
        key=id_, kind="message", address=conversation.address, sender=Sender(id=conversation.sender), at=now, reply=conversation.reply,
    )  # fmt: skip
    return Kept(id=id_, tenant=conversation.tenant, channel=conversation.channel, arrival=arrival, received=now)


def _sayable(text: str) -> str:
    said = cleaned(text)
    if not said:
        raise Refused("There is nothing to say: the text is empty.")
    if len(said) > LONGEST_TEXT:
        raise Refused("The text has {length} characters; at most {most} are sent.", length=len(said), most=LONGEST_TEXT)
    return said


def _told(conversation: Conversation) -> JsonObject:
    return {"mode": conversation.mode, "by": conversation.by}


def _taken(conversation: Conversation) -> Conflict:
    return Conflict(
        "{by} answers in the conversation {id}. Have them hand it back first, or do it for them.", by=conversation.by, id=conversation.id
    )
