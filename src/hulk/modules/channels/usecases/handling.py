"""Working on what came in: the body of the run that each arrival has."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import HulkError, NotFound, Unavailable
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Text
from hulk.modules.channels.domain import Arrival, Channel, Directory, Outgoing, Turn, approving, cleaned, command
from hulk.modules.channels.domain.arrival import LONGEST_TEXT
from hulk.modules.channels.domain.conversation import MOST_TURNS
from hulk.modules.channels.ports import Contacts, Conversations, Feedback, Inbox, Kept, Line, Outbox, Scene
from hulk.modules.channels.usecases.asking import AskFor, Heard
from hulk.modules.channels.usecases.commanding import Obey
from hulk.modules.channels.usecases.facts import about
from hulk.modules.channels.usecases.meeting import MeetSender, Party, language_of
from hulk.modules.channels.usecases.opining import opined
from hulk.modules.channels.usecases.pressing import Press
from hulk.modules.channels.usecases.saying import Say, conversation_of

LONGEST = timedelta(minutes=10)
"""How long the files of a message may take to be fetched and written down."""


_ANSWERED = frozenset({"message", "opening", "press"})
"""After these somebody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an arrival, in a word, with the changes that make it true."""

    outcome: str
    changes: Sequence[Change[Any]] = ()
    intent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleArrival:
    """The body of an arrival's run (`kernel.durable.Workflow`)."""

    directory: Directory
    inbox: Inbox
    outbox: Outbox
    contacts: Contacts
    conversations: Conversations
    meet: MeetSender
    say: Say
    ask: AskFor
    obey: Obey
    press: Press
    feedback: Feedback
    trail: Trail
    line: Callable[[str], Line | None]
    fallback: Language

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Work on it to its end."""
        scene = await self.inbox.scene(data["arrival"], MOST_TURNS)
        result = await context.end("handle", lambda: self._handle(scene), timeout=LONGEST)
        if result["outcome"] == "asked":
            await self._working(scene.kept)
        return result

    def failed(self, run: Started, error: HulkError) -> Sequence[Change[Any]]:
        """Its sender is told by what was said; what is known of it is that it failed, and why."""
        name, find = run.data["arrival"], self.inbox.found(run.data["arrival"])

        def tell(tx: Any) -> None:
            kept: Kept | None = find(tx)
            channel = None if kept is None else self.directory.find(kept.channel)
            if kept is not None and channel is not None and kept.arrival.kind in _ANSWERED:
                self.say(channel, kept, error.text, channel.language or self.fallback, name="failed", offers=True)(tx)

        return [tell, self.inbox.done(name, "failed"), self.trail.append(about("unhandled", name, run.tenant, "hulk", code=error.code))]

    def revived(self, run: Started) -> Sequence[Change[Any]]:
        """It is worked on again."""
        return [self.inbox.reopen(run.data["arrival"])]

    async def _working(self, kept: Kept) -> None:
        line = self.line(kept.channel)
        if line is not None:
            with suppress(HulkError):
                await line.working(kept.arrival.address, kept.arrival.id)

    async def _handle(self, scene: Scene) -> Outcome[JsonObject]:
        kept, channel = scene.kept, self.directory.find(scene.kept.channel)
        if channel is None:
            raise NotFound("There is no channel “{name}” here.", name=kept.channel)
        party = await self.meet(channel, scene)
        try:
            done = await self._done(channel, kept, party)
        except HulkError as error:
            if isinstance(error, Unavailable):  # tried again, which may be of use
                raise
            done = Done("refused", [self._told(channel, kept, party, error.text)])
        changes = [*self._known(scene, party), *done.changes, self.inbox.done(kept.id, done.outcome, done.intent)]
        return Outcome({"arrival": kept.id, "outcome": done.outcome}, changes)

    def _known(self, scene: Scene, party: Party) -> Sequence[Change[Any]]:
        """Who it is and where they talk; of what is only kept to be seen, as mail of which nobody knows who sent it, neither."""
        if scene.kept.arrival.kind == "other" and not scene.kept.arrival.addressed:
            return []
        return [self.contacts.put(party.contact), *self._found(scene, party), self.conversations.put(party.conversation)]

    def _found(self, scene: Scene, party: Party) -> Sequence[Change[Any]]:
        """Who was a stranger before has an account now, by their address."""
        before, now = scene.contact, party.contact
        return [] if before is None or before.person == now.person else [self.contacts.link(now.channel, now.sender, now.person)]

    async def _done(self, channel: Channel, kept: Kept, party: Party) -> Done:
        """What comes of it. Raises what its sender is told."""
        if kept.arrival.kind == "move":
            return Done("moved", [self.contacts.move(channel.name, kept.arrival.sender.id, kept.arrival.moved)])
        if kept.arrival.kind == "deletion":  # whoever it is: what they took back is not kept
            return await self._deletion(channel, kept)
        if party.contact.blocked or kept.arrival.sender.robot:
            return Done("ignored")
        said = command(cleaned(kept.arrival.text)) if kept.arrival.kind == "message" and kept.arrival.addressed else None
        if party.principal is None and (said is None or said.name not in ("link", "language")):
            return self._stranger(channel, kept, party)
        if said is not None:
            return Done("commanded", await self.obey(channel, kept, party, said, self._language(channel, party)))
        return await self._act(kept.arrival.kind)(channel, kept, party)

    def _act(self, kind: str) -> Callable[[Channel, Kept, Party], Awaitable[Done]]:
        return {
            "message": self._message, "opening": self._opening, "edit": self._edit, "reaction": self._reaction, "press": self._pressed,
        }.get(kind, self._other)  # fmt: skip

    async def _message(self, channel: Channel, kept: Kept, party: Party) -> Done:
        arrival = kept.arrival
        if not arrival.addressed:
            return Done("overheard")
        if party.conversation.mode == "person":
            return Done("for a person", [self._turn(kept, _with_files(arrival))])
        if arrival.stale(kept.received):
            return Done("stale", [self.say.stale(channel, kept, self._language(channel, party))])
        if len(arrival.text) > LONGEST_TEXT:
            text = Text(
                "Your message has {length} characters; at most {most} are taken. Send the rest as a file.",
                length=len(arrival.text),
                most=LONGEST_TEXT,
            )
            return Done("refused", [self._told(channel, kept, party, text)])
        heard = await self.ask(channel, kept, party)
        return self._asked(channel, kept, party, heard)

    def _asked(self, channel: Channel, kept: Kept, party: Party, heard: Heard) -> Done:
        """Whatever was said becomes a turn of the conversation, whether or not it was something to work on."""
        if heard.intent is None:
            return Done("refused", [self._told(channel, kept, party, heard.refusal)])
        return Done("asked", [*heard.changes, self._turn(kept, heard.text)], heard.intent)

    async def _opening(self, channel: Channel, kept: Kept, party: Party) -> Done:
        text = Text("I am listening. What should I do?")
        return Done("opened", [self.say(channel, kept, text, self._language(channel, party), name="opening", passing=True)])

    async def _edit(self, channel: Channel, kept: Kept, _: Party) -> Done:
        before = await self.inbox.by_message(channel.name, kept.arrival.address, kept.arrival.id)
        if before is None:
            return Done("ignored")
        return Done("edited", [self.conversations.edited(conversation_of(kept), before.id, cleaned(kept.arrival.text))])

    async def _deletion(self, channel: Channel, kept: Kept) -> Done:
        arrival = kept.arrival
        before = await self.inbox.by_message(channel.name, arrival.address, arrival.id)
        if before is None:
            return Done("ignored")
        gone = [
            self.inbox.forget(channel.name, arrival.address, arrival.id),
            self.conversations.edited(conversation_of(kept), before.id, None),
        ]
        return Done("deleted", [*gone, *([self.outbox.withdraw(before.intent, kept.received)] if before.intent else [])])

    async def _reaction(self, channel: Channel, kept: Kept, party: Party) -> Done:
        arrival, by = kept.arrival, party.principal
        answer = await self.outbox.by_sent(channel.name, arrival.address, arrival.about)
        good = None if arrival.removed else approving(arrival.emoji)
        if by is None or answer is None or answer.intent is None or (good is None and not arrival.removed):
            return Done("ignored")
        outcome = "feedback" if await opined(self.feedback, by, answer.intent, good, kept.id) else "heard"
        return Done(outcome, self._offered(channel, kept, answer, self._language(channel, party)) if good is False else ())

    def _offered(self, channel: Channel, kept: Kept, answer: Outgoing, language: Language) -> Sequence[Change[Any]]:
        """Who did not like an answer is told, once for each, how to talk to a person: where nobody else reads it."""
        if not channel.people or channel.gives or kept.arrival.group:
            return ()
        there = replace(kept, id=answer.id, arrival=replace(kept.arrival, address=answer.address, id=answer.sent_id))
        return [self.say(channel, there, Text("Thank you for telling me."), language, name="offer", offers=True)]

    async def _pressed(self, channel: Channel, kept: Kept, party: Party) -> Done:
        return Done("pressed", await self.press(channel, kept, party, self._language(channel, party)))

    async def _other(self, channel: Channel, kept: Kept, party: Party) -> Done:
        if not kept.arrival.addressed or kept.arrival.group:
            return Done("ignored")
        text = Text("I can do nothing with such a message ({what}). Write to me, or send a file.", what=kept.arrival.problem or "?")
        return Done("refused", [self._told(channel, kept, party, text)])

    def _stranger(self, channel: Channel, kept: Kept, party: Party) -> Done:
        """Who is not known is told so once a day, where nobody else reads it, and nothing else happens."""
        if kept.arrival.group or not kept.arrival.addressed or kept.arrival.kind not in _ANSWERED:
            return Done("unknown")
        language = self._language(channel, party)
        if channel.gives:
            text = Text("I do not know you here yet. Ask whoever runs Hulk for a code, and say: link code, and then the code.")
            return Done("unknown", [self.say(channel, kept, text, language, name="stranger", passing=True)])
        text = Text(
            "I do not know you here yet. Ask whoever runs Hulk for a code and send me: /link CODE. Your id on this channel is {id}.",
            id=kept.arrival.sender.id,
        )
        daily = replace(kept, id=f"{conversation_of(kept)}:{kept.received:%Y-%m-%d}")
        return Done("unknown", [self.say(channel, daily, text, language, name="stranger")])

    def _told(self, channel: Channel, kept: Kept, party: Party, text: Text) -> Change[None]:
        return self.say(channel, kept, text, self._language(channel, party), name="told")

    def _turn(self, kept: Kept, text: str) -> Change[None]:
        return self.conversations.said(conversation_of(kept), Turn(cleaned(text), ours=False, at=kept.received), kept.id)

    def _language(self, channel: Channel, party: Party) -> Language:
        return language_of(channel, party, self.fallback)


def _with_files(arrival: Arrival) -> str:
    """What was said, and what was sent with it, by name."""
    return "\n".join(filter(None, (arrival.text, *(f"[{one.name or one.media_type}]" for one in arrival.files))))
