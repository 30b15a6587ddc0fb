"""The tools, put together: adapters for the ports of skills, and the acts on tools of other systems."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.durable import Runs
from hulk.kernel.errors import Refused
from hulk.kernel.events import Trail
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Voice
from hulk.kernel.time import Clock, utc_now
from hulk.modules.skills import Book, Charts, DoSkill, History, Sources, Tables, TimeSeries
from hulk.modules.tickets import AskPerson, Handler, TicketActs
from hulk.modules.tools.adapters.backends.schedules import ScheduleTools
from hulk.modules.tools.adapters.backends.skills import SkillTools, Surroundings
from hulk.modules.tools.adapters.backends.tickets import TicketTools
from hulk.modules.tools.adapters.charts import MatplotlibCharts
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.guarded import GuardedFetch
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.sql import SqlCalls, SqlNamed
from hulk.modules.tools.adapters.tables import DuckTables, Limits
from hulk.modules.tools.adapters.web import Fetch, WebSources
from hulk.modules.tools.domain import Head, Rule, Server, allowed
from hulk.modules.tools.domain.prompts import PROMPTS
from hulk.modules.tools.ports import Backend, Standing
from hulk.modules.tools.settings import ToolsSettings
from hulk.modules.tools.usecases.acts import ToolActs
from hulk.modules.tools.usecases.approve import RunCall
from hulk.modules.tools.usecases.call import CallTool
from hulk.modules.tools.usecases.catalogue import NONE, Catalogue, Mounted
from hulk.modules.tools.usecases.endings import Endings
from hulk.modules.tools.usecases.finding import CloseOverdue, FindTools, ShowCalls
from hulk.modules.tools.usecases.perform import Perform
from hulk.modules.tools.usecases.prompting import FindPrompts
from hulk.modules.tools.usecases.reading import ReadAddress
from hulk.modules.tools.usecases.ruling import Rules
from hulk.modules.tools.wiring.secrets import Secrets
from hulk.modules.tools.wiring.systems import Around, Connected, Made, Pinning, connected
from hulk.runtime.breaker import Breakers
from hulk.runtime.scheduler import Scheduler
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store

__all__ = [
    "Around",
    "Connected",
    "Made",
    "Pinning",
    "Secrets",
    "Surroundings",
    "Tools",
    "acts_of",
    "charts",
    "connected",
    "own_tools",
    "skill_tools",
    "wired",
]


@dataclass(frozen=True, slots=True)
class Tools:
    """What the skills work with."""

    history: History
    tables: Tables
    series: TimeSeries
    charts: Charts
    sources: Sources
    check_address: Callable[[str], object]
    """Raises what an address gets that may not be fetched, without fetching it."""


def wired(settings: ToolsSettings, roots: tuple[Path, ...], blob_path: Callable[[str], Awaitable[Path]], breakers: Breakers) -> Tools:
    """The tools; paths are read under `roots` only."""
    git = Git()
    tables = DuckTables(Limits(memory=f"{settings.files.memory_limit}B"))
    local = LocalSources(roots=roots, blob_path=blob_path, git=git)
    hosts = settings.http.allow
    return Tools(
        history=GitHistory(git),
        tables=tables,
        series=tables,
        charts=charts(),
        sources=WebSources(local, _fetch(settings, breakers)),
        check_address=lambda url: allowed(url, hosts),
    )


def acts_of(
    store: Store, settings: ToolsSettings, mounted: Sequence[Mounted], runs: Runs, trail: Trail, ask: AskPerson,
    standing: Standing, secrets: Callable[[str], Iterable[str]] = lambda _: (), clock: Clock = utc_now, granted: Iterable[Rule] = (),
    agents: Mapping[str, Sequence[str]] = NONE,
) -> ToolActs:  # fmt: skip
    """The acts on tools of the `mounted` systems, over the store. `standing` says what who asked earlier may do now; `secrets` gives those
    that a system, by its name, was told; `granted` are rules that hold besides those of the settings; `agents` are those installed, each
    with patterns of the tools that it may use at all."""
    rules: SqlNamed[Rule] = SqlNamed(store, Rule)
    shown = (*(one.whole() for one in settings.rules), *granted)
    catalogue, calls, schemas = Catalogue(mounted, shown, rules, agents), SqlCalls(store), RustSchemas()
    endings = Endings()
    perform = Perform(
        backends={one.backend.name: one.backend for one in mounted}, calls=calls, trail=trail, commit=store.commit, clock=clock,
        most=settings.max_output, secrets=secrets, heard=endings,
    )  # fmt: skip
    call = CallTool(
        catalogue=catalogue, calls=calls, schemas=schemas, perform=perform, runs=runs, trail=trail, commit=store.commit, clock=clock,
        wait=settings.wait,
    )  # fmt: skip
    prompts = [*PROMPTS, *(one.whole() for one in settings.prompts)]
    return ToolActs(
        catalogue=catalogue, find=FindTools(catalogue), calls=ShowCalls(calls, catalogue), call=call, read=ReadAddress(catalogue, call),
        prompts=FindPrompts(catalogue, prompts), ended=endings,
        rules=Rules(Rule, shown, rules, trail, store.commit, catalogue.changed),
        servers=Rules(Server, tuple(one.whole() for one in settings.servers), SqlNamed(store, Server), trail, store.commit, _unheeded),
        sweep=CloseOverdue(calls, trail, store.commit, clock),
        run=RunCall(
            catalogue=catalogue, calls=calls, schemas=schemas, standing=standing, ask=ask, perform=perform, trail=trail,
            commit=store.commit, clock=clock,
        ),
    )  # fmt: skip


def own_tools(
    tickets: TicketActs, voices: Callable[[Language], Voice], scheduler: Scheduler, wish: Callable[[str], JsonObject], zone: str,
    more: Sequence[Backend], watched: Callable[[Backend], Backend],
) -> Sequence[Mounted]:  # fmt: skip
    """Hulk's own: they are there for all tenants, as far as rules allow."""
    backends: tuple[Backend, ...] = (TicketTools(tickets, voices), ScheduleTools(scheduler, wish, zone), *more)
    return [Mounted(backend=watched(one), tenants=("*",)) for one in backends]


def skill_tools(book: Book, handlers: Mapping[str, Handler], around: Surroundings) -> Backend:
    """The skills as tools. Raises `Refused` for names that cannot be told apart."""
    return SkillTools(book, DoSkill(handlers), around)


def _unheeded(_: str) -> None:
    """Virtual servers are read each time."""


def charts() -> Charts:
    """Only what draws, for those who have something to draw."""
    return MatplotlibCharts()


def _fetch(settings: ToolsSettings, breakers: Breakers) -> Fetch:
    """Addresses on the allow-list, each host behind its breaker. To probe a host is to have it answer, whatever it says."""
    hosts = settings.http.allow
    get = HttpGet(hosts=hosts, most_bytes=settings.http.max_size)
    return GuardedFetch(fetch=get, probe=lambda root: get(root, _answered), hosts=hosts, breakers=breakers)


def _answered(_: Head) -> Path:
    raise Refused("It answered; nothing of it is wanted.")
