"""The tools, put together: adapters for the ports of skills."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.modules.skills import Charts, History, Sources, Tables, TimeSeries
from hulk.modules.tools.adapters.charts import MatplotlibCharts
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.guarded import GuardedFetch
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.tables import DuckTables, Limits
from hulk.modules.tools.adapters.web import Fetch, WebSources
from hulk.modules.tools.domain import Head, allowed
from hulk.modules.tools.settings import ToolsSettings
from hulk.runtime.breaker import Breakers


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
