"""What everything that measures tables promises (`ports.Tables`, `ports.TimeSeries`). What it finds, to the digit: tests/modules/tools."""

import csv
import json
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol, TypeAlias

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.records import to_json
from hulk.modules.skills.domain.anomalies import Roles
from hulk.modules.skills.ports.tables import Tables, TimeSeries
from hulk.modules.tools.adapters.tables import DuckTables


class Both(Tables, TimeSeries, Protocol):
    """Measures tables, as such and as time series."""


Look: TypeAlias = Callable[[Both, Path, Path], Awaitable[object]]

CONFORMING: dict[str, Callable[[], Both]] = {"duckdb": DuckTables}
NOYES = ("no", "yes")
HEAD = ("when", "shop", "value", "note", "flag")
ROLES = Roles(time="when", values=("value",), groups=("shop",))


@pytest.fixture(params=list(CONFORMING))
def tables(request: pytest.FixtureRequest) -> Both:
    """Each in turn."""
    return CONFORMING[request.param]()


@pytest.fixture
def sales(tmp_path: Path) -> Path:
    """Sixty days of two shops, one day sold ten times as much, one day of the south missing, the first row twice."""
    path = tmp_path / "sales.csv"
    rows = [
        (date(2026, 1, 1) + timedelta(day), shop, 100 + day % 5 + (900 if (day, shop) == (30, "north") else 0), "ok", NOYES[day % 2])
        for day in range(56)
        for shop in ("north", "south")
        if (day, shop) != (40, "south")
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([HEAD, rows[0], *rows])
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """The files right in there."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


LOOKS: dict[str, Look] = {
    "layout": lambda tables, path, scratch: tables.layout(path, scratch),
    "schema": lambda tables, path, scratch: tables.schema(path, scratch),
    "duplicates": lambda tables, path, scratch: tables.duplicates(path, scratch),
    "outliers": lambda tables, path, scratch: tables.outliers(path, scratch),
    "distributions": lambda tables, path, scratch: tables.distributions(path, scratch),
    "candidates": lambda tables, path, scratch: tables.candidates(path, scratch),
    "uniqueness": lambda tables, path, scratch: tables.uniqueness(path, scratch, "when", [["shop"]]),
    "frame": lambda tables, path, scratch: tables.frame(path, scratch, ROLES),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_a_file_that_is_not_there_is_not_found(tables: Both, look: Look, scratch: Path) -> None:
    with pytest.raises(NotFound, match=r"gone\.csv"):
        await look(tables, scratch / "gone.csv", scratch)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_what_is_no_table_is_refused(tables: Both, look: Look, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"\x00\x01\x02 no parquet")
    with pytest.raises(Refused, match=r"a\.parquet"):
        await look(tables, tmp_path / "a.parquet", scratch)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_a_look_changes_nothing_and_gives_the_same_again(tables: Both, look: Look, sales: Path, scratch: Path) -> None:
    before = contents(sales.parent)
    assert await look(tables, sales, scratch) == await look(tables, sales, scratch)
    assert contents(sales.parent) == before


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
async def test_what_is_found_is_plain_data(tables: Both, look: Look, sales: Path, scratch: Path) -> None:
    json.dumps(to_json(await look(tables, sales, scratch)), allow_nan=False)


@pytest.mark.parametrize("look", ["schema", "duplicates", "outliers", "distributions"])
async def test_a_table_without_rows_is_refused(tables: Both, look: str, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "head.csv").write_text("a,b\n")
    with pytest.raises(Refused):
        await LOOKS[look](tables, tmp_path / "head.csv", scratch)


async def test_the_layout_has_format_size_and_columns_in_their_order(tables: Both, sales: Path, scratch: Path) -> None:
    layout = await tables.layout(sales, scratch)
    assert (layout.format, layout.size) == ("csv", len(contents(sales.parent)["sales.csv"]))
    assert [(one.name, one.type) for one in layout.columns] == [
        ("when", "date"), ("shop", "text"), ("value", "whole"), ("note", "text"), ("flag", "yesno"),
    ]  # fmt: skip


async def test_the_schema_counts_all_rows(tables: Both, sales: Path, scratch: Path) -> None:
    schema = await tables.schema(sales, scratch)
    assert (schema.rows, [one.name for one in schema.columns]) == (112, list(HEAD))
    assert {one.name: one.distinct for one in schema.columns}["shop"] == 2


RESTRICTED: dict[str, Callable[[Both, Path, Path, list[str]], Awaitable[list[str]]]] = {}


def restricted(name: str) -> Callable[[Callable[[Both, Path, Path, list[str]], Awaitable[list[str]]]], None]:
    def kept(look: Callable[[Both, Path, Path, list[str]], Awaitable[list[str]]]) -> None:
        RESTRICTED[name] = look

    return kept


@restricted("schema")
async def _schema(tables: Both, path: Path, scratch: Path, columns: list[str]) -> list[str]:
    return [one.name for one in (await tables.schema(path, scratch, columns)).columns]


@restricted("outliers")
async def _outliers(tables: Both, path: Path, scratch: Path, columns: list[str]) -> list[str]:
    return [one.column for one in (await tables.outliers(path, scratch, columns)).columns]


@restricted("distributions")
async def _distributions(tables: Both, path: Path, scratch: Path, columns: list[str]) -> list[str]:
    return [one.column for one in (await tables.distributions(path, scratch, columns)).columns]


@pytest.mark.parametrize("look", RESTRICTED.values(), ids=RESTRICTED)
async def test_columns_restrict_a_look(tables: Both, look: Callable[..., Awaitable[list[str]]], sales: Path, scratch: Path) -> None:
    assert await look(tables, sales, scratch, ["value"]) == ["value"]


@pytest.mark.parametrize("look", RESTRICTED.values(), ids=RESTRICTED)
async def test_a_column_that_is_missing_is_refused(
    tables: Both, look: Callable[..., Awaitable[list[str]]], sales: Path, scratch: Path
) -> None:
    with pytest.raises(Refused, match="nowhere"):
        await look(tables, sales, scratch, ["nowhere"])


async def test_repeated_rows_and_keys_are_counted(tables: Both, sales: Path, scratch: Path) -> None:
    found = await tables.duplicates(sales, scratch)
    assert (found.rows, found.repeated, found.groups) == (112, 1, 1)
    asked = await tables.duplicates(sales, scratch, key="shop")
    assert [(one.column, one.asked) for one in asked.keys] == [("shop", True)]
    with pytest.raises(Refused, match="nowhere"):
        await tables.duplicates(sales, scratch, key="nowhere")


async def test_far_values_are_found_in_numbers_only(tables: Both, sales: Path, scratch: Path) -> None:
    [spread] = (await tables.outliers(sales, scratch)).columns
    assert (spread.column, spread.above, spread.below) == ("value", 1, 0)


@pytest.mark.parametrize("most", [1, 2, 9])
async def test_no_more_columns_are_distributed_than_asked_for(tables: Both, most: int, sales: Path, scratch: Path) -> None:
    assert 1 <= len((await tables.distributions(sales, scratch, most=most)).columns) <= min(most, len(HEAD))


async def test_the_share_of_rows_with_a_time_of_their_own_is_told_of_each_choice(tables: Both, sales: Path, scratch: Path) -> None:
    alone, in_shop = await tables.uniqueness(sales, scratch, "when", [[], ["shop"]])
    assert 0 <= alone < 0.6 < in_shop <= 1


async def test_a_table_becomes_series_with_their_anomalies_and_gaps(tables: Both, sales: Path, scratch: Path) -> None:
    frame = await tables.frame(sales, scratch, ROLES)
    ledger = scratch / "ledger.csv"
    found = await tables.detect(sales, scratch, frame, ledger)
    assert [(one.series, one.value, one.kind) for one in found.worst] == [("north", "value", "spike")]
    assert (found.series, found.episodes) == (2, 1)
    with ledger.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + found.affected
    gaps = await tables.gaps(sales, scratch, frame)
    assert [(one.series, one.missing) for one in gaps.worst] == [("south", 1)]
    assert gaps.duplicated == 1


async def test_series_are_forecast_or_left_with_a_reason(tables: Both, sales: Path, scratch: Path) -> None:
    frame = await tables.frame(sales, scratch, ROLES)
    ledger = scratch / "ahead.csv"
    found = await tables.forecast(sales, scratch, frame, ledger, 3)
    assert found.steps == 3
    assert found.forecast + sum(found.reasons.values()) == 2
    assert all(len(one.steps) == 3 and one.steps[0].time > frame.last for one in found.largest)
    with ledger.open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + 3 * found.forecast


async def test_a_lower_threshold_finds_no_less(tables: Both, sales: Path, scratch: Path) -> None:
    frame = await tables.frame(sales, scratch, ROLES)
    low, high = [await tables.detect(sales, scratch, frame, scratch / "ledger.csv", threshold) for threshold in (2.0, 8.0)]
    assert low.affected >= high.affected >= 1


async def test_a_name_with_a_nul_is_refused_with_words(tables: Both, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a\\u0000b": "c"}\n' * 2)
    with pytest.raises(Refused, match=r"a\.jsonl holds a NUL: “a�b”"):
        await tables.schema(tmp_path / "a.jsonl", scratch)


async def test_values_with_a_nul_are_read(tables: Both, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": "c\\u0000d"}\n{"a": "c"}\n')
    assert (await tables.schema(tmp_path / "a.jsonl", scratch)).rows == 2


async def test_a_text_file_with_a_nul_is_no_table(tables: Both, tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "a.csv").write_text("a\0b,c\nd\0e,f\ng,h\n")
    with pytest.raises(Refused, match=r"a\.csv is not a text file"):
        await tables.schema(tmp_path / "a.csv", scratch)
