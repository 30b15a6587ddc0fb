"""One suite per port, and every adapter in it (DESIGN §7). A new port or adapter that stands in no suite fails here."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hulk import modules
from hulk.modules.agents import ports as agent_ports
from hulk.modules.agents.adapters import backend as agents_backend
from hulk.modules.agents.adapters import disputes, memory_memories, memory_reasoning, sql_memories, sql_reasoning
from hulk.modules.agents.adapters import hands as agents_hands
from hulk.modules.agents.adapters import memory as agents_memory
from hulk.modules.agents.adapters import models as agents_models
from hulk.modules.agents.adapters import sql as agents_sql
from hulk.modules.agents.adapters import vectors as agents_vectors
from hulk.modules.agents.ports.memories import Memories, Vectors
from hulk.modules.agents.ports.reasoning import Cases, Disputes
from hulk.modules.audit.adapters import mongodb, prometheus, sql_archive, sql_retention
from hulk.modules.audit.adapters import sql as audit_sql
from hulk.modules.audit.ports import Archive, Chains, Figures, Holds, Marks, Removals
from hulk.modules.channels import ports as channel_ports
from hulk.modules.channels.adapters import alexa, mattermost, telegram, webhook, whatsapp, wyoming
from hulk.modules.channels.adapters import email as channels_email
from hulk.modules.channels.adapters import presence as channels_presence
from hulk.modules.channels.adapters import prometheus as channels_prometheus
from hulk.modules.channels.adapters import sql as channels_sql
from hulk.modules.channels.adapters import standings as channels_standings
from hulk.modules.channels.adapters import voice as channels_voice
from hulk.modules.channels.ports import (
    Contacts,
    Conversations,
    Door,
    Edits,
    Guessed,
    Inbox,
    Line,
    Listens,
    Outbox,
    Serves,
    Speak,
    Transcribe,
)
from hulk.modules.console import ports as console_ports
from hulk.modules.console.adapters import trail
from hulk.modules.finops.adapters import genai, ptax
from hulk.modules.finops.adapters import memory as finops_memory
from hulk.modules.finops.adapters import sql as finops_sql
from hulk.modules.finops.ports import Budgets, CostBook, Ledger, Prices, Rates, RateSource
from hulk.modules.identity.adapters import memory as identity_memory
from hulk.modules.identity.adapters import oidc as identity_oidc
from hulk.modules.identity.adapters import sql as identity_sql
from hulk.modules.identity.ports import Accounts, Keys, Sessions, Tenants
from hulk.modules.identity.ports import Provider as OidcProviders
from hulk.modules.intents.adapters import memory as intents_memory
from hulk.modules.intents.adapters import sql as intents_sql
from hulk.modules.intents.ports import Intents
from hulk.modules.quotas.adapters import memory as quotas_memory
from hulk.modules.quotas.adapters import sql as quotas_sql
from hulk.modules.quotas.ports import Quotas
from hulk.modules.router.adapters import built_in, ridge, sql_policies, vendors
from hulk.modules.router.adapters import guarded as router_guarded
from hulk.modules.router.adapters import matches as router_matches
from hulk.modules.router.adapters import memory as router_memory
from hulk.modules.router.adapters import observed as router_observed
from hulk.modules.router.adapters import served as router_served
from hulk.modules.router.adapters import sql as router_sql
from hulk.modules.router.adapters.learning import fitting, neighbours, sql_experiments, words
from hulk.modules.router.adapters.learning import memory as learning_memory
from hulk.modules.router.adapters.learning import sql as learning_sql
from hulk.modules.router.ports import Classifier, Decisions, Fitted, Health, Matches, Provider, Receipts
from hulk.modules.router.ports import learning as learning_ports
from hulk.modules.router.ports.policies import PolicySets
from hulk.modules.skills.ports.charts import Charts
from hulk.modules.skills.ports.history import History
from hulk.modules.skills.ports.sources import Sources
from hulk.modules.skills.ports.tables import Tables, TimeSeries
from hulk.modules.tickets.adapters import feed, files, tokens
from hulk.modules.tickets.adapters import memory as tickets_memory
from hulk.modules.tickets.adapters import sql as tickets_sql
from hulk.modules.tickets.ports import Board, Feed, Files, Kinds, Tickets, Tokens
from hulk.modules.tools import ports as tool_ports
from hulk.modules.tools.adapters import charts, git, memory_pins, sources, sql_pins, web
from hulk.modules.tools.adapters import memory as tools_memory
from hulk.modules.tools.adapters import sql as tools_sql
from hulk.modules.tools.adapters.backends import acts as backend_acts
from hulk.modules.tools.adapters.backends import airflow, github, metabase, notion, objects, spark, suitecrm
from hulk.modules.tools.adapters.backends import http as http_tools
from hulk.modules.tools.adapters.backends import knowledge as knowledge_tools
from hulk.modules.tools.adapters.backends import mongodb as mongodb_tools
from hulk.modules.tools.adapters.backends import mounted as mounted_tools
from hulk.modules.tools.adapters.backends import repositories as git_tools
from hulk.modules.tools.adapters.backends import schedules as schedule_tools
from hulk.modules.tools.adapters.backends import shell as shell_tools
from hulk.modules.tools.adapters.backends import skills as skill_tools
from hulk.modules.tools.adapters.backends import sql as sql_tools
from hulk.modules.tools.adapters.backends import tickets as ticket_tools
from hulk.modules.tools.adapters.backends import watched as watched_tools
from hulk.modules.tools.adapters.knowledge import folders as knowledge_folders
from hulk.modules.tools.adapters.tables import duck
from hulk.runtime import models, secrets
from hulk.runtime.models import embeddings

TESTS = Path(__file__).parent
BACKENDS = (
    airflow.Airflow, github.GitHub, http_tools.Http, metabase.Metabase, mongodb_tools.MongoDb, mounted_tools.MountedServer, notion.Notion,
    objects.Objects, shell_tools.Shell, spark.Spark, sql_tools.Sql, suitecrm.SuiteCrm,
)  # fmt: skip
"""Systems whose tools there are."""
LINES = (
    alexa.AlexaLine, channels_email.EmailLine, mattermost.MattermostLine, telegram.TelegramLine, webhook.WebhookLine, whatsapp.WhatsAppLine,
    wyoming.WyomingLine,
)  # fmt: skip
EDITS = (mattermost.MattermostEdits, telegram.TelegramEdits)
DOORS = (alexa.AlexaDoor, mattermost.MattermostDoor, telegram.TelegramDoor, webhook.WebhookDoor, whatsapp.WhatsAppDoor)
LISTENS = (channels_email.EmailListens, mattermost.MattermostListens, telegram.Polling, telegram.Webhook)


@dataclass(frozen=True)
class Suite:
    """A port, the adapters that it has, and the file whose tests all of them pass."""

    port: type
    adapters: tuple[type, ...]
    file: str


_LEARNING = "modules/router/test_router_learning_kept.py"
SUITES = (
    Suite(Memories, (memory_memories.MemoryMemories, sql_memories.SqlMemories), "modules/agents/test_agents_memories_kept.py"),
    Suite(Vectors, (agents_vectors.HalfVectors,), "modules/agents/test_agents_likeness.py"),
    Suite(Cases, (memory_reasoning.MemoryCases, sql_reasoning.SqlCases), "modules/agents/test_agents_reasoning_kept.py"),
    Suite(Disputes, (disputes.TicketDisputes,), "modules/agents/test_agents_disputes.py"),
    Suite(agent_ports.Hands, (agents_hands.GovernedHands,), "modules/agents/test_agents_wired.py"),
    Suite(agent_ports.Models, (agents_models.RouterModels,), "modules/agents/test_agents_wired.py"),
    Suite(agent_ports.Tasks, (agents_memory.MemoryTasks, agents_sql.SqlTasks), "modules/agents/test_agents_kept.py"),
    Suite(agent_ports.Accounts, (agents_memory.MemoryAccounts, agents_sql.SqlAccounts), "modules/agents/test_agents_kept.py"),
    Suite(channel_ports.Figures, (channels_prometheus.ChannelFigures,), "modules/channels/test_channels_watched.py"),
    Suite(channel_ports.Presence, (channels_presence.BusPresence,), "modules/channels/test_channels_watched.py"),
    Suite(channel_ports.Standings, (channels_standings.BusStandings,), "modules/channels/test_channels_watched.py"),
    Suite(Chains, (audit_sql.SqlChains,), "modules/audit/test_audit_chains.py"),
    Suite(Archive, (sql_archive.SqlArchive, mongodb.MongoArchive), "modules/audit/test_audit_archives.py"),
    Suite(Marks, (audit_sql.SqlMarks,), "modules/audit/test_audit_archiving.py"),
    Suite(Removals, (sql_retention.SqlRemovals,), "modules/audit/test_audit_retention.py"),
    Suite(Holds, (sql_retention.SqlHolds,), "modules/audit/test_audit_retention.py"),
    Suite(Figures, (prometheus.PrometheusFigures,), "modules/audit/test_audit_archiving.py"),
    Suite(Inbox, (channels_sql.SqlInbox,), "modules/channels/test_channels_inbox_kept.py"),
    Suite(Outbox, (channels_sql.SqlOutbox,), "modules/channels/test_channels_outbox_kept.py"),
    Suite(Contacts, (channels_sql.SqlContacts,), "modules/channels/test_channels_contacts_kept.py"),
    Suite(Guessed, (channels_sql.SqlGuessed,), "modules/channels/test_channels_guessed_kept.py"),
    Suite(Conversations, (channels_sql.SqlConversations,), "modules/channels/test_channels_conversations_kept.py"),
    Suite(Line, LINES, "modules/channels/test_channels_lines.py"),
    Suite(Edits, EDITS, "modules/channels/test_channels_edits.py"),
    Suite(Door, DOORS, "modules/channels/test_channels_doors.py"),
    Suite(Listens, LISTENS, "modules/channels/test_channels_listens.py"),
    Suite(Serves, (wyoming.WyomingServes,), "modules/channels/test_channels_serves.py"),
    Suite(Speak, (channels_voice.WyomingSpeak,), "modules/channels/test_channels_voice.py"),
    Suite(Transcribe, (channels_voice.WyomingTranscribe,), "modules/channels/test_channels_voice.py"),
    Suite(Budgets, (finops_memory.MemoryBudgets, finops_sql.SqlBudgets), "modules/finops/test_finops_budgets.py"),
    Suite(CostBook, (finops_memory.MemoryLedger, finops_sql.SqlCosts), "modules/finops/test_finops_costs.py"),
    Suite(Rates, (finops_memory.MemoryRates, finops_sql.SqlRates), "modules/finops/test_finops_rates.py"),
    Suite(RateSource, (ptax.Ptax,), "modules/finops/test_finops_rates.py"),
    Suite(Ledger, (finops_memory.MemoryLedger, finops_sql.SqlLedger), "modules/finops/test_finops_ledger.py"),
    Suite(Prices, (finops_memory.PriceTable, genai.GenaiPrices), "modules/finops/test_finops_price_lists.py"),
    Suite(Keys, (identity_memory.MemoryKeys, identity_sql.SqlKeys), "modules/identity/test_identity_adapters.py"),
    Suite(Tenants, (identity_memory.MemoryTenants, identity_sql.SqlTenants), "modules/identity/test_identity_adapters.py"),
    Suite(Accounts, (identity_memory.MemoryAccounts, identity_sql.SqlAccounts), "modules/identity/test_identity_adapters.py"),
    Suite(Sessions, (identity_memory.MemorySessions, identity_sql.SqlSessions), "modules/identity/test_identity_adapters.py"),
    Suite(OidcProviders, (identity_oidc.OidcProvider,), "modules/identity/test_identity_login.py"),
    Suite(Intents, (intents_memory.MemoryIntents, intents_sql.SqlIntents), "modules/intents/test_intents_kept.py"),
    Suite(Quotas, (quotas_memory.MemoryQuotas, quotas_sql.SqlQuotas), "modules/quotas/test_quotas_kept.py"),
    Suite(Decisions, (router_memory.MemoryDecisions, router_sql.SqlDecisions), "modules/router/test_router_decide.py"),
    Suite(Receipts, (router_memory.MemoryReceipts, router_sql.SqlReceipts), "modules/router/test_router_sending.py"),
    Suite(Matches, (router_matches.CachedMatches,), "modules/router/test_router_matches.py"),
    Suite(PolicySets, (router_memory.MemoryPolicySets, sql_policies.SqlPolicySets), "modules/router/test_router_policies_kept.py"),
    Suite(
        Health,
        (router_guarded.GuardedProvider, router_observed.ObservedProvider, router_served.ServedProvider),
        "modules/router/test_router_guarded.py",
    ),
    Suite(
        Provider,
        (
            vendors.Vendors,
            router_guarded.GuardedProvider,
            router_observed.ObservedProvider,
            router_served.ServedProvider,
            built_in.WithBuiltIn,
        ),
        "modules/router/test_router_provider.py",
    ),
    Suite(Classifier, (ridge.Ridge,), "modules/router/test_router_classifier.py"),
    Suite(Fitted, (ridge.FittedRidge,), "modules/router/test_router_classifier.py"),
    Suite(learning_ports.Choices, (learning_memory.MemoryChoices, learning_sql.SqlChoices), _LEARNING),
    Suite(learning_ports.Regimes, (learning_memory.MemoryRegimes, sql_experiments.SqlRegimes), _LEARNING),
    Suite(learning_ports.Experiments, (learning_memory.MemoryExperiments, sql_experiments.SqlExperiments), _LEARNING),
    Suite(learning_ports.Learning, (fitting.NumpyLearning,), "modules/router/test_router_learner.py"),
    Suite(learning_ports.Learner, (neighbours.NumpyLearner,), "modules/router/test_router_learner.py"),
    Suite(learning_ports.Embeds, (fitting.HalfFloats, words.HashedWords), "modules/router/test_router_learner.py"),
    Suite(Charts, (charts.MatplotlibCharts,), "modules/tools/test_tables_charts.py"),
    Suite(History, (git.GitHistory,), "modules/skills/test_skills_history.py"),
    Suite(Sources, (sources.LocalSources, web.WebSources), "modules/skills/test_skills_sources.py"),
    Suite(Tables, (duck.DuckTables,), "modules/skills/test_skills_tables.py"),
    Suite(TimeSeries, (duck.DuckTables,), "modules/skills/test_skills_tables.py"),
    Suite(tool_ports.Calls, (tools_memory.MemoryCalls, tools_sql.SqlCalls), "modules/tools/test_tools_kept.py"),
    Suite(tool_ports.Named, (tools_memory.MemoryNamed, tools_sql.SqlNamed), "modules/tools/test_tools_kept.py"),
    Suite(tool_ports.Pins, (memory_pins.MemoryPins, sql_pins.SqlPins), "modules/tools/test_tools_pins_kept.py"),
    Suite(tool_ports.Knowledge, (knowledge_folders.FolderKnowledge,), "modules/tools/test_tools_knowledge.py"),
    Suite(tool_ports.Foreign, (mounted_tools.MountedServer,), "modules/tools/test_tools_mounted.py"),
    Suite(
        tool_ports.Backend,
        (
            *BACKENDS,
            backend_acts.Acts,
            agents_backend.MemoryTools,
            git_tools.GitTools,
            knowledge_tools.KnowledgeTools,
            schedule_tools.ScheduleTools,
            skill_tools.SkillTools,
            ticket_tools.TicketTools,
            watched_tools.WatchedBackend,
        ),
        "modules/tools/test_tools_backends.py",
    ),
    Suite(Board, (tickets_sql.SqlBoard,), "modules/tickets/test_tickets_board.py"),
    Suite(Kinds, (tickets_sql.SqlKinds,), "modules/tickets/test_tickets_board.py"),
    Suite(Tokens, (tokens.JwtTokens,), "modules/tickets/test_tickets_tokens.py"),
    Suite(Feed, (feed.TrailFeed,), "modules/tickets/test_tickets_feed.py"),
    Suite(console_ports.Feed, (trail.TrailFeed,), "modules/console/test_console_live.py"),
    Suite(Tickets, (tickets_memory.MemoryTickets, tickets_sql.SqlTickets), "modules/tickets/test_tickets_kept.py"),
    Suite(Files, (tickets_memory.MemoryFiles, files.BlobFiles), "modules/tickets/test_tickets_files.py"),
    Suite(
        models.Embedder,
        (embeddings.LocalEmbedder, embeddings.ServedEmbedder, embeddings.Remembered),
        "runtime/models/test_embeddings.py",
    ),
    Suite(secrets.Source, (secrets.Bitwarden, secrets.Environment, secrets.Files), "runtime/secrets/test_secrets_sources.py"),
)

MADE_BY: dict[type, str] = {ridge.FittedRidge: "Ridge"}
"""Adapters that a suite gets from another, and does not name."""

FILLED_ELSEWHERE = {
    "hulk.modules.agents.ports.Schemas": "hulk.runtime.schemas.RustSchemas, in tests/runtime/test_schemas.py",
    "hulk.modules.agents.ports.Voices": "hulk.runtime.language.voice, a function",
    "hulk.modules.channels.ports.around.Approvals": "hulk.apps.deciding.MayDecide, over the tickets' acts",
    "hulk.modules.channels.ports.around.Ask": "hulk.apps.channels.Asks, over the intents' act AcceptIntent",
    "hulk.modules.channels.ports.around.Feedback": "hulk.apps.channels.Opinions, over the router's act GiveFeedback",
    "hulk.modules.channels.ports.around.Files": "hulk.apps.channels.Kept, over uploads and the artefacts of tickets",
    "hulk.modules.channels.ports.around.Pending": "hulk.apps.deciding.Undecided, over tickets and intents",
    "hulk.modules.channels.ports.around.People": "the identity's act KnowPerson",
    "hulk.modules.channels.ports.around.Tickets": "hulk.apps.deciding.Decisions, over the tickets' acts",
    "hulk.modules.intents.ports.Agents": "apps.agents.Delegates, over the agents' acts BeginTask and AnswerOf",
    "hulk.modules.intents.ports.Answers": "the router's act AnswerFreely",
    "hulk.modules.intents.ports.Decides": "the router's act Decide",
    "hulk.modules.intents.ports.Decisions": "the router's port of that name, narrowed",
    "hulk.modules.intents.ports.SkillBook": "the skills' Book, a value of their domain",
    "hulk.modules.intents.ports.Told": "the channels' act AnswerIntent, in tests/modules/channels/test_channels_handling.py",
    "hulk.modules.intents.ports.Voices": "hulk.runtime.language.voice, a function",
    "hulk.modules.router.ports.Gate": "the router's act PassOut",
    "hulk.modules.router.ports.Catalogue": "hulk.apps.bootstrap.Shelf over the skills' Book",
    "hulk.modules.tickets.ports.board.Chain": "hulk.apps.ticketing, over the intents",
    "hulk.modules.tickets.ports.board.Room": "hulk.apps.ticketing.TicketRoom, over the quotas",
    "hulk.modules.router.ports.Schemas": "hulk.runtime.schemas.RustSchemas, in tests/runtime/test_schemas.py",
    "hulk.modules.tickets.ports.board.Schemas": "hulk.runtime.schemas.RustSchemas, in tests/runtime/test_schemas.py",
    "hulk.modules.tools.ports.Schemas": "hulk.runtime.schemas.RustSchemas, in tests/runtime/test_schemas.py",
    "hulk.modules.tickets.ports.kept.Voices": "hulk.runtime.language.voice, a function",
}
"""Ports without an adapter of their own, and what bootstrap fills them with."""

NO_PORT = {
    "hulk.modules.channels.adapters.counted": "the kernel's Trail, counted; tests/modules/channels/test_channels_watched.py",
    "hulk.modules.agents.adapters.files": "reads agents' files at the start; tests/modules/agents/test_agents_files.py",
    "hulk.modules.agents.adapters.mind": "two functions over the acts of memory and reasoning; tests/modules/agents/test_agents_wired.py",
    "hulk.modules.agents.adapters.nearest": "the arithmetic of both places for memories; tests/modules/agents/test_agents_memories_kept.py",
    "hulk.modules.agents.adapters.shelves": "what SqlMemories holds; tests/modules/agents/test_agents_memories_large.py",
    "hulk.modules.channels.adapters.speech": "functions of texts that are spoken; tests/modules/channels/test_channels_alexa_speech.py",
    "hulk.modules.channels.adapters.vendor": "what is under the lines; tests/modules/channels/test_channels_vendor.py",
    "hulk.modules.router.adapters.transport": "what is under the providers; tests/modules/router/test_router_transport.py",
    "hulk.modules.skills.adapters.folders": "reads users' skills at the start; tests/modules/skills/test_skills_own.py",
    "hulk.modules.tools.adapters.guarded": "another function of an address, around it; tests/modules/tools/test_tools_guarded.py",
    "hulk.modules.tools.adapters.http": "a function of an address, which WebSources calls; tests/modules/tools/test_tools_http.py",
}
"""Adapter files whose subject no port describes, and where they are tested."""

PARTS = {
    "hulk.modules.agents.adapters.sql_memories": (sql_memories.SqlMemories,),
    "hulk.modules.channels.adapters.alexa": (alexa.AlexaDoor, alexa.AlexaLine),
    "hulk.modules.channels.adapters.email": (channels_email.EmailLine, channels_email.EmailListens),
    "hulk.modules.channels.adapters.mattermost": (
        mattermost.MattermostDoor,
        mattermost.MattermostEdits,
        mattermost.MattermostLine,
        mattermost.MattermostListens,
    ),
    "hulk.modules.channels.adapters.sql": (
        channels_sql.SqlContacts,
        channels_sql.SqlConversations,
        channels_sql.SqlGuessed,
        channels_sql.SqlInbox,
        channels_sql.SqlOutbox,
    ),
    "hulk.modules.channels.adapters.telegram": (
        telegram.Polling,
        telegram.TelegramDoor,
        telegram.TelegramEdits,
        telegram.TelegramLine,
        telegram.Webhook,
    ),
    "hulk.modules.channels.adapters.voice": (channels_voice.WyomingSpeak, channels_voice.WyomingTranscribe),
    "hulk.modules.channels.adapters.whatsapp": (whatsapp.WhatsAppDoor, whatsapp.WhatsAppLine),
    "hulk.modules.channels.adapters.wyoming": (wyoming.WyomingLine, wyoming.WyomingServes),
    "hulk.modules.identity.adapters.sql": (
        identity_sql.SqlAccounts,
        identity_sql.SqlKeys,
        identity_sql.SqlSessions,
        identity_sql.SqlTenants,
    ),
    "hulk.modules.router.adapters.vendors": (vendors.Vendors,),
    "hulk.modules.router.adapters.learning": (
        fitting.HalfFloats,
        fitting.NumpyLearning,
        learning_memory.MemoryChoices,
        learning_memory.MemoryExperiments,
        learning_memory.MemoryRegimes,
        learning_sql.SqlChoices,
        neighbours.NumpyLearner,
        sql_experiments.SqlExperiments,
        sql_experiments.SqlRegimes,
        words.HashedWords,
    ),
    "hulk.modules.finops.adapters.sql": (finops_sql.SqlBudgets, finops_sql.SqlCosts, finops_sql.SqlLedger, finops_sql.SqlRates),
    "hulk.modules.tools.adapters.git": (git.GitHistory,),
    "hulk.modules.tools.adapters.knowledge": (knowledge_folders.FolderKnowledge,),
    "hulk.modules.tools.adapters.tables": (duck.DuckTables,),
    "hulk.modules.tools.adapters.backends": (
        *BACKENDS,
        backend_acts.Acts,
        git_tools.GitTools,
        knowledge_tools.KnowledgeTools,
        schedule_tools.ScheduleTools,
        skill_tools.SkillTools,
        ticket_tools.TicketTools,
        watched_tools.WatchedBackend,
    ),
    "hulk.modules.agents.adapters.sql": (agents_sql.SqlAccounts, agents_sql.SqlTasks),
    "hulk.modules.tickets.adapters.sql": (tickets_sql.SqlBoard, tickets_sql.SqlKinds, tickets_sql.SqlTickets),
}
"""Packages in which several files make up adapters, and those."""


def adapter_files() -> list[str]:
    """The names of all modules in which adapters are, but for the parts of a larger one."""
    found = [
        name
        for package in sorted(pkgutil.iter_modules(modules.__path__))
        for name in _below(f"hulk.modules.{package.name}.adapters")
        if not any(name.startswith(f"{part}.") for part in PARTS)
    ]
    assert len(found) > 10
    return found


def _below(package: str) -> Iterator[str]:
    if importlib.util.find_spec(package) is None:
        return
    for one in pkgutil.iter_modules(importlib.import_module(package).__path__):
        yield f"{package}.{one.name}"


def ports() -> list[type]:
    """All Protocols that modules own."""
    named = [name for package in sorted(pkgutil.iter_modules(modules.__path__)) for name in _ports_of(f"hulk.modules.{package.name}")]
    return [one for name in named for one in classes(importlib.import_module(name)) if getattr(one, "_is_protocol", False)]


def _ports_of(package: str) -> Iterator[str]:
    found = importlib.util.find_spec(f"{package}.ports")
    if found is not None:
        yield f"{package}.ports"
        yield from _below(f"{package}.ports") if found.submodule_search_locations else ()


def classes(module: ModuleType) -> list[type]:
    """The public classes that the module itself defines."""
    members = (one for _, one in inspect.getmembers(module, inspect.isclass))
    return [one for one in members if one.__module__ == module.__name__ and not one.__name__.startswith("_")]


def promised(port: type) -> frozenset[str]:
    """The names of what a port promises."""
    return frozenset(name for name in vars(port) if name == "__call__" or (not name.startswith("_") and name != "register"))


def could_be(one: type, port: type) -> bool:
    """Whether a class has all that a port promises. What a port that is only called takes tells it from others."""
    names = promised(port)
    return names <= set(dir(one)) and (names != {"__call__"} or _taken(one) == _taken(port))


def _taken(one: Any) -> list[str]:
    return list(inspect.signature(one.__call__).parameters)


def described(one: type) -> str:
    """A class as a failing test tells of it."""
    return f"{one.__module__}.{one.__name__}"


@cache
def named_in(file: Path) -> frozenset[str]:
    """The names that a test file uses, with those of the builders in tests/support that it imports."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    helped = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("support.")}
    return frozenset(own).union(*(named_in(_source(name)) for name in helped if name))


def _source(name: str) -> Path:
    """The file of a module below tests."""
    place = TESTS / name.replace(".", "/")
    return place / "__init__.py" if place.is_dir() else place.with_suffix(".py")


@pytest.mark.parametrize("file", adapter_files())
def test_every_file_of_adapters_is_in_a_suite(file: str) -> None:
    listed = {adapter.__module__ for suite in SUITES for adapter in suite.adapters} | {*NO_PORT, *PARTS}
    assert file in listed, f"{file} is in no suite: add its adapters to SUITES, with the file whose tests they pass"


@pytest.mark.parametrize("port", ports(), ids=described)
def test_every_port_has_a_suite_with_all_classes_that_could_be_its_adapters(port: type) -> None:
    if described(port) in FILLED_ELSEWHERE:
        return
    [suite] = [suite for suite in SUITES if suite.port is port]
    owners = {port.__module__.split(".")[2], "tools", *(("agents",) if port is tool_ports.Backend else ())}
    could: list[Any] = [
        one
        for file in (*adapter_files(), *(adapter.__module__ for part in PARTS.values() for adapter in part))
        if file.split(".")[2] in owners
        for one in classes(importlib.import_module(file))
        if could_be(one, port) and not getattr(one, "_is_protocol", False)
    ]
    assert {described(one) for one in could} == {described(one) for one in suite.adapters}


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: described(suite.port))
def test_a_suite_names_its_port_and_all_its_adapters(suite: Suite) -> None:
    names = named_in(TESTS / suite.file)
    wanted = {suite.port.__name__, *(MADE_BY.get(adapter, adapter.__name__) for adapter in suite.adapters)}
    assert wanted - names == ({"Fitted"} if suite.port is Fitted else set())


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: described(suite.port))
def test_every_promise_of_a_port_is_called_on_by_its_suite(suite: Suite) -> None:
    assert promised(suite.port) - named_in(TESTS / suite.file) - {"__call__"} == set()


def test_nothing_is_excused_that_is_not_there() -> None:
    known = {described(port) for port in ports()}
    assert FILLED_ELSEWHERE.keys() <= known
    assert NO_PORT.keys() <= set(adapter_files())
    assert {suite.port for suite in SUITES} - {models.Embedder, secrets.Source} <= set(ports())
