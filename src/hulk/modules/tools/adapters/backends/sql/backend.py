"""The three acts that every database has. What differs between servers is a `Database`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pydantic import Field

from hulk.kernel.errors import NotFound
from hulk.kernel.time import Clock, utc_now
from hulk.modules.tools.adapters.backends.acts import About, Act, Acts, Arguments, said
from hulk.modules.tools.adapters.backends.bounds import Bounds, seconds_left
from hulk.modules.tools.adapters.backends.sql.names import Place, Reach
from hulk.modules.tools.adapters.backends.sql.rows import Answer
from hulk.modules.tools.adapters.backends.sql.statements import LONGEST, Dialect, Statement, query
from hulk.modules.tools.domain import Output
from hulk.modules.tools.ports import Calling

MOST_TABLES = 1000
MOST_COLUMNS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A table that may be read. `kind`: `table`, `view`, or what else the server calls it."""

    place: Place
    kind: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """One of a table's columns."""

    name: str
    type: str
    nullable: bool = True
    about: str = ""


class Database(Protocol):
    """A server, or files, that queries are put to. All raise `Unavailable` when nobody answers, `Refused` when the database refuses,
    and `Forbidden` when Hulk's own account there may not."""

    @property
    def dialect(self) -> Dialect:
        """How it wants to be spoken to."""

    async def reach(self) -> Reach:
        """What may be read now."""

    async def tables(self, reach: Reach, bounds: Bounds, person: str) -> Sequence[Listed]:
        """At most about `bounds.rows` of the tables, whether within reach or not."""

    async def columns(self, place: Place, bounds: Bounds, person: str) -> Sequence[Described]:
        """Of a table within reach; none when there is no such table."""

    async def rows(self, statement: Statement, bounds: Bounds, person: str) -> Answer:
        """Put a query that was judged, in a transaction that can write nothing, and take what there is room for."""


class ListTables(Arguments):
    """The tables that can be queried, with their kind."""

    like: str = Field(default="", max_length=200, description="Only those whose name holds this.")


class DescribeTable(Arguments):
    """The columns of a table: names, types, whether they may be empty."""

    table: str = Field(min_length=1, max_length=400, description="As `list_tables` names it.")


class Query(Arguments):
    """Put one SQL query (SELECT, with CTEs, joins, window functions, UNION) and read its rows. Nothing can be changed by it."""

    sql: str = Field(min_length=1, max_length=LONGEST, description="One statement, in the database's own dialect, without placeholders.")
    rows: int = Field(default=100, ge=1, le=10_000, description="Most rows wanted.")


class Sql(Acts):
    """`Backend` for a database, read-only; `most` holds for each query."""

    def __init__(self, name: str, database: Database, *, about: About, most: Bounds, clock: Clock = utc_now) -> None:
        self._database = database
        self._most = most
        self._clock = clock
        seconds = most.seconds
        super().__init__(
            name,
            about,
            Act("list_tables", "List tables", ListTables, self._list, seconds=seconds),
            Act("describe_table", "Describe a table", DescribeTable, self._describe, seconds=seconds),
            Act("query", f"Query {name}", Query, self._query, seconds=seconds, tags=("sql", database.dialect)),
        )

    async def _list(self, wanted: ListTables, calling: Calling) -> Output:
        reach = await self._database.reach()
        found = await self._database.tables(reach, self._bounds(calling, MOST_TABLES), calling.person)
        named = [(".".join(one.place), one) for one in found if reach.has(one.place)]
        fitting = [{"table": name, "kind": one.kind, "about": one.about} for name, one in named if wanted.like.lower() in name.lower()]
        cut = f"more than {MOST_TABLES} tables: only the first are looked through" if len(found) > MOST_TABLES else ""
        return said({"tables": fitting[:MOST_TABLES], "dialect": self._database.dialect}, cut=cut)

    async def _describe(self, wanted: DescribeTable, calling: Calling) -> Output:
        reach = await self._database.reach()
        place = reach(tuple(part.strip('"`') for part in wanted.table.split(".")))
        found = await self._database.columns(place, self._bounds(calling, MOST_COLUMNS), calling.person)
        if not found:
            raise NotFound("There is no table {table}: ask for the list of tables.", table=".".join(place)[:200])
        columns = [{"name": one.name, "type": one.type, "nullable": one.nullable, "about": one.about} for one in found[:MOST_COLUMNS]]
        cut = f"more than {MOST_COLUMNS} columns" if len(found) > MOST_COLUMNS else ""
        return said({"table": ".".join(place), "columns": columns}, cut=cut)

    async def _query(self, wanted: Query, calling: Calling) -> Output:
        most = min(wanted.rows, self._most.rows)
        reach = await self._database.reach()
        statement = await asyncio.to_thread(query, wanted.sql, self._database.dialect, reach, most + 1)  # up to 0.15 s of CPU
        answer = await self._database.rows(statement, self._bounds(calling, most), calling.person)
        columns = [{"name": column.name, "type": column.type} for column in answer.columns]
        return said({"columns": columns, "rows": answer.rows, "count": len(answer.rows)}, cut=answer.cut)

    def _bounds(self, calling: Calling, rows: int) -> Bounds:
        return replace(self._most, rows=rows, seconds=seconds_left(calling, self._clock, self._most.seconds, self.name))
