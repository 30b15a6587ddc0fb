"""Databases with the tables of `support.ordinary_sql` in them, of each kind, behind the backend."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import psycopg
import pytest

from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql import Database, Files, MySql, Postgres, Sql
from support.mariadb import MariaDb, a_mariadb, installed
from support.postgres import Postgres as PostgresServer

Kind: TypeAlias = Literal["postgres", "mysql", "duckdb"]
KINDS: tuple[Kind, ...] = ("postgres", "mysql", "duckdb")
ROWS = 300
_REGIONS = ("South", "North", "East")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One, with what tells whether something in it has changed."""

    kind: Kind
    database: Database
    state: Callable[[], object]

    def asked(self, most: Bounds | None = None) -> Sql:
        """The backend over it."""
        return Sql("sales", self.database, about=About(outside=False), most=most or Bounds(seconds=20))


class Databases:
    """Makes each kind when it is first asked for."""

    def __init__(self, stack: ExitStack, postgres: Callable[[], PostgresServer], folder: Path) -> None:
        self._stack, self._postgres, self._folder = stack, postgres, folder
        self._made: dict[Kind, Sample] = {}
        self._makes: dict[Kind, Callable[[], Sample]] = {"postgres": self._in_postgres, "mysql": self._in_mariadb, "duckdb": self._in_files}

    def __call__(self, kind: Kind) -> Sample:
        """That kind; the test is skipped where there is no such server."""
        if kind not in self._made:
            self._made[kind] = self._makes[kind]()
        return self._made[kind]

    def _in_postgres(self) -> Sample:
        url = self._postgres().empty()
        with psycopg.connect(url, autocommit=True) as at:
            for statement in (*_POSTGRES, *_inserts(tags='\'{"a": 1, "b": [1, 2]}\'')):
                at.execute(statement.encode())
        return Sample(kind="postgres", database=Postgres(url=url, password=lambda: ""), state=lambda: _state_of(url))

    def _in_mariadb(self) -> Sample:
        program = installed()
        if program is None:
            pytest.skip("no MariaDB here: apt-get install mariadb-server-core, or unpack it and set HULK_TEST_MARIADB")
        server = self._stack.enter_context(a_mariadb(program))
        server.run("USE shop", *_MYSQL, *_inserts(tags='\'{"a": 1, "b": [1, 2]}\''))
        database = MySql(url=server.url(), password=lambda: "secret", tls=False)
        return Sample(kind="mysql", database=database, state=lambda: _maria_state(server))

    def _in_files(self) -> Sample:
        self._folder.mkdir()
        orders = ["id,customer_id,total,at,note", *(f"{i},{i % 3 + 1},{i}.50,2026-01-{i % 28 + 1:02d} 10:00:00,n{i}" for i in _ids())]
        (self._folder / "orders.csv").write_text("\n".join(orders) + "\n")
        customers = [f'{{"id": {i}, "name": "c{i}", "region": "{region}"}}' for i, region in enumerate(_REGIONS, 1)]
        (self._folder / "customers.jsonl").write_text("\n".join(customers) + "\n")
        files = Files(places=(self._folder,))
        return Sample(kind="duckdb", database=files, state=lambda: {path.name: path.read_bytes() for path in self._folder.iterdir()})


def _ids() -> range:
    return range(1, ROWS + 1)


_CUSTOMERS = "CREATE TABLE customers (id int PRIMARY KEY, name varchar(40), region varchar(40))"
_POSTGRES = (
    "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total numeric(10, 2), at timestamptz, note text, tags jsonb)",
    _CUSTOMERS,
    "CREATE SCHEMA secrets",
    "CREATE TABLE secrets.keys AS SELECT 'hush' AS k",
    "CREATE SEQUENCE s",
)
_MYSQL = ("CREATE TABLE orders (id int PRIMARY KEY, customer_id int, total decimal(10, 2), at datetime, note text, tags json)", _CUSTOMERS)


def _inserts(tags: str) -> tuple[str, str]:
    rows = (f"({i}, {i % 3 + 1}, {i}.50, '2026-01-{i % 28 + 1:02d} 10:00:00', 'n{i}', {tags})" for i in _ids())
    regions = (f"({i}, 'c{i}', '{region}')" for i, region in enumerate(_REGIONS, 1))
    return f"INSERT INTO orders VALUES {', '.join(rows)}", f"INSERT INTO customers VALUES {', '.join(regions)}"


def _state_of(url: str) -> object:
    with psycopg.connect(url) as at:
        tables = at.execute("SELECT count(*) FROM pg_class").fetchone()
        rows = at.execute("SELECT md5(string_agg(o::text, '' ORDER BY id)) FROM orders AS o").fetchone()
        return tables, rows, at.execute("SELECT last_value, is_called FROM s").fetchone()


def _maria_state(server: MariaDb) -> object:
    tables = server.one("SELECT group_concat(table_name ORDER BY 1) FROM information_schema.tables WHERE table_schema = 'shop'")
    return tables, server.one("SELECT md5(group_concat(concat_ws('|', id, total, note) ORDER BY id)) FROM shop.orders")


@contextmanager
def databases(postgres: Callable[[], PostgresServer], folder: Path) -> Iterator[Databases]:
    """Those of a test session."""
    with ExitStack() as stack:
        yield Databases(stack, postgres, folder)
