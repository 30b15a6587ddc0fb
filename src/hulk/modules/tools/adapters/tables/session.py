"""One DuckDB for one look at one file: bounded memory, closed to everything but that file, and stoppable."""

import re
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from hulk.kernel.errors import Unavailable

if TYPE_CHECKING:
    import duckdb


class Stopped(Exception):
    """The look was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one look may take. `memory` in DuckDB's words (`512MB`); what does not fit is spilled to the scratch folder.

    DuckDB's own limit covers its buffers only: it is set to `ENGINE_SHARE` of this, and readers, sorts and numpy use the rest.
    """

    memory: str = "512MB"
    threads: int = 2
    fetched: int = 500_000
    """Points of series fetched at once."""
    judged: int = 200_000
    """Points of a series judged together: a longer one has its own level, season and scale in each such piece."""

    @property
    def engine(self) -> str:
        """DuckDB's share of the memory; raises `ValueError` when `memory` is not a number of B, kB, MB, GB or their binary kin."""
        size = re.fullmatch(r"\s*([\d.]+)\s*([kKMGT]?i?B)\s*", self.memory)
        if size is None:
            raise ValueError(f"memory is {self.memory!r}; expected a size such as 512MB")
        return f"{float(size[1]) * ENGINE_SHARE:.3f}{size[2]}"


ENGINE_SHARE = 0.6
NOTHING: Mapping[str, Path] = MappingProxyType({})


class Session:
    """Runs SQL. Not for several threads, but `stop` may be called from any."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection", spill: Path, limits: Limits) -> None:
        self.limits = limits
        self._connection = connection
        self._stopped = Event()
        self.spill = spill

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of the answer: ask only for few."""
        return self._executed(sql).fetchall()

    def row(self, sql: str) -> dict[str, Any]:
        """The one row of the answer, by column."""
        answer = self._executed(sql)
        names = [column[0] for column in answer.description or ()]
        return dict(zip(names, answer.fetchone() or (), strict=False))

    def arrays(self, sql: str) -> dict[str, Any]:
        """The answer's columns as numpy arrays, masked where NULL."""
        return self._executed(sql).fetchnumpy()

    def pages(self, sql: str, most: int) -> "tuple[list[tuple[str, str]], Iterator[list[tuple[Any, ...]]]]":
        """The answer's columns, each with its type, and its rows, at most so many at a time."""
        answer = self._executed(sql)
        columns = [(str(column[0]), str(column[1])) for column in answer.description or ()]
        return columns, iter(lambda: answer.fetchmany(most), [])

    def run(self, sql: str) -> None:
        """Execute without an answer."""
        self._executed(sql)

    def stop(self) -> None:
        """Have the statement that runs, and any later one, end in `Stopped`. May be called again until that is so."""
        import duckdb  # loaded already: there is a connection

        self._stopped.set()
        with suppress(duckdb.ConnectionException):  # it was closed meanwhile
            self._connection.interrupt()

    def check(self) -> None:
        """Raise `Stopped` when the look was given up: for loops outside SQL."""
        if self._stopped.is_set():
            raise Stopped

    def _executed(self, sql: str) -> "duckdb.DuckDBPyConnection":
        self.check()
        try:
            return self._connection.execute(sql)
        except Exception:
            self.check()
            raise


@contextmanager
def session(paths: Path | Sequence[Path], scratch: Path, limits: Limits, attached: Mapping[str, Path] = NOTHING) -> Iterator[Session]:
    """A `Session` that may read `paths` alone and write to a folder of its own in `scratch`, which is removed afterwards. `attached` are
    databases that it sees by these names, to read."""
    import duckdb  # 40 MB: loaded when the first table is looked at, not at start

    files = [paths] if isinstance(paths, Path) else paths
    spill = scratch / f"duckdb-{uuid.uuid4().hex[:8]}"
    try:
        spill.mkdir(parents=True)
    except OSError as error:
        names = ", ".join(path.name for path in files)
        raise Unavailable("There is no place to work on {file}: {why}.", file=names, why=error.strerror or "") from error
    config: dict[str, Any] = {
        "memory_limit": limits.engine,
        "threads": limits.threads,
        "temp_directory": str(spill),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            connection.execute("SET enable_progress_bar = false")  # else it writes to our standard output when it takes us for a shell
            for name, path in attached.items():
                connection.execute(f"ATTACH {quoted(str(path))} AS {identifier(name)} (READ_ONLY)")
            connection.execute(f"SET allowed_paths = [{', '.join(quoted(str(path)) for path in files)}]")
            connection.execute(f"SET allowed_directories = [{quoted(str(spill))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield Session(connection, spill, limits)
    finally:
        shutil.rmtree(spill, ignore_errors=True)


def quoted(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
