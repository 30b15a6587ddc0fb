"""The tools, put together: adapters for the ports of skills."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hulk.modules.skills import Charts, History, Sources, Tables, TimeSeries
from hulk.modules.tools.adapters.charts import MatplotlibCharts
from hulk.modules.tools.adapters.git import Git, GitHistory
from hulk.modules.tools.adapters.sources import LocalSources
from hulk.modules.tools.adapters.tables import DuckTables, Limits


@dataclass(frozen=True, slots=True)
class Tools:
    """What the skills work with."""

    history: History
    tables: Tables
    series: TimeSeries
    charts: Charts
    sources: Sources


def wired(roots: tuple[Path, ...], memory_limit: int, blob_path: Callable[[str], Awaitable[Path]]) -> Tools:
    """The tools; paths are read under `roots` only, a table with at most `memory_limit` bytes of memory."""
    git = Git()
    tables = DuckTables(Limits(memory=f"{memory_limit}B"))
    return Tools(
        history=GitHistory(git),
        tables=tables,
        series=tables,
        charts=MatplotlibCharts(),
        sources=LocalSources(roots=roots, blob_path=blob_path, git=git),
    )
