"""Notion's tools against a twin that notion-client can speak with."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import NotFound, Refused
from hulk.modules.tools.adapters.backends.notion import MOST_BLOCKS, MOST_DEPTH, Notion
from hulk.modules.tools.adapters.backends.notion.markdown import MOST_TEXT, Block, blocks_of, rich, written
from support.backends import ABOUT, ask, data, words
from support.twins.systems import System, system
from support.twins.systems.notion import CHILD, DATABASE, PAGE, SEVERAL, SOURCE


@pytest.fixture(scope="module")
def running() -> Iterator[System]:
    with system("notion") as twin:
        yield twin


@pytest.fixture
def twin(running: System) -> System:
    running.reset()
    return running


def notion(twin: System) -> Notion:
    return Notion("no", ABOUT, url=twin.url, token=lambda: "right", parents=(PAGE.replace("-", ""), SOURCE))


async def test_pages_are_found_by_their_title(twin: System) -> None:
    found = (await data(notion(twin), "search", query="sprint"))["found"]
    assert [(one["kind"], one["title"]) for one in found] == [("page", "Sprint 12")]
    assert [one["id"] for one in (await data(notion(twin), "search", kind="data_source"))["found"]] == [SOURCE]
    assert all(one["headers"]["notion-version"] == "2025-09-03" for one in twin.seen())


async def test_a_page_is_read_as_markdown(twin: System) -> None:
    text = words(await ask(notion(twin), "read_page", page=PAGE))
    assert text.splitlines() == [
        "# Sprint 12", "", "# Plan", "**Faster tills**", "- Tills", "    Within", "```python", "a = 1", "```", "---", "",
        f"https://www.notion.so/{PAGE}",
    ]  # fmt: skip


async def test_a_long_page_is_read_to_a_bound(twin: System) -> None:
    twin.be(blocks=2500)
    output = await ask(notion(twin), "read_page", page=PAGE)
    assert output.cut == f"Only the first {MOST_BLOCKS} blocks are shown."
    assert len(twin.seen()) == 11


async def test_a_deep_page_is_read_to_a_bound(twin: System) -> None:
    twin.be(deep=50)
    output = await ask(notion(twin), "read_page", page=PAGE)
    assert str(MOST_DEPTH) in output.cut
    assert "level 4" in words(output)
    assert "level 5" not in words(output)


@pytest.mark.parametrize("source", [SOURCE, DATABASE], ids=["a data source", "a database that has one"])
async def test_rows_are_plain_values(twin: System, source: str) -> None:
    found = await data(notion(twin), "query", source=source, filter={"property": "Status", "status": {"equals": "Open"}})
    (row,) = found["rows"]
    assert row["properties"] == {
        "Task": "Task 2", "Status": "Open", "Due": {"start": "2026-11-30", "end": None}, "Points": 2, "Tags": ["till"]
    }  # fmt: skip


async def test_a_database_of_several_sources_asks_which(twin: System) -> None:
    with pytest.raises(Refused, match="Tasks"):
        await ask(notion(twin), "query", source=SEVERAL)


@pytest.mark.parametrize(("there", "most", "shown", "cut"), [(250, 500, 250, False), (250, 120, 120, True)], ids=["all", "some"])
async def test_rows_are_read_page_by_page_up_to_a_bound(twin: System, there: int, most: int, shown: int, cut: bool) -> None:
    twin.be(rows=there)
    output = await ask(notion(twin), "query", source=SOURCE, most=most)
    assert output.data is not None
    assert len(output.data["rows"]) == shown
    assert bool(output.cut) == cut


async def test_a_page_is_made_and_added_to(twin: System) -> None:
    no = notion(twin)
    made = await data(no, "create_page", parent=PAGE, title="Minutes", markdown="# Points\n\n- [x] open\n- till 3\n\n```sql\nselect 1\n```")
    assert words(await ask(no, "read_page", page=made["id"])).splitlines()[2:8] == [
        "# Points", "- [x] open", "- till 3", "```sql", "select 1", "```",
    ]  # fmt: skip
    assert (await data(no, "append", page=PAGE, markdown="One more line."))["added"] == 1


async def test_a_row_has_its_title_where_the_source_keeps_it(twin: System) -> None:
    await ask(notion(twin), "create_page", parent=SOURCE, parent_kind="data_source", title="Task 9", properties={"Points": {"number": 3}})
    (made,) = [one["body"] for one in twin.seen() if one["path"] == "/v1/pages"]
    assert set(made["properties"]) == {"Task", "Points"}


@pytest.mark.parametrize(
    ("act", "arguments"),
    [("create_page", {"parent": CHILD, "title": "x"}), ("append", {"page": CHILD, "markdown": "x"})],
)
async def test_nothing_is_written_outside_the_list(twin: System, act: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="may be written to"):
        await ask(notion(twin), act, **arguments)
    assert twin.seen() == []


async def test_a_text_that_notion_would_take_in_parts_only_is_refused_whole(twin: System) -> None:
    with pytest.raises(Refused, match="write it in parts"):
        await ask(notion(twin), "append", page=PAGE, markdown="\n".join("abcdefghij" * 20) * 2)
    assert twin.seen() == []


@given(st.text(max_size=5000))
def test_rich_text_keeps_every_character_in_pieces_that_notion_takes(text: str) -> None:
    pieces = [one["text"]["content"] for one in rich(text)]
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= MOST_TEXT for piece in pieces)


@given(st.text(max_size=300))
def test_any_text_becomes_blocks_whose_kind_is_told(text: str) -> None:
    assert all(one["type"] in one for one in blocks_of(text))


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
)
def test_whatever_a_block_holds_it_is_written(data: Any) -> None:
    for kind in ("paragraph", "code", "table_row", "to_do", "child_page", "image"):
        assert isinstance(written([Block({"type": kind, kind: data})]), str)


async def test_the_twin_can_be_spoken_with_by_notion_client(twin: System) -> None:
    kit = pytest.importorskip("notion_client", reason="judges the twin")
    async with kit.AsyncClient(auth="right", base_url=twin.url, notion_version="2025-09-03") as client:
        assert kit.helpers.is_full_page(await client.pages.retrieve(PAGE))
        assert all(kit.helpers.is_full_block(one) for one in (await client.blocks.children.list(PAGE))["results"])
        rows = await kit.helpers.async_collect_paginated_api(client.data_sources.query, data_source_id=SOURCE, page_size=2)
        assert len(rows) == 3
        assert (await client.search(query="sprint"))["results"]
        with pytest.raises(kit.APIResponseError, match="Could not find"):
            await client.pages.retrieve(SOURCE)
