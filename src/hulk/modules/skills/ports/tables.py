"""Tables in files, as the acts of skills need them: each method is one look at one file, in bounded memory.

All of them may raise `NotFound` when the file is not there, `Refused` when its content cannot be read as a table (with the line and
what was expected, as far as known), when it has no rows, or when a named column is missing, and `Unavailable` when the disk
is full or memory is short. `scratch` is a folder of the caller's in which large intermediate results may be kept.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from hulk.modules.skills.domain.anomalies.episodes import Detection, Gaps
from hulk.modules.skills.domain.anomalies.frame import Candidates, Frame, Roles
from hulk.modules.skills.domain.forecast.outcome import Forecasts
from hulk.modules.skills.domain.profile.measures import Distributions, Duplicates, Outliers, Schema
from hulk.modules.skills.domain.table import Layout


class Tables(Protocol):
    """Measures tables. `columns` restricts a look to those names; empty means all."""

    async def layout(self, path: Path, scratch: Path) -> Layout:
        """The file's format and columns, from its beginning; the rows are not counted."""

    async def schema(self, path: Path, scratch: Path, columns: Sequence[str] = ()) -> Schema:
        """Rows, and for each column its type, missing and odd values."""

    async def duplicates(self, path: Path, scratch: Path, columns: Sequence[str] = (), key: str | None = None) -> Duplicates:
        """Repeated rows, and repeated values of `key` or of the columns that look like keys."""

    async def outliers(self, path: Path, scratch: Path, columns: Sequence[str] = ()) -> Outliers:
        """Quartiles and far values of the numeric columns."""

    async def distributions(self, path: Path, scratch: Path, columns: Sequence[str] = (), most: int = 9) -> Distributions:
        """How the values of up to `most` columns are distributed."""


class TimeSeries(Protocol):
    """Reads tables as time series."""

    async def candidates(self, path: Path, scratch: Path) -> Candidates:
        """The columns with about how many distinct values each has in the whole table."""

    async def uniqueness(self, path: Path, scratch: Path, time: str, choices: Sequence[Sequence[str]]) -> tuple[float, ...]:
        """For each choice of group columns, the share of rows (of the first half million) whose time is its own in its group."""

    async def frame(self, path: Path, scratch: Path, roles: Roles) -> Frame:
        """The step, seasons and extent of the series that `roles` make of the table."""

    async def detect(self, path: Path, scratch: Path, frame: Frame, ledger: Path, threshold: float | None = None) -> Detection:
        """Find the anomalies; write all of them to `ledger` as CSV. `threshold` is in robust standard deviations; None lets it
        grow with the points of a series, so that noise alone rarely alarms."""

    async def gaps(self, path: Path, scratch: Path, frame: Frame) -> Gaps:
        """Find missing and repeated times, and series that ended early."""

    async def forecast(self, path: Path, scratch: Path, frame: Frame, ledger: Path, steps: int) -> Forecasts:
        """Forecast the next `steps` points of each series by what did best on its own past; write all to `ledger` as CSV. Raises `Refused`
        when the frame has no step or more than `MOST_FORECAST` series."""
