"""Agents, put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from hulk.kernel.durable import Commit, Runs, Workflow
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.time import Clock, utc_now
from hulk.modules.agents.adapters.backend import MemoryTools
from hulk.modules.agents.adapters.files import agent_in, beside, book_of
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.adapters.mind import Mindful
from hulk.modules.agents.adapters.models import RouterModels
from hulk.modules.agents.adapters.sql import SqlAccounts, SqlTasks
from hulk.modules.agents.domain.agent import AgentBook
from hulk.modules.agents.ports import (
    Accounts,
    Encloses,
    Hands,
    Hears,
    Models,
    Recall,
    Room,
    Tasks,
    Voices,
    always_room,
    nothing_known,
    unenclosed,
    unheard,
)
from hulk.modules.agents.settings import AgentsSettings
from hulk.modules.agents.usecases.acting import Act
from hulk.modules.agents.usecases.asking import AskSomebody
from hulk.modules.agents.usecases.begin import AnswerOf, BeginTask
from hulk.modules.agents.usecases.evaluating import EvaluateCase
from hulk.modules.agents.usecases.handing import HandOver
from hulk.modules.agents.usecases.orchestrate import RunTask
from hulk.modules.agents.usecases.planning import MakePlan
from hulk.modules.agents.usecases.reflecting import Reflect
from hulk.modules.agents.usecases.show import ShowAgents, ShowTasks
from hulk.modules.agents.usecases.step import Note, RunStep, unnoted
from hulk.modules.agents.usecases.thinking import Think
from hulk.modules.agents.usecases.timing import KeepTime
from hulk.modules.agents.wiring.mind import mind
from hulk.modules.tickets import AskPerson
from hulk.modules.tools import Standing
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store

__all__ = [
    "Agents", "Delegating", "GovernedHands", "MemoryTools", "Mindful", "Needs", "RouterModels", "agent_in", "book", "delegating", "mind",
    "wired",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What other modules and the runtime give to this one."""

    runs: Runs
    trail: Trail
    commit: Commit
    models: Models
    hands: Hands
    ask: AskPerson
    voices: Voices
    standing: Standing
    recall: Recall = nothing_known
    note: Note = unnoted
    hears: Hears = unheard
    encloses: Encloses = unenclosed
    room: Room = always_room
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    clock: Clock = utc_now
    wait: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegating:
    """What begins tasks and tells what came of them: it needs nothing of what does them."""

    book: AgentBook
    tasks: Tasks
    accounts: Accounts
    begin: BeginTask
    answer: AnswerOf


def delegating(store: Store, agents: AgentBook, runs: Runs, trail: Trail, voices: Voices, clock: Clock = utc_now) -> Delegating:
    """Over the store."""
    tasks = SqlTasks(store)
    return Delegating(
        book=agents, tasks=tasks, accounts=SqlAccounts(store), answer=AnswerOf(tasks, voices),
        begin=BeginTask(book=agents, tasks=tasks, runs=runs, trail=trail, clock=clock),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """All acts of the module; `task` and `step` are bodies of runs."""

    show: ShowTasks
    agents: ShowAgents
    evaluate: EvaluateCase
    task: Workflow
    step: Workflow


def book(settings: AgentsSettings) -> AgentBook:
    """The agents that the settings name. Raises `NotFound` and `Refused`."""
    return book_of(settings.folders, settings.shipped, RustSchemas())


def wired(begun: Delegating, values: Mapping[str, JsonObject], needs: Needs) -> Agents:
    """The acts."""
    agents, tasks, accounts = begun.book, begun.tasks, begun.accounts
    schemas, think = RustSchemas(), Think(needs.models, accounts, needs.commit)
    keep_time = KeepTime(tasks, needs.clock)
    act = Act(book=agents, hands=needs.hands, standing=needs.standing, tasks=tasks, keep_time=keep_time, clock=needs.clock)
    reflect = Reflect(
        book=agents, think=think, act=act, hands=needs.hands, schemas=schemas, recall=needs.recall, standing=needs.standing,
        clock=needs.clock,
    )  # fmt: skip
    return Agents(
        show=ShowTasks(tasks, accounts, agents), agents=ShowAgents(agents),
        evaluate=EvaluateCase(
            begin=begun.begin, hands=needs.hands, hears=needs.hears, places=beside, encloses=needs.encloses, room=needs.room,
            trail=needs.trail,
            commit=needs.commit, clock=needs.clock, zone=needs.zone,
        ),
        task=RunTask(
            tasks=tasks, accounts=accounts, make_plan=MakePlan(agents, think, needs.hands, schemas), runs=needs.runs, trail=needs.trail,
            voices=needs.voices, values=values, keep_time=keep_time, clock=needs.clock,
        ),
        step=RunStep(
            tasks=tasks, accounts=accounts, hand_over=HandOver(tasks, agents, schemas, values, keep_time), act=act,
            reflect=reflect, schemas=schemas, keep_time=keep_time, clock=needs.clock, note=needs.note,
            ask=AskSomebody(book=agents, ask=needs.ask, schemas=schemas, keep_time=keep_time, clock=needs.clock, wait=needs.wait),
        ),
    )  # fmt: skip
