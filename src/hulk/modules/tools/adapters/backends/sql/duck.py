"""SQL on files by DuckDB: CSV, JSON lines, Parquet, and databases of DuckDB itself, each a table of the name that the file has.

The engine is made for one query: it may open the files that the query reads and its own scratch folder, nothing else, and its settings
are locked (https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview). The files themselves are never written.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hulk.kernel.errors import HulkError, NotFound, Refused
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql.backend import Described, Listed
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer, Column, Tally
from hulk.modules.tools.adapters.backends.sql.statements import Dialect, Statement
from hulk.modules.tools.adapters.tables.failures import explained
from hulk.modules.tools.adapters.tables.reading import opened
from hulk.modules.tools.adapters.tables.session import Limits, Session, Stopped, identifier, quoted, session
from hulk.modules.tools.adapters.tables.table import ENDINGS, PACKED, Field, format_of

T = TypeVar("T")
MOST_FILES = 1000
HOME = "main"
DATABASES = (".duckdb", ".ddb")
_ENDINGS = (*(ending for endings in ENDINGS.values() for ending in endings), *DATABASES)
_CASTS: Mapping[str, str] = {"whole": "try_cast({} AS BIGINT)", "decimal": "{}", "date": "CAST({} AS DATE)", "moment": "{}"}
_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """`Database` over `places`: files, and folders of which all files are taken, not those of folders within. `turns` bounds the engines
    at work, each with the memory of `limits`."""

    places: tuple[Path, ...]
    limits: Limits = field(default_factory=Limits)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))

    @property
    def dialect(self) -> Dialect:
        """See `Database`."""
        return "duckdb"

    async def reach(self) -> Reach:
        """See `Database`."""
        known = await asyncio.to_thread(self._known)
        tables = [f"{name}.*" if path.suffix.lower() in DATABASES else f"{HOME}.{name}" for name, path in known.items()]
        return Reach(patterns=tuple(tables), home=(HOME,))

    async def tables(self, _: Reach, bounds: Bounds, __: str) -> Sequence[Listed]:
        """See `Database`. Those within a database are asked of it."""
        known = await asyncio.to_thread(self._known)
        inside = {name: path for name, path in known.items() if path.suffix.lower() in DATABASES}
        listed = [Listed(place=(HOME, name), kind=path.suffix.lstrip(".").lower()) for name, path in known.items() if name not in inside]
        if inside:
            listed += await self._look(inside, bounds, lambda at: [Listed(place=(db, name), kind="table") for db, name in at.rows(_INSIDE)])
        return listed

    async def columns(self, place: Place, bounds: Bounds, _: str) -> Sequence[Described]:
        """See `Database`."""
        whole = ".".join(map(identifier, place))
        files = await asyncio.to_thread(self._read, frozenset({place}))
        found = await self._look(files, bounds, lambda at: at.rows(f"DESCRIBE {whole}"))
        return [Described(name=name, type=kind, nullable=null == "YES") for name, kind, null, *_ in found]

    async def rows(self, statement: Statement, bounds: Bounds, _: str) -> Answer:
        """See `Database`."""
        files = await asyncio.to_thread(self._read, statement.tables)
        return await self._look(files, bounds, lambda at: _taken(at, statement.sql, bounds))

    def _known(self) -> Mapping[str, Path]:
        """The files by the names of their tables; of two with one name, the first."""
        found: dict[str, Path] = {}
        for path in self._files():
            found.setdefault(table_name(path), path)
        return found

    def _files(self) -> Iterator[Path]:
        for place in self.places:
            root = place.resolve()
            inside = sorted(root.iterdir())[:MOST_FILES] if root.is_dir() else [root]
            yield from (path for path in inside if _is_table(path) and (path == root or path.resolve().parent == root))

    def _read(self, tables: frozenset[Place]) -> Mapping[str, Path]:
        known = {name.lower(): (name, path) for name, path in self._known().items()}
        wanted = {(one[-1] if one[-2] == HOME else one[-2]).lower() for one in tables}
        if missing := sorted(wanted - set(known)):
            raise NotFound("There is no file of the table {table} any more.", table=missing[0])
        return dict(known[name] for name in wanted)

    async def _look(self, files: Mapping[str, Path], bounds: Bounds, act: Callable[[Session], T]) -> T:
        """`act` in a thread, stopped when the time is over or nobody waits any longer."""
        async with self.turns:
            look = _Look(files, self.limits)
            running = asyncio.get_running_loop().run_in_executor(None, look.run, act)
            try:
                async with asyncio.timeout(bounds.seconds):
                    return await asyncio.shield(running)
            except TimeoutError as late:
                raise Refused("The query took longer than {seconds} seconds: ask for less.", seconds=round(bounds.seconds, 1)) from late
            finally:
                while not running.done():  # a stop before the statement began is not noticed by it, so it is said again
                    look.stop()
                    await asyncio.wait([running], timeout=0.05)
                running.exception()


class _Look:
    """One act on some files, in the thread that calls `run`."""

    def __init__(self, files: Mapping[str, Path], limits: Limits) -> None:
        self._files, self._limits = files, limits
        self._session: Session | None = None
        self._stopped = False

    def run(self, act: Callable[[Session], T]) -> T:
        with tempfile.TemporaryDirectory(prefix="hulk-sql-", ignore_cleanup_errors=True) as scratch:
            try:
                return self._ran(Path(scratch), act)
            except (HulkError, Stopped):
                raise
            except Exception as error:  # noqa: BLE001  what is none of the engine's is raised as it is
                raise _explained(error, next(iter(self._files.values()), Path(scratch))) from None  # its text may quote data

    def stop(self) -> None:
        self._stopped = True
        if self._session:
            self._session.stop()

    def _ran(self, scratch: Path, act: Callable[[Session], T]) -> T:
        databases = {name: path for name, path in self._files.items() if path.suffix.lower() in DATABASES}
        others = {name: path for name, path in self._files.items() if name not in databases}
        with session(tuple(others.values()), scratch, self._limits, attached=databases) as self._session:
            if self._stopped:  # before there was a session to be told
                self._session.stop()
            for name, path in others.items():
                self._session.run(f"CREATE VIEW {identifier(name)} AS SELECT {_scanned(self._session, path)}")
            return act(self._session)


_INSIDE = """
    SELECT database_name, table_name FROM duckdb_tables() WHERE schema_name = 'main' AND NOT internal AND database_name <> 'memory'
    ORDER BY ALL
"""


def table_name(path: Path) -> str:
    """`Vendas 2026.csv.gz` as `vendas_2026`."""
    stem = path.name.partition(".")[0] or "file"
    name = re.sub(r"\W+", "_", stem.lower()).strip("_") or "file"
    return f"t_{name}" if name[0].isdigit() else name


def _is_table(path: Path) -> bool:
    name = path.name.lower()
    plain = next((name.removesuffix(packed) for packed in PACKED if name.endswith(packed)), name)
    return plain.endswith(_ENDINGS) and not name.startswith(".") and path.is_file()


def _scanned(at: Session, path: Path) -> str:
    """What a file gives, for a SELECT: the numbers and days of a text file are judged as they are everywhere in Hulk."""
    form = format_of(path)
    if form == "csv":
        table = opened(at, path)
        return f"{', '.join(map(_column, table.fields))} FROM {table.scan}"
    return f"* FROM {'read_parquet' if form == 'parquet' else 'read_json'}({quoted(str(path))})"


def _column(one: Field) -> str:
    code = one.type == "whole" and any(len(text) > 1 and text.startswith("0") for text in one.sample)  # the CEP 01310-100 is no number
    read = "" if code else _CASTS.get(one.type, "")
    value = read.format(one.value) if read else one.text
    return f"{value} AS {identifier(one.name)}"


def _taken(at: Session, sql: str, bounds: Bounds) -> Answer:
    tally = Tally(bounds)
    columns, pages = at.pages(sql, _PAGE)
    for page in pages:
        if not tally.takes(page):
            break
    return tally.answer([Column(name=name, type=kind) for name, kind in columns])


def _explained(error: Exception, path: Path) -> HulkError:
    """What to say for what the engine says; a bug of ours is raised as it is."""
    import duckdb  # loaded already: the error is its

    told = str(error).partition("\n")[0][:200]
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException | duckdb.OutOfRangeException):
        return Refused("DuckDB refuses the query: {reason}.", reason=told)
    if isinstance(error, duckdb.ConversionException):
        return Refused("A value cannot be converted as the query wants it: use try_cast, or leave such rows out.")
    if isinstance(error, duckdb.PermissionException):
        return Refused("The query would have to read what it may not.")
    known = explained(error, path)
    if known is None and isinstance(error, duckdb.Error):
        return Refused("DuckDB refuses the query: {reason}.", reason=type(error).__name__)
    if known is None:
        raise error
    return known
