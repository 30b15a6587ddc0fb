"""Trino: its protocol as the official client speaks it, in the name of who asks, within bounds, called off when nobody waits.

There is no Trino in packages: the twin speaks its protocol, and is held to it by the official client."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import aiohttp
import pytest
from trino import dbapi, exceptions

from hulk.kernel.errors import Forbidden, HulkError, Refused, TooLarge, Unavailable
from hulk.modules.tools.adapters.backends.acts import About
from hulk.modules.tools.adapters.backends.bounds import Bounds
from hulk.modules.tools.adapters.backends.sql import Sql
from hulk.modules.tools.adapters.backends.sql.statements import Statement
from hulk.modules.tools.adapters.backends.trino import Trino
from hulk.modules.tools.settings.trino import TrinoSettings
from hulk.runtime.validation import parsed
from support.asking import a_calling, ask, told
from support.hostile_sql import HOSTILE
from support.ordinary_sql import EVERYWHERE
from support.ports import free_port

BOUNDS = Bounds(rows=10, size=1_000_000, seconds=5)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the twin."""
    command = [sys.executable, "-u", "-m", "support.twins.trino", "0"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def at(url: str, *, secret: str = "", flavour: Literal["trino", "presto"] = "trino", allowed: tuple[str, ...] = ()) -> Trino:
    return Trino(url=url, catalog="hive", schema="sales", account="hulk", password=lambda: secret, flavour=flavour, allowed=allowed)


def over(url: str, most: Bounds | None = None, **more: Any) -> Sql:
    return Sql("lake", at(url, **more), about=About(), most=most or Bounds())


async def seen(url: str) -> Mapping[str, Any]:
    """What the twin has been asked."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/seen") as answer:
        found: Mapping[str, Any] = json.loads(await answer.text())
        return found


def test_the_twin_is_a_trino_to_the_official_client(url: str) -> None:
    host, _, port = url.removeprefix("http://").partition(":")
    connected: Any = dbapi.connect  # without types
    with contextlib.closing(connected(host=host, port=int(port), user="ana", catalog="hive", schema="sales")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT id, total, at, note, raw FROM orders ORDER BY id")
        rows = cursor.fetchall()
        assert len(rows) == 300
        assert rows[0] == [
            1,
            Decimal("1.50"),
            datetime(2026, 1, 2, 10),  # noqa: DTZ001  as Trino has it, without a zone
            "n1",
            b"ab",
        ]
        with pytest.raises(exceptions.TrinoUserError, match="COLUMN_NOT_FOUND"):
            cursor.execute("SELECT nosuch FROM orders")
        cursor.execute("SELECT 'busy_query'")
        assert cursor.fetchall() == [["busy_query"]]


async def test_tables_are_listed_and_described(url: str) -> None:
    assert [one["table"] for one in (await told(over(url), "list_tables"))["tables"]] == ["hive.sales.customers", "hive.sales.orders"]
    described = await told(over(url), "describe_table", table="orders")
    assert [column["name"] for column in described["columns"]][:3] == ["id", "customer_id", "total"]
    with pytest.raises(Forbidden, match=r"hive\.sales\.\*"):
        await ask(over(url), "describe_table", table="hive.secrets.keys")


async def test_an_answer_is_right_and_is_json(url: str) -> None:
    answer = await told(over(url), "query", sql="SELECT id, total, at, note, raw, CAST(at AS date) FROM orders ORDER BY id DESC", rows=300)
    assert answer["count"] == 300
    assert answer["rows"][0] == [300, "300.50", "2026-01-02T10:00:00.000", "n300", "(2 bytes)", "2026-01-02"]
    assert answer["columns"][1] == {"name": "total", "type": "decimal(10,2)"}


async def test_ordinary_questions_are_answered(url: str) -> None:
    for sql in EVERYWHERE:
        try:
            answer = await told(over(url), "query", sql=sql, rows=20)
        except HulkError as error:
            pytest.fail(f"{sql}: {error}")
        assert len(answer["rows"]) <= 20


async def test_hostile_statements_are_never_sent(url: str) -> None:
    before = len((await seen(url))["queries"])
    backend = over(url)
    for sql in HOSTILE["trino"]:
        tool = next(tool for tool in await backend.tools() if tool.name == "lake.query")
        with pytest.raises(Refused):
            await backend.call(tool, {"sql": sql}, a_calling())
    assert len((await seen(url))["queries"]) == before


async def test_a_query_is_asked_in_the_name_of_who_asks_and_within_its_time(url: str) -> None:
    await told(over(url, Bounds(seconds=7)), "query", a_calling(person="joão@example.com"), sql="SELECT 'whose'")
    await told(over(url, flavour="presto"), "query", a_calling(person=""), sql="SELECT 'presto'")
    queries = (await seen(url))["queries"]
    mine = next(one["headers"] for one in queries if "whose" in one["sql"])
    assert mine["x-trino-user"] == "jo%C3%A3o@example.com"
    assert (mine["x-trino-catalog"], mine["x-trino-schema"], mine["x-trino-source"]) == ("hive", "sales", "hulk")
    assert mine["x-trino-session"] == "query_max_run_time=7000ms,query_max_execution_time=7000ms"
    assert "authorization" not in mine
    presto = next(one["headers"] for one in queries if "'presto'" in one["sql"])
    assert presto["x-presto-user"] == "hulk"
    assert not any(name.startswith("x-trino") for name in presto)


async def test_the_account_shows_its_password_and_no_error_tells_it(url: str) -> None:
    await told(over(url, secret="secret"), "query", sql="SELECT 'known'")
    known = next(one["headers"] for one in (await seen(url))["queries"] if "'known'" in one["sql"])
    assert known["authorization"].startswith("Basic ")
    with pytest.raises(Forbidden, match="401") as told_:
        await ask(over(url, secret="wrong"), "query", sql="SELECT 1")
    assert "wrong" not in str(told_.value)


async def test_rows_are_bounded_and_the_rest_is_called_off(url: str) -> None:
    answer = await at(url).rows(Statement(sql="SELECT note AS bounded FROM orders", tables=frozenset()), BOUNDS, "ana")
    assert len(answer.rows) == 10
    assert "more than 10 rows" in answer.cut
    small = await ask(over(url, Bounds(size=300)), "query", sql="SELECT note, 'small' FROM orders")
    assert "more than 300 bytes" in small.cut
    state = await seen(url)
    assert any("bounded" in sql for sql in state["called_off"])
    assert state["running"] == []


@pytest.mark.parametrize("patience", [0.3, 20], ids=["the person's time", "the task is cancelled"])
async def test_a_query_nobody_waits_for_is_called_off(url: str, patience: float) -> None:
    mark = f"slow_query_{int(patience * 10)}"
    with pytest.raises((TimeoutError, Unavailable)):
        async with asyncio.timeout(0.6 if patience == 20 else 30):
            await at(url).rows(
                Statement(sql=f"SELECT '{mark}'", tables=frozenset()), Bounds(rows=1, size=100, seconds=patience - 2 + 0.1), "ana"
            )
    state = await seen(url)
    assert any(mark in sql for sql in state["called_off"])
    assert state["running"] == []


@pytest.mark.parametrize(
    ("sql", "kind", "what"),
    [
        pytest.param("SELECT nosuch FROM orders", Refused, "COLUMN_NOT_FOUND.*nosuch", id="a mistake"),
        pytest.param("SELECT CAST(note AS bigint) FROM orders", Refused, r"INVALID_CAST_ARGUMENT\.$", id="a value that does not fit"),
        pytest.param("SELECT 'html_query'", Unavailable, "no JSON", id="a page of HTML"),
        pytest.param("SELECT 'moved_query'", Unavailable, "307", id="a redirect"),
        pytest.param("SELECT 'flood_query'", TooLarge, "64000000", id="a flood"),
    ],
)
async def test_what_goes_wrong_is_told(url: str, sql: str, kind: type[HulkError], what: str) -> None:
    with pytest.raises(kind, match=what) as told_:
        await ask(over(url), "query", sql=sql)
    assert "n1" not in str(told_.value).replace("nosuch", "")


async def test_a_busy_server_is_asked_again_and_one_behind_a_proxy_where_it_is(url: str) -> None:
    assert (await told(over(url), "query", sql="SELECT 'busy_query'"))["rows"] == [["busy_query"]]
    assert (await told(over(url), "query", sql="SELECT 'proxied_query'"))["rows"] == [["proxied_query"]]


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="cannot be asked now"):
        await ask(over(f"http://127.0.0.1:{free_port()}"), "query", sql="SELECT 1")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param({"url": "http://trino", "password": "x"}, id="a password in the open"),
        pytest.param({"url": "https://a:b@trino"}, id="a password in the address"),
        pytest.param({"url": "trino:8080"}, id="no address"),
    ],
)
def test_settings_that_make_no_sense_are_refused(odd: dict[str, object]) -> None:
    with pytest.raises(Refused):
        parsed(TrinoSettings, {"name": "lake", "catalog": "hive", "schema": "sales", "account": "hulk", **odd})
