"""A channel of no vendor over a real store: people write, Hulk answers what it is told to, and the line does what it is told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from hulk.kernel import ids
from hulk.kernel.bells import Bells
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound, TooLarge
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.kernel.text import Language, Text
from hulk.kernel.time import utc_now
from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlGuessed, SqlInbox, SqlOutbox
from hulk.modules.channels.domain import Arrival, Attached, Channel, Directory, Limits, Outgoing, Pace, Sender, Shown
from hulk.modules.channels.ports import (
    Approval,
    Asking,
    Checked,
    Decided,
    Kept,
    Line,
    Sent,
    Speak,
    Transcribe,
    Uncertain,
    Unknowable,
    Waiting,
)
from hulk.modules.channels.usecases import (
    DECISION,
    WORKFLOW,
    AnswerIntent,
    AskDecision,
    AskFor,
    Deliver,
    FindApprovers,
    GiveReply,
    HandleArrival,
    HandOver,
    LinkSender,
    MeetSender,
    Obey,
    Press,
    Say,
    SayWorking,
    ShowPending,
    ShowWork,
    TakeArrivals,
    TakePlace,
)
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.memory import Desk, Told

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
ANA = Principal(tenant="default", actor="person:ana@example.com", grants=everywhere("operator"), account="usr_ana")
SECRET = b"s" * 32
CHAT = Channel(name="chat", kind="test")

Answer = Callable[[Outgoing], Awaitable[Sent]]


async def taken(message: Outgoing) -> Sent:
    """The line takes it."""
    return Sent(f"v-{message.id}")


@dataclass
class ScriptedLine:
    """A line that does what it is told to, one thing for each message, and then takes all. `has` is what the vendor has."""

    script: list[Answer] = field(default_factory=list)
    limits: Limits = field(default_factory=lambda: Limits(text=200, parts=3, buttons=3, file=1000))
    paces: tuple[Pace, Pace] = (Pace(rate=1e6, burst=1e6), Pace(rate=1e6, burst=1e6))
    sent: list[Outgoing] = field(default_factory=list)
    files: list[list[tuple[str, bytes]]] = field(default_factory=list)
    has: dict[str, Sent] | None = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)

    async def send(self, message: Outgoing, files: Sequence[tuple[str, Path]]) -> Sent:
        """See `Line`."""
        act = self.script.pop(0) if self.script else taken
        done = await act(message)
        self.sent.append(message)
        self.files.append([(name, path.read_bytes()) for name, path in files])
        if self.has is not None:
            self.has[message.id] = done
        return done

    async def find(self, message: Outgoing) -> Sent | None:
        """See `Line`."""
        if self.has is None:
            raise Unknowable
        return self.has.get(message.id)

    async def fetch(self, file: Attached, into: Path, most: int) -> None:
        """See `Line`."""
        if file.ref not in self.kept:
            raise NotFound("There is no such file.")
        if len(self.kept[file.ref]) > most:
            raise TooLarge("It is too large.")
        await asyncio.to_thread(into.write_bytes, self.kept[file.ref])

    async def working(self, address: str, about: str = "") -> None:
        """See `Line`."""
        self.shown.append(address)

    async def check(self) -> Checked:
        """See `Line`."""
        return Checked(((Text("It answers"), 0.0),))


@dataclass
class ScriptedEdits:
    """Changes what `line` sent. `script` goes wrong, one thing for each change: `lost` is done and not said."""

    line: ScriptedLine
    script: list[Exception | Literal["lost"]] = field(default_factory=list)
    there: dict[str, str] = field(default_factory=dict)
    """What was put where, by what the channel calls it."""
    removed: list[str] = field(default_factory=list)

    def can(self, address: str) -> bool:
        """See `Edits`."""
        return not address.startswith("private")

    async def put(self, message: Outgoing, sent_id: str) -> Sent:
        """See `Edits`."""
        with self._going_wrong():
            if sent_id in self.removed:
                raise NotFound("It is not there.")
            self.there[sent_id] = message.text
        return Sent(sent_id)

    async def remove(self, address: str, sent_id: str) -> None:  # the port's
        """See `Edits`."""
        with self._going_wrong():
            if sent_id in self.removed:
                raise NotFound("It is not there.")
            self.removed.append(sent_id)

    @contextmanager
    def _going_wrong(self) -> Iterator[None]:
        trouble = self.script.pop(0) if self.script else None
        if isinstance(trouble, Exception):
            raise trouble
        yield
        if trouble == "lost":
            raise Uncertain("Nobody knows.")

    @property
    def reads(self) -> list[str]:
        """What people read there now, oldest first."""
        sent = [(f"v-{one.id}", one.text) for one in self.line.sent]
        return [self.there.get(id_, text) for id_, text in sent if id_ not in self.removed]


@dataclass
class Hulk:
    """The rest of Hulk: keeps what it is asked, knows people, takes opinions and decisions, and keeps files."""

    folder: Path
    asked: list[Asking] = field(default_factory=list)
    people: dict[str, Principal] = field(default_factory=lambda: {"usr_ana": ANA})
    emails: dict[str, str] = field(default_factory=lambda: {"ana@example.com": "usr_ana"})
    opinions: list[tuple[str, str, bool | None]] = field(default_factory=list)
    decided: list[tuple[str, str, bool]] = field(default_factory=list)
    artefacts: list[Shown] = field(default_factory=list)
    refusing: Exception | None = None
    unmoved: Exception | None = None
    undecided: Exception | None = None
    waits: dict[str, Waiting] = field(default_factory=dict)

    async def ask(self, asking: Asking) -> tuple[str, Change[bool]]:
        """See `Ask`."""
        if self.refusing is not None:
            raise self.refusing
        self.asked.append(asking)
        return ids.derived("int", asking.key), lambda _: True

    async def by_email(self, tenant: str, email: str) -> str | None:
        """See `People`."""
        return self.emails.get(email) if tenant == "default" else None

    async def principal(self, tenant: str, account: str) -> Principal | None:
        """See `People`."""
        return self.people.get(account) if tenant == "default" else None

    async def feedback(self, by: Principal, intent: str, good: bool | None, key: str) -> None:
        """See `Feedback`."""
        if self.unmoved is not None:
            raise self.unmoved
        self.opinions.append((by.actor, intent, good))

    async def decide(self, by: Principal, ticket: str, approve: bool, key: str) -> Decided:
        """See `Tickets`."""
        if self.undecided is not None:
            raise self.undecided
        if (before := next(((who, yes) for who, one, yes in self.decided if one == ticket), None)) is not None:
            return Decided(approved=before[1], by=before[0], before=True)
        self.decided.append((by.actor, ticket, approve))
        return Decided(approved=approve, by=by.actor)

    async def of(self, by: Principal, most: int) -> Sequence[Approval]:
        """See `Approvals`."""
        theirs = [Approval(ticket=id_, title=one.title) for id_, one in self.waits.items() if await self.may(by, id_)]
        return theirs[:most]

    async def may(self, by: Principal, ticket: str) -> bool:
        """See `Approvals`."""
        return by.may("approve", "tickets") and ticket in self.waits

    async def pending(self, tenant: str, ticket: str) -> Waiting | None:
        """See `Pending`."""
        return self.waits.get(ticket) if tenant == "default" else None

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Path]:
        """See `Files`."""
        path = self.folder / ids.new("tmp")
        path.mkdir()
        yield path

    async def keep(self, tenant: str, actor: str, path: Path, reason: str) -> str:
        """See `Files`."""
        content = await asyncio.to_thread(path.read_bytes)
        blob = f"blob-{content[:40].decode('latin-1')}".replace("/", "_").replace("\0", "_")
        await asyncio.to_thread((self.folder / blob).write_bytes, content)
        return blob

    async def path(self, blob: str) -> Path:
        """See `Files`."""
        if not (path := self.folder / blob).exists():
            raise NotFound("There is no blob {name}.", name=blob)
        return path

    async def made(self, tenant: str, intent: str) -> Sequence[Shown]:
        """See `Files`."""
        return self.artefacts


@dataclass
class Room:
    """A channel with all that works on it."""

    store: Store
    hulk: Hulk
    line: ScriptedLine
    channel: Channel
    desk: Desk
    trail: Told
    inbox: SqlInbox
    outbox: SqlOutbox
    contacts: SqlContacts
    conversations: SqlConversations
    take: TakeArrivals
    answer: AnswerIntent
    deliver: Deliver
    clock: list[datetime]
    bells: Bells
    edits: ScriptedEdits
    show: ShowWork

    def later(self, by: timedelta) -> None:
        """Time goes on."""
        self.clock[0] += by

    async def hear(self, *arrivals: Arrival) -> list[Kept]:
        """They come in, and are worked on."""
        kept = await self.take(self.channel, arrivals)
        await self.desk.drain()
        return kept

    async def end(self, intent: str, answer: str, language: Language = "pt", *, good: bool = True) -> None:
        """The intent ends so."""
        await self.store.commit(self.answer(intent, answer, language, good=good))

    async def said(self) -> list[str]:
        """What goes out now."""
        before = len(self.line.sent)
        while await self.deliver.once():
            pass
        return [message.text for message in self.line.sent[before:]]

    async def messages(self) -> list[Outgoing]:
        """All that was ever to go out, oldest first."""
        return list(reversed(await self.outbox.recent("default", None, (), 1000)))


def a_room(store: Store, folder: Path, channel: Channel = CHAT, line: ScriptedLine | None = None, *, linked: bool = True,
    transcribe: Transcribe | None = None, speak: Speak | None = None,
) -> Room:  # fmt: skip
    """One in which Ana is known, unless `linked` says no."""
    clock, bells, hulk, desk, trail = [NOW], Bells(), Hulk(folder), Desk(commit=store.commit), Told()
    line, now = line or ScriptedLine(), lambda: clock[0]
    inbox, outbox, contacts, conversations = SqlInbox(store), SqlOutbox(store, bells), SqlContacts(store), SqlConversations(store)
    directory = Directory.of([channel])
    say = Say(outbox, conversations, lambda _: line.limits, voice, SECRET, now, speak is not None)
    ask = AskFor(hulk.ask, hulk, lambda _: line, transcribe)
    link = LinkSender(contacts=contacts, guessed=SqlGuessed(), trail=trail, commit=store.commit, say=say, clock=now)
    desk.workflows[WORKFLOW] = HandleArrival(
        directory=directory, inbox=inbox, outbox=outbox, contacts=contacts, conversations=conversations,
        meet=MeetSender(hulk), say=say, ask=ask,
        obey=Obey(contacts, conversations, inbox, outbox, trail, say, link, ShowPending(hulk, say)),
        press=Press(inbox, conversations, hulk.decide, hulk.feedback, ask, say, SECRET, now, trail), feedback=hulk.feedback, trail=trail,
        line=lambda _: line, fallback="pt",
    )  # fmt: skip
    hand = HandOver(
        directory=directory, contacts=contacts, conversations=conversations, outbox=outbox, say=say, voices=voice, trail=trail, clock=now
    )
    approvers = FindApprovers(directory=directory, contacts=contacts, conversations=conversations, people=hulk, approvals=hulk)
    desk.workflows[DECISION] = AskDecision(directory, inbox, hulk.pending, hand, say, approvers)
    edits = ScriptedEdits(line)
    place = TakePlace(channel.name, edits, outbox, store.commit, now)
    deliver = Deliver(
        channel=channel.name, holder="one", line=line, outbox=outbox, files=hulk, trail=trail, commit=store.commit, clock=now,
        ticks=lambda: clock[0].timestamp(), chance=lambda: 0.0, speak=speak, voices=voice, place=place,
    )  # fmt: skip
    says = SayWorking(
        channel=channel, edits=edits, say=say, contacts=contacts, outbox=outbox, commit=store.commit, clock=now, fallback="pt"
    )
    show = ShowWork(channel=channel.name, line=line, inbox=inbox, clock=now, say=says, place=place)
    room = Room(
        store, hulk, line, channel, desk, trail, inbox, outbox, contacts, conversations,
        TakeArrivals(inbox, outbox, desk, trail, store.commit, now), AnswerIntent(directory, inbox, say), deliver, clock, bells,
        edits, show,
    )  # fmt: skip
    if not linked:
        hulk.people.clear()
    return room


def giving(store: Store, channel: Channel, line: Line) -> GiveReply:
    """What gives answers in responses, where a channel wants that."""
    inbox, outbox, contacts, conversations = SqlInbox(store), SqlOutbox(store), SqlContacts(store), SqlConversations(store)
    directory, told = Directory.of([channel]), Told()
    say = Say(outbox, conversations, lambda _: line.limits, voice, SECRET, utc_now)
    hand = HandOver(
        directory=directory, contacts=contacts, conversations=conversations, outbox=outbox, say=say, voices=voice, trail=told, clock=utc_now
    )
    return GiveReply(
        holder="me", inbox=inbox, outbox=outbox, contacts=contacts, elsewhere=hand, trail=told, commit=store.commit, voices=voice,
        bells=Bells(), clock=utc_now, fallback="pt",
    )  # fmt: skip


def trusting(**more: Any) -> Channel:
    """A channel that vouches for addresses."""
    return replace(CHAT, trusts_email=True, **more)


def open_to_all(**more: Any) -> Channel:
    """A channel where guests may ask."""
    return replace(CHAT, guests=(Grant("operator"),), **more)


def wrote(text: str = "Oi", key: str = "1", *, sender: str = "ana", **more: Any) -> Arrival:
    """Ana wrote that."""
    who = Sender(id=sender, name=sender.title(), email=f"{sender}@example.com")
    given = {"kind": "message", "address": "a", "sender": who, "at": NOW, "id": f"m{key}", "text": text}
    return Arrival(key=key, **{**given, **more})


def going(text: str = "Olá", name: str = "1", **more: Any) -> Outgoing:
    """A message that is to go out."""
    given = {"tenant": "default", "channel": "chat", "address": "a", "language": "pt", "created": NOW, "due": NOW}
    return Outgoing(id=ids.derived("msg", name), text=text, **{**given, **more})


a_channel = partial(replace, CHAT)
