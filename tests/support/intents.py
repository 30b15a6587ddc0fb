"""Intents to keep, and the acts on them over adapters in memory: what decides, asks, plans and works is given by the test."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Exhausted, NotFound, Refused
from hulk.kernel.events import Trail
from hulk.kernel.money import Money
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.text import Language, Text, Voice
from hulk.modules.intents import WORKFLOW, AcceptIntent, Asked, Delegated, Intent, Intents, ShowIntent
from hulk.modules.intents.adapters.memory import MemoryIntents
from hulk.modules.intents.adapters.sql import SqlIntents
from hulk.modules.intents.ports import Agents, nobody
from hulk.modules.intents.ports import Told as Telling
from hulk.modules.intents.usecases import RunIntent
from hulk.modules.router import Decision, Question, Reply
from hulk.modules.router.adapters.memory import MemoryDecisions
from hulk.modules.router.adapters.sql import SqlDecisions
from hulk.modules.router.domain.sensitivity import Sensitivity
from hulk.modules.router.ports import Decisions
from hulk.modules.skills import Answer, Book, Report, Skill, Source
from hulk.modules.tickets import WORKFLOW as TICKET
from hulk.modules.tickets import Artefact, BeginTicket, Draft, FollowUp, Handler, Tickets
from hulk.modules.tickets.adapters.memory import MemoryFiles, MemoryTickets
from hulk.modules.tickets.adapters.sql import SqlTickets
from hulk.modules.tickets.usecases import RunTicket
from hulk.runtime.outbox import Outbox
from support.memory import Desk, Told, at_once
from support.postgres import Postgres
from support.stores import Kind, a_store

START = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
ANA = Principal(tenant="acme", actor="key:ana", grants=everywhere("operator"))


def an_intent(number: int = 1, **more: Any) -> Intent:
    """An accepted intent, the higher its number the later."""
    fields: dict[str, Any] = {
        "id": f"int_{number:026}", "tenant": "acme", "actor": "local", "text": "Quais arquivos mais mudaram?", "language": "pt",
        "zone": "America/Sao_Paulo", "sources": (Source(kind="file", name="vendas.csv", path="data/vendas.csv"),), "key": None,
        "digest": "d" * 64, "run": f"run_{number:026}", "trace": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "status": "accepted", "created": START + timedelta(seconds=number),
    }  # fmt: skip
    return Intent(**fields | more)


def said(report: Report) -> Answer:
    """All results in a line, and a review of each."""
    results = {key: result["said"] for key, result in report.results.items()}
    reviews = tuple(FollowUp(kind="review", title=Text("Review {key}", key=key), data={"key": key}) for key in results)
    return Answer(markdown=" ".join([*(f"{key}={text}" for key, text in results.items()), *report.artefacts]), follow_ups=reviews)


def a_skill(*drafts: Draft) -> Skill:
    """The skill `job`, whose plan is those tickets."""
    return Skill(name="job", title=Text("Job"), about=Text("A job."), examples={"en": ("Do the job",)}, plan=lambda _: drafts, answer=said)


def draft(key: str, *after: str, required: bool = True) -> Draft:
    """A ticket of the kind `key`."""
    return Draft(key=key, kind=key, title=Text("Do {key}", key=key), input={"of": key}, after=after, required=required)


def voice(language: Language) -> Voice:
    """A voice without a catalogue."""
    return Voice(language, str)


@dataclass
class Bench:
    """A place with all acts on intents, executed when the test says so (`work`)."""

    intents: Intents = field(default_factory=MemoryIntents)
    tickets: Tickets = field(default_factory=MemoryTickets)
    decisions: Decisions = field(default_factory=MemoryDecisions)
    trail: Trail = field(default_factory=Told)
    commit: Commit = at_once
    files: MemoryFiles = field(default_factory=MemoryFiles)
    desk: Desk = field(default_factory=Desk)
    skill: Skill = field(default_factory=a_skill)
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    kind: Literal["skill", "agent", "model", "none"] = "skill"
    sensitivity: Sensitivity = "public"
    agents: Agents = field(default_factory=lambda: NO_AGENTS)
    telling: Telling = nobody
    reply: Reply | Exception | None = None
    full: Exception | None = None
    over: Exhausted | None = None
    refused: Exception | None = None
    checked: list[Source] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def told(self) -> list[str]:
        """The types of all that happened, in order; of a trail in memory."""
        assert isinstance(self.trail, Told)
        return self.trail.types

    async def decide(self, question: Question) -> tuple[Decision, Sequence[Change[Any]]]:
        """Whatever `kind` says."""
        self.questions.append(question)
        name = {"skill": self.skill.name, "agent": "agents.buyer", "model": "big", "none": None}[self.kind]
        decision = Decision(
            id="dec_1", tenant=question.tenant, intent=question.intent, kind=self.kind, name=name, reasons=(Text("It was told so."),),
            sensitivity=self.sensitivity, labels=(), language=question.language, candidates=(), score=1, margin=1, threshold=0.5, at=START,
        )  # fmt: skip
        return decision, [self.decisions.record(decision)]

    async def ask(self, question: Question, model_name: str) -> Reply:
        """What the test has the model reply."""
        self.questions.append(question)
        if isinstance(self.reply, Exception):
            raise self.reply
        assert self.reply is not None, model_name
        return self.reply

    async def check(self, _: str, source: Source) -> None:
        """Refuses what the test refuses."""
        self.checked.append(source)
        if self.refused:
            raise self.refused

    def admit(self) -> None:
        """Takes no more when the test says so."""
        if self.full:
            raise self.full

    async def namespace(self, _: str, name: str) -> None:
        """There is `prod` besides."""
        if name not in ("default", "prod"):
            raise Refused("no such namespace")

    def quota(self, _: str) -> Change[Exhausted | None]:
        """Has room until the test says not."""
        return lambda _: self.over

    @property
    def accept(self) -> AcceptIntent:
        """The act of accepting."""
        return AcceptIntent(
            self.intents,
            self.desk,
            self.trail,
            self.commit,
            self.check,
            self.admit,
            self.quota,
            self.namespace,
            self.agents,
            None,
            "America/Sao_Paulo",
            self.expected.append,
            lambda: START,
        )

    @property
    def show(self) -> ShowIntent:
        """The act of showing, a minute later, when five cents were spent."""
        return ShowIntent(self.intents, self.decisions, self.tickets, _five_cents, NO_AGENTS, lambda: START + timedelta(minutes=1))

    async def asked(self, text: str = "Do the job", **more: Any) -> Intent:
        """An accepted intent of Ana's."""
        return await self.accept(Asked(text=text, **more), ANA, None)

    async def work(self) -> None:
        """Execute all runs to where they end."""
        begin = BeginTicket(self.tickets, self.desk)
        self.desk.commit = self.commit
        self.desk.workflows |= {
            WORKFLOW: RunIntent(
                self.intents,
                self.tickets,
                begin,
                self.decide,
                self.ask,
                Book((self.skill,)),
                self.trail,
                voice,
                self.agents,
                self.telling,
                clock=lambda: START,
            ),
            TICKET: RunTicket(self.tickets, self.files, self.trail, voice, self.handlers),
        }
        await self.desk.drain()

    async def answered(self, text: str = "Do the job", **more: Any) -> Intent:
        """An intent of Ana's, once it has ended."""
        intent = await self.asked(text, **more)
        await self.work()
        return await self.intents.get(intent.id)


class NoAgents:
    """Where there are no agents."""

    def require(self, by: Principal, agent: str) -> None:
        """None of that name."""
        raise NotFound("There is no agent “{agent}”; there are: {known}.", agent=agent, known="—")

    def begin(self, delegated: Delegated) -> Sequence[Change[Any]]:
        """See `Agents`."""
        raise AssertionError(delegated)

    async def answer(self, run: str) -> str:
        """See `Agents`."""
        raise AssertionError(run)

    async def whole(self, run: str) -> str:
        """See `Agents`."""
        raise AssertionError(run)

    async def artefacts(self, run: str) -> Sequence[Artefact]:
        """See `Agents`."""
        return ()


NO_AGENTS: Agents = NoAgents()


async def _five_cents(tenant: str, intent: str) -> Money:
    return Money(Decimal("0.05"), "USD")


@asynccontextmanager
async def stored(bench: Bench, kind: Kind, folder: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    """The same over a database of that kind: only the runs stay in memory."""
    async with a_store(kind, folder, postgres) as store:
        yield replace(
            bench,
            desk=Desk(),
            files=MemoryFiles(),
            intents=SqlIntents(store),
            tickets=SqlTickets(store),
            decisions=SqlDecisions(store),
            trail=Outbox(store, b"key"),
            commit=store.commit,
        )
