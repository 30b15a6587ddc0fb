"""The intents module, put together."""

from dataclasses import dataclass

from hulk.kernel.durable import Commit, Runs, Workflow
from hulk.kernel.events import Trail
from hulk.kernel.text import Language
from hulk.modules.intents.adapters.sql import SqlIntents
from hulk.modules.intents.ports import (
    Admit,
    Agents,
    Answers,
    CheckSource,
    CostOf,
    Decides,
    Decisions,
    Expects,
    Intents,
    Quota,
    RequireNamespace,
    SkillBook,
    Told,
    Voices,
    nobody,
    unready,
)
from hulk.modules.intents.usecases import AcceptIntent, ReopenIntent, RunIntent, ShowIntent
from hulk.modules.tickets import BeginTicket, Tickets
from hulk.runtime.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What other modules and the runtime give to this one."""

    runs: Runs
    trail: Trail
    commit: Commit
    tickets: Tickets
    begin: BeginTicket
    decides: Decides
    asks: Answers
    decisions: Decisions
    skills: SkillBook
    voices: Voices
    check: CheckSource
    cost: CostOf
    admit: Admit
    quota: Quota
    agents: Agents
    require_namespace: RequireNamespace
    told: Told = nobody
    expects: Expects = unready


@dataclass(frozen=True, slots=True)
class IntentsModule:
    """What bootstrap hands on."""

    intents: Intents
    accept: AcceptIntent
    show: ShowIntent
    workflow: Workflow


def intents_of(store: Store) -> Intents:
    """Only the intents, for those who look."""
    return SqlIntents(store)


def reopening(store: Store, tickets: Tickets, trail: Trail) -> ReopenIntent:
    """Only what becomes true when an intent's run goes on again, for those who steer runs and execute none."""
    return ReopenIntent(SqlIntents(store), tickets, trail)


def wired(store: Store, needs: Needs, *, language: Language | None, zone: str) -> IntentsModule:
    """The module over the store. `language` and `zone` are for callers who name none."""
    intents = SqlIntents(store)
    return IntentsModule(
        intents=intents,
        accept=AcceptIntent(
            intents, needs.runs, needs.trail, needs.commit, needs.check, needs.admit, needs.quota, needs.require_namespace,
            needs.agents, language, zone, needs.expects,
        ),
        show=ShowIntent(intents, needs.decisions, needs.tickets, needs.cost, needs.agents),
        workflow=RunIntent(
            intents, needs.tickets, needs.begin, needs.decides, needs.asks, needs.skills, needs.trail, needs.voices, needs.agents,
            needs.told,
        ),
    )  # fmt: skip
