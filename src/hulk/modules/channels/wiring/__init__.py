"""Channels, put together."""

import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from hulk.kernel import ids
from hulk.kernel.bells import Bells
from hulk.kernel.durable import Commit, Runs, Workflow
from hulk.kernel.errors import NotFound
from hulk.kernel.events import Trail
from hulk.kernel.text import Language
from hulk.kernel.time import Clock, utc_now
from hulk.modules.channels.adapters.counted import CountedTrail
from hulk.modules.channels.adapters.presence import BusPresence
from hulk.modules.channels.adapters.prometheus import ChannelFigures
from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlGuessed, SqlInbox, SqlOutbox
from hulk.modules.channels.adapters.standings import BusStandings
from hulk.modules.channels.api import ChannelActs
from hulk.modules.channels.domain import Directory, Limits
from hulk.modules.channels.ports import (
    Admit,
    Approvals,
    Ask,
    Expects,
    Feedback,
    Figures,
    Files,
    Line,
    Open,
    Pending,
    People,
    Speak,
    Tickets,
    Transcribe,
    Voices,
)
from hulk.modules.channels.usecases import (
    AnswerInPerson,
    AnswerIntent,
    AskDecision,
    AskFor,
    CheckChannel,
    DecideOnMessages,
    Deliver,
    FindApprovers,
    GiveReply,
    HandleArrival,
    HandOver,
    Hear,
    Introduce,
    LinkSender,
    LookAtChannels,
    MeetSender,
    Obey,
    Press,
    Rights,
    Say,
    SayWorking,
    Serve,
    ShowPending,
    ShowWork,
    Sole,
    TakeArrivals,
    TakePlace,
    unready,
)
from hulk.modules.channels.wiring.around import Around
from hulk.modules.channels.wiring.running import REIGN, AtWork
from hulk.modules.channels.wiring.voice import Voice, voice_of
from hulk.modules.channels.wiring.watching import Duties, PruneChannels
from hulk.runtime.background import Rounds
from hulk.runtime.bus import Bus
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics

__all__ = ["Answering", "Around", "AtWork", "Channels", "Ground", "Needs", "Voice", "answering", "voice_of", "wired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What channels stand on. `secret` is the same in all processes of an installation."""

    store: Store
    runs: Runs
    trail: Trail
    voices: Voices
    secret: bytes
    admit: Admit
    clock: Clock = utc_now
    metrics: Metrics = field(default_factory=Metrics)
    rounds: Rounds = field(default_factory=lambda: Rounds(Metrics()))
    check_every: timedelta | None = None
    retention: timedelta = timedelta(days=30)
    aloud: bool = False
    """Whether there is somebody to read answers aloud."""

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
    say = Say(
        outbox,
        conversations,
        partial(_limits, {one.name: one for one in channels}),
        ground.voices,
        ground.secret,
        ground.clock,
        ground.aloud,
    )
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
    pending: Pending
    approvals: Approvals
    files: Files
    transcribe: Transcribe | None = None
    speak: Speak | None = None
    expects: Expects = unready
    fallback: Language = "pt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """All of the module: `arrival` and `decision` are the bodies of runs."""

    answering: Answering
    take: TakeArrivals
    arrival: Workflow
    decision: Workflow
    give: GiveReply
    at_work: Sequence[AtWork]
    acts: ChannelActs
    prune: PruneChannels
    figures: Figures
    presence: BusPresence | None = None

    def running(self) -> Sequence[Coroutine[None, None, None]]:
        """All that is done for channels as long as the program runs."""
        shown = [self.presence.show()] if self.presence is not None and self.at_work else []
        return [*shown, *(one.run() for one in self.at_work)]


def wired(made: Answering, ground: Ground, needs: Needs, bus: Bus, *, sole: bool = False) -> Channels:
    """The acts, and what looks after each channel; `sole`: no other process works on the same store."""
    figures = ChannelFigures(ground.metrics)
    ground = replace(ground, trail=CountedTrail(ground.trail, figures))
    meet = MeetSender(needs.people)
    ask = AskFor(needs.ask, needs.files, made.line, needs.transcribe)
    take = TakeArrivals(made.inbox, made.outbox, ground.runs, ground.trail, ground.commit, ground.clock, ground.admit, needs.expects)
    hand = HandOver(
        directory=made.directory, contacts=made.contacts, conversations=made.conversations, outbox=made.outbox, say=made.say,
        voices=ground.voices, trail=ground.trail, clock=ground.clock,
    )  # fmt: skip
    guessed = SqlGuessed()
    link = LinkSender(contacts=made.contacts, guessed=guessed, trail=ground.trail, commit=ground.commit, say=made.say, clock=ground.clock)
    pending = ShowPending(needs.approvals, made.say)
    holder = f"{ids.process()}:{secrets.token_hex(4)}"
    presence = None if sole else BusPresence(bus, holder, REIGN)
    arrival = HandleArrival(
        directory=made.directory, inbox=made.inbox, outbox=made.outbox, contacts=made.contacts, conversations=made.conversations, meet=meet,
        say=made.say, ask=ask,
        obey=Obey(made.contacts, made.conversations, made.inbox, made.outbox, ground.trail, made.say, link, pending),
        press=Press(
            made.inbox, made.conversations, needs.tickets, needs.feedback, ask, made.say, ground.secret, ground.clock, ground.trail, hand
        ),
        feedback=needs.feedback, trail=ground.trail, line=made.line, fallback=needs.fallback,
    )  # fmt: skip
    approvers = FindApprovers(
        directory=made.directory, contacts=made.contacts, conversations=made.conversations, people=needs.people, approvals=needs.approvals
    )
    decision = AskDecision(made.directory, made.inbox, needs.pending, hand, made.say, approvers)
    give = GiveReply(
        holder=holder, inbox=made.inbox, outbox=made.outbox, contacts=made.contacts, elsewhere=hand, trail=ground.trail,
        commit=ground.commit, voices=ground.voices, bells=made.bells, clock=ground.clock, fallback=needs.fallback,
    )  # fmt: skip
    standings, rights = BusStandings(bus, sole), Rights(made.directory)
    check = CheckChannel(
        rights=rights, line=made.line, standings=standings, trail=ground.trail, commit=ground.commit, figures=figures, clock=ground.clock
    )
    duties = Duties(
        holder=holder, standings=standings, outbox=made.outbox, check=check, figures=figures, rounds=ground.rounds,
        every=ground.check_every, clock=ground.clock,
    )  # fmt: skip
    prune = PruneChannels(
        inbox=made.inbox, outbox=made.outbox, conversations=made.conversations, contacts=made.contacts, guessed=guessed,
        commit=ground.commit, clock=ground.clock, retention=ground.retention,
    )  # fmt: skip
    return Channels(
        answering=made, take=take, arrival=arrival, decision=decision, give=give, prune=prune, figures=figures,
        at_work=[_at_work(one, made, ground, needs, take, give, hand, duties, bus, presence) for one in made.channels], presence=presence,
        acts=_acts(made, ground, needs, rights, check, standings),
    )  # fmt: skip


def _acts(made: Answering, ground: Ground, needs: Needs, rights: Rights, check: CheckChannel, standings: BusStandings) -> ChannelActs:
    """What operators do."""
    trail, commit, clock = ground.trail, ground.commit, ground.clock
    return ChannelActs(
        check=check,
        look=LookAtChannels(
            rights=rights, inbox=made.inbox, outbox=made.outbox, conversations=made.conversations, contacts=made.contacts,
            standings=standings,
        ),
        decide=DecideOnMessages(rights=rights, outbox=made.outbox, trail=trail, commit=commit, clock=clock),
        answer=AnswerInPerson(
            rights=rights, conversations=made.conversations, say=made.say, trail=trail, commit=commit, clock=clock, fallback=needs.fallback
        ),
        introduce=Introduce(rights=rights, contacts=made.contacts, people=needs.people, trail=trail, commit=commit, clock=clock),
    )  # fmt: skip


def _at_work(
    one: Open, made: Answering, ground: Ground, needs: Needs, take: TakeArrivals, give: GiveReply, hand: HandOver, duties: Duties, bus: Bus,
    presence: BusPresence | None,
) -> AtWork:  # fmt: skip
    place = None if one.edits is None else TakePlace(one.name, one.edits, made.outbox, ground.commit, ground.clock)
    deliver = Deliver(
        channel=one.name, holder=duties.holder, line=one.line, outbox=made.outbox, files=needs.files, trail=ground.trail,
        commit=ground.commit, clock=ground.clock, elsewhere=hand if one.channel.gives else None, speak=needs.speak, voices=ground.voices,
        presence=presence or Sole(duties.holder), place=place,
    )  # fmt: skip
    hear = Hear(open=one, take=take, conversations=made.conversations, commit=ground.commit, figures=duties.figures)
    serve = Serve(open=one, take=take, give=give, figures=duties.figures)
    show = ShowWork(channel=one.name, line=one.line, inbox=made.inbox, clock=ground.clock, say=_says(one, made, ground, needs), place=place)
    return AtWork(
        open=one, deliver=deliver, hear=hear, serve=serve, show=show, bells=made.bells, bus=bus, figures=duties.figures, duties=duties,
        presence=presence,
    )  # fmt: skip


def _says(one: Open, made: Answering, ground: Ground, needs: Needs) -> SayWorking | None:
    """What says there that something takes a while."""
    if one.edits is None:
        return None
    return SayWorking(
        channel=one.channel, edits=one.edits, say=made.say, contacts=made.contacts, outbox=made.outbox, commit=ground.commit,
        clock=ground.clock, fallback=needs.fallback,
    )  # fmt: skip
