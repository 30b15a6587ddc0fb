"""Channels, put together."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from hulk.kernel import ids
from hulk.kernel.bells import Bells
from hulk.kernel.durable import Commit, Runs, Workflow
from hulk.kernel.errors import NotFound
from hulk.kernel.events import Trail
from hulk.kernel.text import Language
from hulk.kernel.time import Clock, utc_now
from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlInbox, SqlOutbox
from hulk.modules.channels.domain import Directory, Limits
from hulk.modules.channels.ports import Ask, Feedback, Files, Line, Open, People, Speak, Tickets, Transcribe, Voices
from hulk.modules.channels.usecases import (
    AnswerIntent,
    AskFor,
    Deliver,
    GiveReply,
    HandleArrival,
    HandOver,
    MeetSender,
    Obey,
    Press,
    Say,
    TakeArrivals,
)
from hulk.modules.channels.wiring.kinds import Around, opened
from hulk.modules.channels.wiring.running import AtWork
from hulk.modules.channels.wiring.voice import Voice, voice_of
from hulk.runtime.bus import Bus
from hulk.runtime.store import Store

__all__ = ["Answering", "Around", "AtWork", "Channels", "Ground", "Needs", "Voice", "answering", "opened", "voice_of", "wired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What channels stand on. `secret` is the same in all processes of an installation."""

    store: Store
    runs: Runs
    trail: Trail
    voices: Voices
    secret: bytes
    clock: Clock = utc_now

    @property
    def commit(self) -> Commit:
        """The store's."""
        return self.store.commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What sends answers: it needs nothing of what asks."""

    channels: Sequence[Open]
    directory: Directory
    inbox: SqlInbox
    outbox: SqlOutbox
    contacts: SqlContacts
    conversations: SqlConversations
    say: Say
    answer: AnswerIntent
    bells: Bells

    def line(self, channel: str) -> Line | None:
        """The line of a channel, if it is open."""
        return next((one.line for one in self.channels if one.name == channel), None)


def answering(channels: Sequence[Open], ground: Ground) -> Answering:
    """Over the store."""
    bells, directory = Bells(), Directory.of(one.channel for one in channels)
    inbox, outbox = SqlInbox(ground.store), SqlOutbox(ground.store, bells)
    conversations = SqlConversations(ground.store)
    say = Say(outbox, conversations, partial(_limits, {one.name: one for one in channels}), ground.voices, ground.secret, ground.clock)
    return Answering(
        channels=channels, directory=directory, inbox=inbox, outbox=outbox, contacts=SqlContacts(ground.store), conversations=conversations,
        say=say, answer=AnswerIntent(directory, inbox, say), bells=bells,
    )  # fmt: skip


def _limits(channels: dict[str, Open], name: str) -> Limits:
    if name not in channels:
        raise NotFound("There is no channel “{name}” here.", name=name[:80])
    return channels[name].line.limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What other modules give to this one."""

    ask: Ask
    people: People
    feedback: Feedback
    tickets: Tickets
    files: Files
    transcribe: Transcribe | None = None
    speak: Speak | None = None
    fallback: Language = "pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """All of the module: `arrival` is the body of runs."""

    answering: Answering
    take: TakeArrivals
    arrival: Workflow
    give: GiveReply
    at_work: Sequence[AtWork]


def wired(made: Answering, ground: Ground, needs: Needs, bus: Bus) -> Channels:
    """The acts, and what looks after each channel."""
    meet = MeetSender(made.contacts, made.conversations, needs.people)
    ask = AskFor(needs.ask, needs.files, made.conversations, made.line, needs.transcribe)
    take = TakeArrivals(made.inbox, made.outbox, ground.runs, ground.trail, ground.commit, ground.clock)
    hand = HandOver(
        directory=made.directory, contacts=made.contacts, conversations=made.conversations, outbox=made.outbox, say=made.say,
        voices=ground.voices, trail=ground.trail, clock=ground.clock,
    )  # fmt: skip
    holder = f"{ids.process()}:{secrets.token_hex(4)}"
    arrival = HandleArrival(
        directory=made.directory, inbox=made.inbox, outbox=made.outbox, contacts=made.contacts, conversations=made.conversations, meet=meet,
        say=made.say, ask=ask, obey=Obey(made.contacts, made.conversations, ground.trail, ground.commit, made.say, ground.clock),
        press=Press(made.inbox, made.conversations, needs.tickets, needs.feedback, ask, made.say, ground.secret, ground.clock, hand),
        feedback=needs.feedback, trail=ground.trail, line=made.line, fallback=needs.fallback,
    )  # fmt: skip
    give = GiveReply(
        holder=holder, inbox=made.inbox, outbox=made.outbox, contacts=made.contacts, elsewhere=hand, trail=ground.trail,
        commit=ground.commit, voices=ground.voices, bells=made.bells, clock=ground.clock, fallback=needs.fallback,
    )  # fmt: skip
    at_work = [_at_work(one, made, ground, needs, take, give, hand, holder, bus) for one in made.channels]
    return Channels(answering=made, take=take, arrival=arrival, give=give, at_work=at_work)


def _at_work(
    one: Open, made: Answering, ground: Ground, needs: Needs, take: TakeArrivals, give: GiveReply, hand: HandOver, holder: str, bus: Bus
) -> AtWork:
    deliver = Deliver(
        channel=one.name, holder=holder, line=one.line, outbox=made.outbox, files=needs.files, trail=ground.trail, commit=ground.commit,
        clock=ground.clock, elsewhere=hand if one.channel.gives else None, speak=needs.speak,
    )  # fmt: skip
    return AtWork(
        open=one, deliver=deliver, take=take, give=give, conversations=made.conversations, commit=ground.commit, bells=made.bells, bus=bus
    )
