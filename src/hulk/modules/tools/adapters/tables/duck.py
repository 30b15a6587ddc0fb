"""The ports `Tables` and `TimeSeries` by DuckDB: one look at a time, each in a thread and stoppable."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from hulk.kernel.errors import HulkError, Refused
from hulk.modules.skills import Candidates, Detection, Distributions, Duplicates, Forecasts, Frame, Gaps, Layout, Outliers, Roles, Schema
from hulk.modules.tools.adapters.tables import profiling
from hulk.modules.tools.adapters.tables.encoding import Broken, Encoding, judged
from hulk.modules.tools.adapters.tables.failures import broken_encoding, explained, is_encoding
from hulk.modules.tools.adapters.tables.reading import opened
from hulk.modules.tools.adapters.tables.series import columns, detection, forecasting, frames, gaps
from hulk.modules.tools.adapters.tables.session import Limits, Session, Stopped, session
from hulk.modules.tools.adapters.tables.table import Table

T = TypeVar("T")
DEFAULT = Limits()


class DuckTables:
    """Implements `Tables` and `TimeSeries`. `at_once` looks run side by side, each with the memory and threads of `limits`:
    with one, as many tickets as there are share one engine's memory, and it uses all its threads."""

    def __init__(self, limits: Limits = DEFAULT, at_once: int = 1) -> None:
        self._limits = limits
        self._turns = asyncio.Semaphore(at_once)

    async def layout(self, path: Path, scratch: Path) -> Layout:
        """See `Tables.layout`."""
        return await self._look(path, scratch, lambda _, table: table.layout)

    async def schema(self, path: Path, scratch: Path, columns: Sequence[str] = ()) -> Schema:
        """See `Tables.schema`."""
        return await self._look(path, scratch, lambda session, table: profiling.schema(session, table, columns))

    async def duplicates(self, path: Path, scratch: Path, columns: Sequence[str] = (), key: str | None = None) -> Duplicates:
        """See `Tables.duplicates`."""
        return await self._look(path, scratch, lambda session, table: profiling.duplicates(session, table, columns, key))

    async def outliers(self, path: Path, scratch: Path, columns: Sequence[str] = ()) -> Outliers:
        """See `Tables.outliers`."""
        return await self._look(path, scratch, lambda session, table: profiling.outliers(session, table, columns))

    async def distributions(self, path: Path, scratch: Path, columns: Sequence[str] = (), most: int = 9) -> Distributions:
        """See `Tables.distributions`."""
        return await self._look(path, scratch, lambda session, table: profiling.distributions(session, table, columns, most))

    async def candidates(self, path: Path, scratch: Path) -> Candidates:
        """See `TimeSeries.candidates`."""
        return await self._look(path, scratch, columns.candidates)

    async def uniqueness(self, path: Path, scratch: Path, time: str, choices: Sequence[Sequence[str]]) -> tuple[float, ...]:
        """See `TimeSeries.uniqueness`."""
        return await self._look(path, scratch, lambda session, table: columns.uniqueness(session, table, time, choices))

    async def frame(self, path: Path, scratch: Path, roles: Roles) -> Frame:
        """See `TimeSeries.frame`."""
        return await self._look(path, scratch, lambda session, table: frames.frame(session, table, roles))

    async def detect(self, path: Path, scratch: Path, frame: Frame, ledger: Path, threshold: float | None = None) -> Detection:
        """See `TimeSeries.detect`."""
        return await self._look(path, scratch, lambda session, table: detection.detect(session, table, frame, ledger, threshold))

    async def gaps(self, path: Path, scratch: Path, frame: Frame) -> Gaps:
        """See `TimeSeries.gaps`."""
        return await self._look(path, scratch, lambda session, table: gaps.gaps(session, table, frame))

    async def forecast(self, path: Path, scratch: Path, frame: Frame, ledger: Path, steps: int) -> Forecasts:
        """See `TimeSeries.forecast`."""
        return await self._look(path, scratch, lambda session, table: forecasting.forecast(session, table, frame, ledger, steps))

    async def _look(self, path: Path, scratch: Path, act: Callable[[Session, Table], T]) -> T:
        async with self._turns:
            look = _Look(path, scratch, self._limits)
            running = asyncio.get_running_loop().run_in_executor(None, look.run, act)
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                while not running.done():  # a stop before the statement began is not noticed by it, so it is said again
                    look.stop()
                    await asyncio.wait([running], timeout=0.05)
                running.exception()
                raise


class _Look:
    """One act on one file, in the thread that calls `run`. A file found not to be UTF-8 on the way is read again as what it is."""

    def __init__(self, path: Path, scratch: Path, limits: Limits) -> None:
        self._path, self._scratch, self._limits = path, scratch, limits
        self._session: Session | None = None
        self._stopped = False

    def run(self, act: Callable[[Session, Table], T]) -> T:
        try:
            return self._attempt(act, None)
        except _OtherEncoding as found:
            return self._attempt(act, found.encoding)

    def stop(self) -> None:
        self._stopped = True
        if self._session:
            self._session.stop()

    def _attempt(self, act: Callable[[Session, Table], T], coded: Encoding | None) -> T:
        with session(self._path, self._scratch, self._limits) as self._session:
            if self._stopped:  # before there was a session to be told
                self._session.stop()
            try:
                return act(self._session, opened(self._session, self._path, coded))
            except (HulkError, Stopped):
                raise
            except Exception as error:
                raise self._explained(error, coded) from error

    def _explained(self, error: Exception, coded: Encoding | None) -> Exception:
        """What to raise for what the engine says of the file; a bug of ours is raised as it is."""
        if is_encoding(error) and coded is None:
            return self._encoding()
        known = explained(error, self._path)
        if known is None:
            raise error
        return known

    def _encoding(self) -> Exception:
        if self._path.suffix.lower() == ".zst":
            return Refused("{file} is not valid UTF-8. Unpack it and save it again as UTF-8.", file=self._path.name)
        found = judged(self._path)
        if found == "latin-1" and "json" not in "".join(self._path.suffixes).lower():
            return _OtherEncoding(found)
        if isinstance(found, Broken):
            return broken_encoding(found, self._path)
        return Refused("{file} is not valid UTF-8, as JSON must be. Save it again as UTF-8.", file=self._path.name)


class _OtherEncoding(Exception):
    def __init__(self, encoding: Encoding) -> None:
        super().__init__(encoding)
        self.encoding = encoding
