"""Spark by SQL against a real server of Spark Connect 4.3. Its tables are made with the messages that Apache's own client sends."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, Unavailable
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.spark_connect import SparkConnect
from hulk.modules.tools.adapters.backends.sql import Sql
from support.backends import ABOUT, ask, data
from support.hostile_sql import HOSTILE
from support.ordinary_sql import ORDINARY
from support.ports import free_port
from support.spark import connect_server, installed

pytest.importorskip("pyspark.sql.connect.proto", reason="the extra spark is not installed")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(installed() is None, reason="no Spark is installed: see support.spark"),
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
_TABLES = (
    "CREATE DATABASE sales",
    "CREATE DATABASE secrets",
    "CREATE TABLE secrets.keys USING parquet AS SELECT 1 AS id, 'hunter2' AS k",
    "CREATE TABLE sales.customers USING parquet AS SELECT * FROM VALUES (1, 'Ana', 'South'), (2, 'Rui', 'North') AS t(id, name, region)",
    (
        "CREATE TABLE sales.orders USING parquet AS SELECT id, 1 + id % 2 AS customer_id, CAST(id AS DECIMAL(10, 2)) AS total,"
        " TIMESTAMP '2026-01-01 00:00:00' AS at, concat('n', id) AS note, '{\"a\": 1}' AS tags FROM range(1, 501)"
    ),
    "CREATE VIEW sales.large AS SELECT * FROM sales.orders WHERE total > 400",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's, with two schemas."""
    python = installed()
    assert python is not None
    with connect_server(python, tmp_path_factory.mktemp("connect")) as found:
        _made(found)
        yield found


def _made(address: str) -> None:
    from pyspark.sql.connect.proto import base_pb2, base_pb2_grpc

    with grpc.insecure_channel(address) as channel:
        services: Any = base_pb2_grpc  # without types, where it is installed
        stub = services.SparkConnectServiceStub(channel)
        session = str(uuid.uuid4())
        for sql in _TABLES:
            request = base_pb2.ExecutePlanRequest(session_id=session, user_context=base_pb2.UserContext(user_id="admin"))
            request.plan.command.sql_command.input.sql.query = sql
            list(stub.ExecutePlan(request, timeout=120))


def backend(address: str, seconds: float = 120.0, rows: int = 1000, size: int = 1_000_000) -> Sql:
    database = SparkConnect(address=address, schema="sales", tls=False)
    return Sql("lake", database, about=ABOUT, most=Bounds(rows=rows, size=size, seconds=seconds))


async def test_tables_and_columns_are_told_of_what_may_be_read(address: str) -> None:
    lake = backend(address)
    tables = (await data(lake, "list_tables"))["tables"]
    assert {(one["table"], one["kind"]) for one in tables} == {
        ("spark_catalog.sales.customers", "table"), ("spark_catalog.sales.orders", "table"), ("spark_catalog.sales.large", "view"),
    }  # fmt: skip
    columns = (await data(lake, "describe_table", table="orders"))["columns"]
    assert {one["name"]: one["type"] for one in columns}["total"] == "decimal(10,2)"
    with pytest.raises(Forbidden):
        await ask(lake, "describe_table", table="secrets.keys")
    with pytest.raises((NotFound, Refused)):
        await ask(lake, "describe_table", table="nothing")


async def test_a_question_is_answered_with_rows(address: str) -> None:
    found = await data(backend(address), "query", sql="SELECT id, total, at, note AS id FROM orders WHERE id <= 2 ORDER BY id")
    assert [row[:2] for row in found["rows"]] == [[1, "1.00"], [2, "2.00"]]
    assert found["rows"][0][2].startswith("2026-01-01T00:00:00")
    assert [one["name"] for one in found["columns"]] == ["id", "total", "at", "id"]


async def test_rows_and_bytes_are_bounded(address: str) -> None:
    many = await ask(backend(address, rows=10), "query", sql="SELECT * FROM orders", rows=10)
    large = await ask(backend(address, size=2000), "query", sql="SELECT concat(note, note, note) FROM orders", rows=400)
    assert many.data is not None
    assert large.data is not None
    assert (many.data["count"], "more than 10 rows" in many.cut) == (10, True)
    assert large.data["count"] < 400
    assert "bytes" in large.cut


async def test_what_people_ask_is_answered_by_spark(address: str) -> None:
    failed = []
    for sql in ORDINARY["spark"]:
        try:
            await ask(backend(address), "query", sql=sql, seconds=120)
        except HulkError as error:
            failed.append((sql, str(error)))
    assert failed == []


async def test_nothing_that_acts_reaches_it(address: str) -> None:
    for sql in HOSTILE["spark"]:
        with pytest.raises(HulkError):
            await ask(backend(address), "query", sql=sql, seconds=120)
    assert (await data(backend(address), "query", sql="SELECT count(*) FROM orders"))["rows"] == [[500]]


async def test_a_query_is_interrupted_when_its_time_is_over_or_nobody_waits(address: str) -> None:
    endless = "SELECT sum(crc32(concat(a.note, b.note, c.note))) FROM orders a, orders b, orders c, customers d, customers e"
    begun = time.monotonic()
    with pytest.raises(Refused, match="longer than"):
        await ask(backend(address, seconds=3.0), "query", sql=endless)
    assert time.monotonic() - begun < 20
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await ask(backend(address), "query", sql=endless, seconds=120)
    again = await ask(backend(address), "query", sql="SELECT count(*) FROM orders", seconds=60)
    assert again.data is not None
    assert again.data["rows"] == [[500]], "both cores are free again"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        pytest.param("SELECT nothing FROM orders", "UNRESOLVED_COLUMN", id="a column that is not there"),
        pytest.param("SELECT * FROM nothing", "TABLE_OR_VIEW_NOT_FOUND", id="a table that is not there"),
        pytest.param("SELECT CAST('secret words' AS INT)", "CAST_INVALID_INPUT", id="a value that cannot be cast"),
        pytest.param("SELECT total / 0 FROM orders", "DIVIDE_BY_ZERO", id="what cannot be computed"),
    ],
)
async def test_errors_say_what_is_wrong_and_quote_no_value(address: str, sql: str, told: str) -> None:
    with pytest.raises(Refused, match=told) as refused:
        await ask(backend(address), "query", sql=sql, seconds=120)
    assert "secret words" not in str(refused.value)


async def test_nobody_there_is_told_soon() -> None:
    begun = time.monotonic()
    with pytest.raises((Unavailable, Refused)):
        await ask(backend(f"127.0.0.1:{free_port()}", seconds=10.0), "query", sql="SELECT 1")
    assert time.monotonic() - begun < 15
