"""The tools, put together: adapters for the ports of skills."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hulk.modules.skills import Charts, History, Sources, Tables, TimeSeries
from hulk.modules.tools.adapters.charts import MatplotlibCharts
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.http import HttpGet
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.tables import DuckTables, Limits
from hulk.modules.tools.adapters.web import WebSources
from hulk.modules.tools.domain import allowed
from hulk.modules.tools.settings import ToolsSettings


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


def wired(settings: ToolsSettings, roots: tuple[Path, ...], blob_path: Callable[[str], Awaitable[Path]]) -> Tools:
    """The tools; paths are read under `roots` only."""
    git = Git()
    tables = DuckTables(Limits(memory=f"{settings.files.memory_limit}B"))
    local = LocalSources(roots=roots, blob_path=blob_path, git=git)
    hosts = settings.http.allow
    return Tools(
        history=GitHistory(git),
        tables=tables,
        series=tables,
        charts=MatplotlibCharts(),
        sources=WebSources(local, HttpGet(hosts=hosts, most_bytes=settings.http.max_size)),
        check_address=lambda url: allowed(url, hosts),
    )
