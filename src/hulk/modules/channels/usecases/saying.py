"""Making the messages that go out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.channels.domain import Button, Channel, Limits, Outgoing, Pressed, Turn, pressing, split
from hulk.modules.channels.ports import Conversations, Kept, Outbox, Voices

LimitsOf = Callable[[str], Limits]
"""What a message of that channel may be."""
ANSWER, PROGRESS = "answer", "progress"
"""The messages to one arrival that have to do with each other."""
GIVEN_WITHIN = timedelta(seconds=8)
"""How long after somebody asked an answer can still be given in the response, where it can only be given there."""
_HOLDS = timedelta(days=7)
"""How long a button does what it says."""
_PROMPT = timedelta(minutes=10)
"""For how long after they wrote somebody waits for an answer, whatever the hour."""


@dataclass(frozen=True, slots=True)
class Say:
    """Makes messages of texts: in parts where one would be too long, with buttons, and not in quiet hours."""

    outbox: Outbox
    conversations: Conversations
    limits: LimitsOf
    voices: Voices
    secret: bytes
    clock: Clock
    aloud: bool = False
    """Whether there is somebody to read answers aloud."""

    def __call__(
        self, channel: Channel, kept: Kept, text: Text | str, language: Language, *, name: str,
        buttons: Sequence[tuple[Text, Pressed]] = (), intent: str | None = None, passing: bool = False, over: str = "",
        offers: bool = False,
    ) -> Change[None]:  # fmt: skip
        """An answer to what came in. `name` tells the messages to one arrival apart; the same twice is one. `over`: see `Outgoing`. With
        `offers`, whoever reads it is told how to talk to a person, where there is one."""
        said = self.voices(language).say(text) if isinstance(text, Text) else text
        arrival, now = kept.arrival, self.clock()
        id_, limits = first_of(kept, name), self.limits(channel.name)
        if offers and channel.people and not channel.gives:
            said, buttons = self._offering(said, buttons, limits, language, conversation_of(kept))
        if channel.gives and len(said) > limits.text:
            buttons = [(Text("Shall I send you the rest elsewhere?"), Pressed("rest", id_))]
        first = Outgoing(
            id=id_, tenant=kept.tenant, channel=channel.name, address=arrival.address, text=said,
            language=language, created=now, due=self._due(channel, kept, now), conversation=conversation_of(kept),
            about=arrival.id, intent=intent, passing=passing, reply=arrival.reply, made=intent is not None, over=over,
            speak=self.aloud and limits.file > 0 and _spoken(channel, kept),
            buttons=self._buttons(channel, arrival.address, language, buttons, now),
        )  # fmt: skip
        return self._kept([first] if channel.gives else self._parts(first, limits, (kept.id, name)))

    def _offering(
        self, said: str, buttons: Sequence[tuple[Text, Pressed]], limits: Limits, language: Language, conversation: str
    ) -> tuple[str, Sequence[tuple[Text, Pressed]]]:
        """By a button, or in words where there are none."""
        if limits.buttons:
            return said, [*buttons, (Text("Talk to a person"), Pressed("person", conversation))]
        return f"{said}\n\n{self.voices(language).say(Text('To talk to a person, write /person.'))}", buttons

    def working(self, channel: Channel, kept: Kept, language: Language) -> Change[bool]:
        """Says that what came in is worked on; of no use once there is its answer."""
        now = self.clock()
        said = self.voices(language).say(Text("⏳ I am working on it. The answer comes here."))
        message = Outgoing(
            id=first_of(kept, PROGRESS), tenant=kept.tenant, channel=channel.name, address=kept.arrival.address, text=said,
            language=language, created=now, due=now, conversation=conversation_of(kept), about=kept.arrival.id, passing=True,
            reply=kept.arrival.reply, until=first_of(kept, ANSWER),
        )  # fmt: skip
        return self.outbox.add(message)

    def stale(self, channel: Channel, kept: Kept, language: Language) -> Change[None]:
        """Asks whether what was sent long ago is still wanted."""
        if self.limits(channel.name).buttons:
            text, yes = Text("You sent this more than a day ago, and I have it only now. Shall I still do it?"), Text("Yes, do it")
            return self(channel, kept, text, language, name="stale", buttons=[(yes, Pressed("again", kept.id))])
        text = Text("You sent this more than a day ago, and I have it only now. Send it again if it is still wanted.")
        return self(channel, kept, text, language, name="stale")

    def _parts(self, whole: Outgoing, limits: Limits, names: tuple[str, str]) -> list[Outgoing]:
        """As many messages as it takes; buttons and files stand with the last, and the first is spoken, after all of them. What would take
        too many is sent as a file (`Deliver`)."""
        texts = split(whole.text, limits.text, utf16=limits.utf16) or ("",)
        if whole.speak and not limits.together:
            plain = replace(whole, buttons=(), made=False, speak=False, aloud=True, text=texts[0], id=ids.derived("msg", *names, "aloud"))
            return [*self._parts(replace(whole, speak=False), limits, names), plain]
        if len(texts) > limits.parts and limits.file:
            return [whole]
        last = len(texts) - 1
        return [
            replace(
                whole, id=ids.derived("msg", *names, str(place)), text=text, buttons=whole.buttons if place == last else (),
                made=whole.made and place == last, over=whole.over if place == 0 else "", speak=whole.speak and place == 0,
            )
            for place, text in enumerate(texts)
        ]  # fmt: skip

    def _kept(self, messages: Sequence[Outgoing]) -> Change[None]:
        adding = [self.outbox.add(one) for one in messages]
        said = [
            self.conversations.said(one.conversation, Turn(one.text, ours=True, at=one.created), one.id)
            for one in messages
            if one.text and not one.aloud
        ]

        def change(tx: Any) -> None:
            for one in (*adding, *said):
                one(tx)

        return change

    def _due(self, channel: Channel, kept: Kept, now: datetime) -> datetime:
        if channel.gives:
            return max(now, kept.received + GIVEN_WITHIN)
        if channel.quiet is None or now - kept.received < _PROMPT:
            return now
        return channel.quiet.until(now)

    def _buttons(
        self, channel: Channel, address: str, language: Language, wanted: Sequence[tuple[Text, Pressed]], now: datetime
    ) -> tuple[Button, ...]:
        limits, voice = self.limits(channel.name), self.voices(language)
        return tuple(
            Button(voice.say(text)[: limits.label], pressing(self.secret, channel.name, address, what, now + _HOLDS))
            for text, what in wanted[: limits.buttons]
        )


def first_of(kept: Kept, name: str) -> str:
    """The id of the first message of that name to what came in."""
    return ids.derived("msg", kept.id, name, "0")


def conversation_of(kept: Kept) -> str:
    """The id of the conversation that it belongs to."""
    return conversation_id(kept.tenant, kept.channel, kept.arrival.address)


def conversation_id(tenant: str, channel: str, address: str) -> str:
    """The id of the conversation at an address."""
    return ids.derived("cnv", tenant, channel, address)


def _spoken(channel: Channel, kept: Kept) -> bool:
    heard = any(file.voice for file in kept.arrival.files)
    return channel.speaks == "always" or (channel.speaks == "answering" and heard)
