"""Giving an answer in the response to the request that asked for it, where a channel can be answered in no other way.

The message is claimed before it is given, so that nobody else gives it, and settled when the response is out. A process that dies in
between leaves it claimed, and it becomes `unknown`: people are shown it, and it is not given twice.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Commit
from hulk.kernel.events import Trail
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import HELD, Channel, Outgoing
from hulk.modules.channels.ports import Contacts, Inbox, Kept, Outbox, Voices
from hulk.modules.channels.usecases.facts import ended
from hulk.modules.channels.usecases.handing import HandOver
from hulk.modules.channels.usecases.meeting import language_with

LOOK_SECONDS = 0.5
"""How long an answer may wait of which this process was not told."""
_MOST = 16
"""Answers that are given at once to somebody who comes back, if they are heard to their ends (`Limits.text`)."""
_LOOKED_AT = 1_000
"""Answers that may wait for somebody, among which is the one that they wait for now."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the response says (None: nothing is to be said), and the messages of the outbox that go out with it."""

    message: Outgoing | None
    taken: tuple[Outgoing, ...] = ()
    good: bool = True
    """Whether Hulk took up what was said: not when it was refused, or nobody known said it."""


_BAD = frozenset({"refused", "unknown", "ignored", "failed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveReply:
    """Waits for what answers an arrival."""

    holder: str
    inbox: Inbox
    outbox: Outbox
    contacts: Contacts
    elsewhere: HandOver
    trail: Trail
    commit: Commit
    voices: Voices
    bells: Bells
    clock: Clock
    fallback: Language
    ticks: Callable[[], float] = time.monotonic

    async def __call__(self, channel: Channel, kept: Kept, seconds: float) -> Given:
        """What answers it, claimed; after `seconds` without any, that it takes longer, and where the answer will come. What was given
        before is given again to who asks again. Raises `Unavailable`."""
        until = self.ticks() + seconds
        with self.bells.listening(channel.name) as listener:
            while True:
                listener.looks()
                found = await self._found(channel, kept)
                left = until - self.ticks()
                if found is not None:
                    return found
                if left <= 0:
                    return Given(await self._later(channel, kept))
                await listener.heard(min(left, LOOK_SECONDS))

    async def sent(self, given: Given) -> None:
        """The response is out. Raises `Unavailable`: then its messages become `unknown`."""
        over = [replace(one, state="sent", ended=self.clock()) for one in given.taken]
        if over:
            await self.commit(*(self.outbox.settle(one, self.holder) for one in over), self.trail.append(*map(ended, over)))

    async def back(self, given: Given) -> None:
        """Nobody took the response: its messages wait as before."""
        waiting = [replace(one, state="waiting", sent_id="") for one in given.taken]
        if waiting:
            await self.commit(*(self.outbox.settle(one, self.holder) for one in waiting))

    async def _found(self, channel: Channel, kept: Kept) -> Given | None:
        arrival = kept.arrival
        before = await self.outbox.given(channel.name, arrival.address, arrival.id)
        if before:
            return Given(self._said(kept, before))
        outcome = await self._outcome(kept)
        waiting = await self.outbox.waiting(channel.name, arrival.address, _LOOKED_AT)
        mine = [one for one in waiting if one.about == arrival.id]
        if not mine:
            return Given(None, good=outcome not in _BAD) if outcome not in ("", "asked") else None
        outcome = outcome or await self._outcome(kept)  # it is kept together with its message, so it may have come in between
        wanted = _heard(waiting, self.elsewhere.say.limits(channel.name).text) if outcome == "opened" else mine
        return await self._claimed(kept, wanted, good=outcome not in _BAD)

    async def _outcome(self, kept: Kept) -> str:
        return (await self.inbox.get(kept.id)).outcome

    async def _claimed(self, kept: Kept, wanted: Sequence[Outgoing], *, good: bool) -> Given | None:
        until = self.clock() + HELD
        ours = await self.commit(*(self.outbox.claim(one.id, self.holder, until) for one in wanted))
        taken = tuple(replace(one, sent_id=kept.arrival.id) for one, claimed in zip(wanted, ours, strict=True) if claimed)
        return Given(self._said(kept, taken), taken, good) if taken else None

    def _said(self, kept: Kept, messages: Sequence[Outgoing]) -> Outgoing:
        """One message of all. Who comes back is told what was kept for them in place of a greeting."""
        old = [one for one in messages if one.about != kept.arrival.id]
        if not old:
            return replace(messages[-1], text="\n\n".join(one.text for one in messages))
        headed = self.voices(old[0].language).say(Text("I have an answer for you."))
        return replace(old[-1], text="\n\n".join((headed, *(one.text for one in old))))

    async def _later(self, channel: Channel, kept: Kept) -> Outgoing:
        sender, now = kept.arrival.sender, self.clock()
        contact = await self.contacts.get(channel.name, sender.id)
        language = sender.language or language_with(contact, channel, self.fallback)
        place = await self.elsewhere.where(channel, sender.id)
        text = Text("This takes longer. Open me again later, and I tell you the answer.")
        if place is not None:
            text = Text("This takes longer. I send you the answer by {channel}.", channel=place[0].name)
        return Outgoing(
            id="", tenant=kept.tenant, channel=channel.name, address=kept.arrival.address, text=self.voices(language).say(text),
            language=language, created=now, due=now,
        )  # fmt: skip


def _heard(waiting: Sequence[Outgoing], most: int) -> Sequence[Outgoing]:
    """The first of them, and what is heard with it in at most so many characters: the others are told the next time."""
    lengths = accumulate(len(one.text) for one in waiting)
    return [one for place, (one, length) in enumerate(zip(waiting[:_MOST], lengths, strict=False)) if not place or length <= most]
