"""SQL on real servers and files: what people ask is answered, and what gets past the judge is still held by the server."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql import Database, Files, MySql, Postgres, Sql
from hulk.modules.tools.adapters.backends.sql.statements import Statement
from hulk.modules.tools.settings.sql import SqlSettings
from hulk.runtime.validation import parsed
from support.asking import a_calling, ask, told
from support.databases import KINDS, ROWS, Databases, Kind, Sample, databases
from support.hostile_sql import HOSTILE
from support.ordinary_sql import ORDINARY
from support.ports import free_port
from support.postgres import Postgres as PostgresServer

BOUNDS = Bounds(rows=100, size=1_000_000, seconds=5)


@pytest.fixture(scope="module")
def made(postgres: Callable[[], PostgresServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with databases(postgres, tmp_path_factory.mktemp("sql") / "files") as some:
        yield some


@pytest.fixture(params=KINDS)
def sample(request: pytest.FixtureRequest, made: Databases) -> Sample:
    """Each kind of database in turn."""
    kind: Kind = request.param
    return made(kind)


async def test_tables_are_listed_and_described(sample: Sample) -> None:
    backend = sample.asked()
    listed = await told(backend, "list_tables")
    names = [one["table"].rpartition(".")[2] for one in listed["tables"]]
    assert sorted(names) == ["customers", "orders"]
    assert [one["table"].rpartition(".")[2] for one in (await told(backend, "list_tables", like="ORD"))["tables"]] == ["orders"]
    described = await told(backend, "describe_table", table="orders")
    assert [column["name"] for column in described["columns"]][:4] == ["id", "customer_id", "total", "at"]
    with pytest.raises((NotFound, Forbidden), match="nosuch"):
        await ask(backend, "describe_table", table="nosuch")
    with pytest.raises(Forbidden, match="may not be read"):
        await ask(backend, "describe_table", table="information_schema.tables")


async def test_ordinary_questions_are_answered(sample: Sample) -> None:
    backend = sample.asked()
    for sql in ORDINARY[sample.kind]:
        if sample.kind == "duckdb" and "tags" in sql:
            continue
        try:
            answer = await told(backend, "query", sql=sql, rows=20)
        except HulkError as error:
            pytest.fail(f"{sql}: {error}")
        assert len(answer["rows"]) == answer["count"] <= 20
        assert all(len(row) == len(answer["columns"]) for row in answer["rows"])


async def test_an_answer_is_right_and_is_json(sample: Sample) -> None:
    answer = await told(
        sample.asked(),
        "query",
        sql="SELECT customer_id, count(*) AS n, sum(total) AS t FROM orders GROUP BY customer_id ORDER BY customer_id",
    )
    numbers = [[row[0], row[1], float(row[2])] for row in answer["rows"]]
    expected = [[c, 100, sum(i + 0.5 for i in range(1, ROWS + 1) if i % 3 + 1 == c)] for c in (1, 2, 3)]
    assert numbers == expected
    assert [column["name"] for column in answer["columns"]] == ["customer_id", "n", "t"]
    (row,) = (await told(sample.asked(), "query", sql="SELECT at FROM orders WHERE id = 1"))["rows"]
    assert datetime.fromisoformat(row[0]).replace(tzinfo=UTC) == datetime(2026, 1, 2, 10, tzinfo=UTC)


async def test_rows_are_bounded_by_number_and_by_bytes(sample: Sample) -> None:
    few = await ask(sample.asked(), "query", sql="SELECT * FROM orders", rows=7)
    assert few.data is not None
    assert few.data["count"] == 7
    assert "more than 7 rows" in few.cut
    exact = await ask(sample.asked(), "query", sql=f"SELECT id FROM orders LIMIT {ROWS}", rows=ROWS)
    assert exact.cut == ""
    capped = await ask(sample.asked(Bounds(rows=5, seconds=20)), "query", sql="SELECT * FROM orders LIMIT 200", rows=50)
    assert capped.data is not None
    assert capped.data["count"] == 5
    small = await ask(sample.asked(Bounds(size=300, seconds=20)), "query", sql="SELECT id, note FROM orders ORDER BY id")
    assert small.data is not None
    assert 0 < len(json.dumps(small.data["rows"])) < 600
    assert "more than 300 bytes" in small.cut


async def test_a_query_that_takes_too_long_is_ended_at_the_server(sample: Sample) -> None:
    backend = sample.asked(Bounds(seconds=0.3))
    with pytest.raises(Refused, match="longer than"):
        await ask(
            backend, "query", sql="SELECT count(*) FROM orders a, orders b, orders c, orders d WHERE a.total + b.total <> c.total * d.id"
        )
    assert (await told(sample.asked(), "query", sql="SELECT 1"))["rows"] == [[1]]


async def test_a_query_is_ended_when_nobody_waits_any_longer(sample: Sample) -> None:
    backend = sample.asked(Bounds(seconds=20))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await ask(
                backend,
                "query",
                sql="SELECT count(*) FROM orders a, orders b, orders c, orders d WHERE a.total + b.total <> c.total * d.id",
            )


async def test_nothing_is_asked_when_the_time_is_over(sample: Sample) -> None:
    with pytest.raises(Unavailable, match="was over"):
        await ask(sample.asked(), "query", a_calling(seconds=-1), sql="SELECT 1")


async def test_what_the_server_says_of_a_mistake_is_told(sample: Sample) -> None:
    with pytest.raises(Refused, match="nosuch"):
        await ask(sample.asked(), "query", sql="SELECT nosuch FROM orders")


async def test_hostile_statements_change_nothing(sample: Sample) -> None:
    before = sample.state()
    backend = sample.asked()
    for sql in HOSTILE[sample.kind]:
        tool = next(tool for tool in await backend.tools() if tool.name == "sales.query")
        with pytest.raises(Refused):
            await backend.call(tool, {"sql": sql}, a_calling())
    assert sample.state() == before


@pytest.mark.parametrize(
    ("kind", "sql"),
    [
        pytest.param("postgres", "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone", id="postgres: a WITH that deletes"),
        pytest.param("postgres", "SELECT nextval('s')", id="postgres: a sequence"),
        pytest.param("postgres", "SELECT 1) AS x; DROP TABLE orders; --", id="postgres: a second statement"),
        pytest.param("postgres", "SELECT lo_create(4711)", id="postgres: a large object"),
        pytest.param("postgres", "SELECT * FROM orders FOR UPDATE", id="postgres: a lock"),
        pytest.param("postgres", "SELECT set_config('transaction_read_only', 'off', false), nextval('s')", id="postgres: to write again"),
        pytest.param("mysql", "DELETE FROM orders", id="mysql: a deletion"),
        pytest.param("mysql", "SELECT 1; DROP TABLE orders", id="mysql: a second statement"),
        pytest.param("mysql", "CREATE TABLE x AS SELECT 1", id="mysql: a table"),
        pytest.param("mysql", "SELECT 1 INTO OUTFILE '/tmp/hulk-stolen'", id="mysql: a file"),
        pytest.param("duckdb", "SELECT * FROM read_text('/etc/passwd')", id="duckdb: another file"),
        pytest.param("duckdb", "COPY (SELECT 1) TO '/tmp/hulk-stolen'", id="duckdb: a file written"),
        pytest.param("duckdb", "ATTACH '/tmp/hulk-stolen.db'", id="duckdb: another database"),
        pytest.param("duckdb", "SET enable_external_access = true", id="duckdb: its own bounds"),
        pytest.param("duckdb", "INSTALL httpfs", id="duckdb: an extension"),
        pytest.param("duckdb", "SELECT * FROM BOUNDS", id="duckdb: a variable of Python"),
    ],
)
async def test_the_server_holds_what_the_judge_would_let_pass(made: Databases, kind: Kind, sql: str) -> None:
    sample = made(kind)
    before = sample.state()
    with pytest.raises((Refused, NotFound)):
        await sample.database.rows(Statement(sql=sql, tables=frozenset()), BOUNDS, "")
    assert sample.state() == before
    assert not _stolen()


def _stolen() -> list[Path]:
    return list(Path("/tmp").glob("hulk-stolen*"))


@pytest.mark.parametrize("kind", ["postgres", "mysql"])
async def test_a_server_that_does_not_answer_is_unavailable_and_tells_no_secret(kind: Kind) -> None:
    port = free_port()
    servers: dict[Kind, Database] = {
        "postgres": Postgres(url=f"postgresql://reader@127.0.0.1:{port}/shop", password=lambda: "hush"),
        "mysql": MySql(url=f"mariadb://reader@127.0.0.1:{port}/shop", password=lambda: "hush", tls=False),
    }
    with pytest.raises(Unavailable) as told_:
        await ask(Sql("sales", servers[kind], about=About(), most=Bounds(seconds=5)), "query", sql="SELECT 1")
    assert "hush" not in str(told_.value)
    assert "127.0.0.1" not in str(told_.value)


async def test_a_password_is_asked_for_at_each_call(made: Databases) -> None:
    maria = made("mysql").database
    assert isinstance(maria, MySql)
    passwords = iter(["wrong", "secret"])
    backend = Sql("shop", MySql(url=maria.url, password=lambda: next(passwords), tls=False), about=About(), most=Bounds())
    with pytest.raises(Forbidden, match="1045"):
        await ask(backend, "query", sql="SELECT 1")
    assert (await told(backend, "query", sql="SELECT 1"))["rows"] == [[1]]


async def test_a_row_too_large_is_not_sent_by_postgres(made: Databases) -> None:
    wide = "SELECT string_agg(o.note || p.note, ',') FROM orders o, orders p"
    with pytest.raises(TooLarge, match="larger than the 100000 bytes"):
        await ask(made("postgres").asked(Bounds(size=100_000)), "query", sql=wide)


async def test_errors_of_values_quote_no_data(sample: Sample) -> None:
    with pytest.raises(Refused) as told_:
        await ask(sample.asked(), "query", sql=_TYPED[sample.kind])
    assert "n1" not in str(told_.value)


_TYPED: dict[Kind, str] = {
    "postgres": "SELECT cast(note AS int) FROM orders",
    "mysql": "SELECT 9223372036854775807 + id FROM orders",
    "duckdb": "SELECT cast(note AS int) FROM orders",
}


async def test_odd_values_of_postgres_are_told_as_they_are(made: Databases) -> None:
    sql = (
        "SELECT CAST('infinity' AS date), CAST('NaN' AS float), CAST('NaN' AS numeric), INTERVAL '1 month 2 days', "
        "CAST('12.50' AS numeric(6, 2)), ARRAY[1, NULL], at - at, CAST(NULL AS text) FROM orders LIMIT 1"
    )
    (row,) = (await told(made("postgres").asked(), "query", sql=sql))["rows"]
    assert row == ["infinity", "nan", "NaN", "P1M2D", "12.50", [1, None], "PT0S", None]


async def test_postgres_of_a_reader_says_what_it_may_not(made: Databases) -> None:
    owner = made("postgres").database
    assert isinstance(owner, Postgres)
    with psycopg.connect(owner.url, autocommit=True) as at:
        at.execute("CREATE ROLE reader LOGIN")
        at.execute("GRANT SELECT ON customers TO reader")
    backend = Sql("sales", Postgres(url=owner.url.replace("postgres@", "reader@"), password=lambda: ""), about=About(), most=Bounds())
    assert [one["table"] for one in (await told(backend, "list_tables"))["tables"]] == ["public.customers"]
    with pytest.raises(Forbidden, match="permission denied"):
        await ask(backend, "query", sql="SELECT * FROM orders")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({}, id="nothing to read"),
        pytest.param({"url": "postgresql://r@host/db", "files": ["/srv"]}, id="a database and files"),
        pytest.param({"url": "postgresql://r:secret@host/db"}, id="a password in the address"),
        pytest.param({"url": "sqlite:///x"}, id="a kind that is not read"),
        pytest.param({"url": "mariadb://host"}, id="no database"),
        pytest.param({"url": "mariadb://host/shop", "rows": 0}, id="no rows"),
    ],
)
def test_settings_that_make_no_sense_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(Refused) as told_:
        parsed(SqlSettings, {"name": "sales", **odd})
    assert "secret" not in str(told_.value)


def test_settings_say_which_kind_it_is() -> None:
    urls = {"postgresql://r@h/d": "postgres", "mysql://r@h/d": "mysql", "mariadb://r@h/d": "mysql"}
    assert {url: parsed(SqlSettings, {"name": "sales", "url": url}).kind for url in urls} == urls
    assert parsed(SqlSettings, {"name": "sales", "files": ["/srv/data"]}).kind == "files"


async def test_files_are_read_as_people_write_them_and_only_those(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "Vendas 2026.csv").write_bytes(
        "loja;valor;dia;cep\nSão João;1.234,56;01/02/2026;01310100\nSul;2,00;28/02/2026;02310200\n".encode("latin-1")
    )
    (tmp_path / "outside.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "outside.csv")
    (folder / ".hidden.csv").write_text("a\n1\n")
    (folder / "notes.md").write_text("no table")
    (folder / "2.parquet").write_bytes(b"no parquet")
    backend = Sql("files", Files(places=(folder,)), about=About(outside=False), most=Bounds())
    assert [one["table"] for one in (await told(backend, "list_tables"))["tables"]] == ["main.t_2", "main.vendas_2026"]
    answer = await told(backend, "query", sql="SELECT loja, valor, dia, cep FROM vendas_2026 ORDER BY valor")
    assert answer["rows"] == [["Sul", 2.0, "2026-02-28", "02310200"], ["São João", 1234.56, "2026-02-01", "01310100"]]
    with pytest.raises(Refused, match=r"2\.parquet"):
        await ask(backend, "query", sql="SELECT * FROM t_2")


async def test_databases_of_duckdb_are_read_and_not_written(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as at:
        at.execute("CREATE TABLE facts AS SELECT i AS id, CAST(i AS decimal(10, 2)) AS v FROM range(10) AS t(i)")
    backend = Sql("files", Files(places=(tmp_path / "warehouse.duckdb",)), about=About(outside=False), most=Bounds())
    assert [one["table"] for one in (await told(backend, "list_tables"))["tables"]] == ["warehouse.facts"]
    assert (await told(backend, "query", sql="SELECT sum(v) FROM warehouse.facts"))["rows"] == [["45.00"]]
    database = Files(places=(tmp_path / "warehouse.duckdb",))
    for sql in ("DELETE FROM warehouse.facts", "DROP TABLE warehouse.facts", "CREATE TABLE warehouse.x AS SELECT 1"):
        with pytest.raises(Refused):
            await database.rows(Statement(sql=sql, tables=frozenset({("warehouse", "facts")})), BOUNDS, "")
