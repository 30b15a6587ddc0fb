"""Metabase's tools against a twin that a client of Metabase's users judges."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.metabase import Metabase
from support.backends import ABOUT, ask, data
from support.twins.systems import System, system


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("metabase") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def metabase(twin: System, collections: tuple[int, ...] = (), rows: int = 1000) -> Metabase:
    return Metabase("mb", ABOUT, url=twin.url, key=lambda: "right", collections=collections, rows=rows)


async def test_questions_are_found_by_their_words_and_dashboards_are_not_among_them(twin: System) -> None:
    found = (await data(metabase(twin), "list_questions", query="sal"))["questions"]
    assert [one["name"] for one in found] == ["Sales by store", "Salaries"]
    (board,) = (await data(metabase(twin), "list_dashboards"))["dashboards"]
    assert (board["name"], board["url"]) == ("Sales board", f"{twin.url}/dashboard/9")


async def test_a_question_tells_its_parameters_and_columns_but_not_its_sql(twin: System) -> None:
    output = await ask(metabase(twin), "get_question", id=1)
    assert output.data is not None
    assert [(one["name"], one["required"]) for one in output.data["parameters"]] == [("store", False), ("since", True)]
    assert "select" not in str(output)


async def test_a_question_runs_with_its_parameters(twin: System) -> None:
    found = await data(metabase(twin), "run_question", id=1, parameters={"store": ["South"], "since": "2026-01-01"})
    assert found["rows"] == [{"store": "South", "sum": 80.0}]
    assert found["url"] == f"{twin.url}/question/1"
    (sent,) = [one["body"]["parameters"] for one in twin.seen() if one["method"] == "POST"]
    assert sent[0] == {"id": "p1", "type": "string/=", "target": ["variable", ["template-tag", "store"]], "value": ["South"]}


@pytest.mark.parametrize(
    ("there", "most", "setting", "shown"),
    [
        pytest.param(5000, 2000, 1000, 1000, id="the setting bounds"),
        pytest.param(5000, 10, 1000, 10, id="the caller bounds"),
        pytest.param(5000, 2000, 2000, 2000, id="Metabase bounds"),
    ],
)
async def test_rows_are_bounded_and_it_is_told(twin: System, there: int, most: int, setting: int, shown: int) -> None:
    twin.be(rows=there)
    output = await ask(metabase(twin, rows=setting), "run_question", id=2, most=most)
    assert output.data is not None
    assert len(output.data["rows"]) == shown
    assert output.cut == f"Only the first {shown} rows are shown."


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        pytest.param({"id": 1, "parameters": {"shop": 1}}, Refused, "no parameter “shop”; it has: store, since", id="unknown"),
        pytest.param({"id": 1}, Refused, "needs the parameter “since”", id="lacking"),
        pytest.param({"id": 4}, Refused, "could not run the question “Broken”: relation", id="failed with 202"),
        pytest.param({"id": 3}, NotFound, "bin", id="archived"),
        pytest.param({"id": 99}, NotFound, "404", id="not there"),
        pytest.param({"id": 2}, NotFound, "collections that may be used", id="of another collection"),
        pytest.param({"id": 1, "sql": "select 1"}, Refused, "no such field", id="SQL of one's own"),
    ],
)
async def test_what_cannot_be_run_says_why(twin: System, arguments: dict[str, Any], error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        await ask(metabase(twin, collections=(5,)), "run_question", **arguments)


async def test_only_named_collections_are_shown(twin: System) -> None:
    mb = metabase(twin, collections=(6,))
    assert [one["name"] for one in (await data(mb, "list_questions"))["questions"]] == ["Salaries"]
    with pytest.raises(NotFound):
        await ask(mb, "get_dashboard", id=9)


async def test_a_dashboard_tells_its_questions(twin: System) -> None:
    assert [one["name"] for one in (await data(metabase(twin), "get_dashboard", id=9))["questions"]] == ["Sales by store"]


async def test_nothing_writes(twin: System) -> None:
    assert not any(one.writes for one in await metabase(twin).tools())


async def test_the_twin_speaks_as_a_client_of_metabases_users_expects(twin: System) -> None:
    kit = pytest.importorskip("metabase_api", reason="judges the twin")
    client = await asyncio.to_thread(kit.Metabase_API, twin.url, api_key="right")
    assert [one["name"] for one in await asyncio.to_thread(client.search, "sales", "card")] == ["Sales by store"]
    assert (await asyncio.to_thread(client.get_item_info, "card", 1))["name"] == "Sales by store"
    assert (await asyncio.to_thread(client.get_item_info, "dashboard", 9))["dashcards"]
    assert len(await asyncio.to_thread(lambda: client.get_card_data(card_id=1))) == 3
    with pytest.raises(ValueError, match="not correct"):
        await asyncio.to_thread(kit.Metabase_API, twin.url, api_key="wrong")
