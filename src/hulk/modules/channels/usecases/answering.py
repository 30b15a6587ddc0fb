"""Sending an intent's answer to where it was asked from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Channel, Directory, Pressed
from hulk.modules.channels.ports import Inbox, Kept
from hulk.modules.channels.usecases.saying import ANSWER, PROGRESS, Say, first_of


@dataclass(frozen=True, slots=True)
class AnswerIntent:
    """Makes the change that commits together with an intent's end: so that an answer that is there is also on its way."""

    directory: Directory
    inbox: Inbox
    say: Say

    def __call__(self, intent: str, answer: str, language: Language, *, good: bool) -> Change[None]:
        """The answer of that intent, in Markdown, into the outbox when it came by a channel that is open; `good` if it is one that a person
        may have an opinion of: else, of no help, one may want to talk to a person. An intent that ends twice is answered once."""
        find = self.inbox.of_intent(intent)

        def change(tx: Any) -> None:
            kept: Kept | None = find(tx)
            channel = None if kept is None else self.directory.find(kept.channel)
            if kept is not None and channel is not None:
                buttons = _thumbs(intent) if good and channel.thumbs else ()
                over = self._over(channel, kept, tx)
                self.say(channel, kept, answer, language, name=ANSWER, buttons=buttons, intent=intent, over=over, offers=not good)(tx)

        return change

    def _over(self, channel: Channel, kept: Kept, tx: Any) -> str:
        """What stands there and says that it is worked on, or soon may; what still waits to say so does not any more."""
        told = first_of(kept, PROGRESS)
        return told if channel.progress is not None and self.say.outbox.overtaken(told, self.say.clock())(tx) else ""


def _thumbs(intent: str) -> Sequence[tuple[Text, Pressed]]:
    return ((Text("👍 Good"), Pressed("good", intent)), (Text("👎 Bad"), Pressed("bad", intent)))
