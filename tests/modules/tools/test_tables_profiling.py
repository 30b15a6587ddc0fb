"""What is measured of a table: against an oracle in plain Python, and by laws."""

import csv
import io
import itertools
import math
import random
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hulk.modules.skills.domain.profile import Schema
from hulk.modules.tools.adapters.tables import DuckTables, Limits
from hulk.modules.tools.adapters.tables.profiling.shapes import bins

TABLES = DuckTables()
WORDS = ["ação", "b", "c d", "", "x,y", 'say "hi"', "N/A", " b"]
Row = tuple[str, ...]
ROWS = st.lists(
    st.tuples(st.integers(-50, 50).map(str), st.decimals(-1000, 1000, places=2).map(str), st.sampled_from(WORDS), st.dates().map(str)),
    min_size=1,
    max_size=60,
)


def table(folder: Path, rows: Sequence[Row], head: Row = ("n", "v", "t", "d")) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([head, *rows])
    path = folder / "table.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


async def schema(path: Path) -> Schema:
    return await TABLES.schema(path, path.parent / "scratch")


@given(rows=ROWS)
@settings(max_examples=25)
async def test_the_schema_is_what_plain_python_counts(tmp_path: Path, rows: list[Row]) -> None:
    found = await schema(table(tmp_path, rows))
    whole, decimal, text, day = found.columns
    numbers, values = [int(row[0]) for row in rows], [float(row[1]) for row in rows]
    words = [row[2].strip() for row in rows]
    assert found.rows == len(rows)
    assert (float(whole.lowest or "nan"), float(whole.highest or "nan")) == (min(numbers), max(numbers))
    assert (whole.distinct, whole.negatives, whole.nulls) == (len(set(numbers)), sum(n < 0 for n in numbers), 0)
    assert decimal.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert (decimal.distinct, float(decimal.lowest or "nan")) == (len(set(values)), min(values))
    assert (text.nulls, text.distinct) == (words.count(""), len({word for word in words if word}))
    assert text.padded == sum(row[2] == " b" for row in rows)
    assert (day.distinct, day.unread) == (len({row[3] for row in rows}), 0)
    if any(word not in ("", "N/A") for word in words):
        assert text.placeholders == words.count("N/A")


@given(rows=ROWS)
@settings(max_examples=25)
async def test_repeated_rows_are_what_plain_python_counts(tmp_path: Path, rows: list[Row]) -> None:
    found = await TABLES.duplicates(table(tmp_path, rows), tmp_path / "s")
    counts = Counter(rows).values()
    assert (found.rows, found.repeated, found.groups) == (len(rows), len(rows) - len(counts), sum(n > 1 for n in counts))


@given(rows=ROWS, seed=st.integers(0, 99))
@settings(max_examples=15)
async def test_a_shuffled_file_has_the_same_profile(tmp_path: Path, rows: list[Row], seed: int) -> None:
    mixed = random.Random(seed).sample(rows, len(rows))
    one: list[Any] = []
    other: list[Any] = []
    for kept, order in ((one, rows), (other, mixed)):
        path = table(tmp_path, order)
        kept.append(await schema(path))
        kept.append(await TABLES.duplicates(path, tmp_path / "s"))
        kept.append(await TABLES.outliers(path, tmp_path / "s"))
        kept.append(await TABLES.distributions(path, tmp_path / "s"))
    means = [[column.mean for column in found[0].columns] for found in (one, other)]
    assert means[0] == [pytest.approx(mean) if mean is not None else None for mean in means[1]]
    assert [without_means(one[0]), *one[1:]] == [without_means(other[0]), *other[1:]]


def without_means(found: Schema) -> list[tuple[object, ...]]:
    return [(c.name, c.type, c.nulls, c.distinct, c.lowest, c.highest, c.unread, c.padded, c.placeholders) for c in found.columns]


@given(rows=ROWS)
@settings(max_examples=15)
async def test_a_file_twice_over_repeats_every_row_once_more(tmp_path: Path, rows: list[Row]) -> None:
    once = await TABLES.duplicates(table(tmp_path, rows), tmp_path / "s")
    twice = await TABLES.duplicates(table(tmp_path, [*rows, *rows]), tmp_path / "s")
    assert twice.repeated == once.repeated + len(rows)
    assert twice.groups == len(rows) - once.repeated


@given(values=st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=8, max_size=80))
@settings(max_examples=25)
async def test_quartiles_and_counts_beyond_the_fences_are_what_plain_python_finds(tmp_path: Path, values: list[float]) -> None:
    found = await TABLES.outliers(table(tmp_path, [(str(value),) for value in [*values, 0.5]], ("v",)), tmp_path / "s")
    spread, every = found.columns[0], [*values, 0.5]
    quartiles = statistics.quantiles(every, n=4, method="inclusive")
    assert [spread.lower_quartile, spread.median, spread.upper_quartile] == pytest.approx(quartiles, abs=1e-6)
    if spread.low is not None and spread.high is not None:
        assert spread.below == sum(value < spread.low for value in every)
        assert spread.above == sum(value > spread.high for value in every)


async def test_distributions_count_every_value_once(tmp_path: Path) -> None:
    rng = random.Random(5)
    rows = [
        (str(rng.randint(1, 6)), f"{rng.lognormvariate(3, 1):.2f}", rng.choice("abc"), f"2025-{rng.randint(1, 12):02}-15")
        for _ in range(3000)
    ]
    found = await TABLES.distributions(table(tmp_path, rows), tmp_path / "s")
    assert [(one.column, one.shape, sum(one.counts) + one.rest) for one in found.columns] == [
        ("n", "numbers", 3000),
        ("v", "numbers", 3000),
        ("t", "words", 3000),
        ("d", "days", 3000),
    ]
    faces = Counter(int(row[0]) for row in rows)
    assert [*found.columns[0].edges] == [1, 2, 3, 4, 5, 6]
    assert [*found.columns[0].counts] == [faces[face] for face in range(1, 7)]


@given(low=st.floats(-1e9, 1e9).map(lambda x: round(x, 6)), spread=st.floats(1e-6, 1e9))
def test_bins_are_few_equal_round_and_cover(low: float, spread: float) -> None:
    edges = bins(low, low + spread)
    widths = [right - left for left, right in itertools.pairwise(edges)]
    assert len(widths) <= 22
    assert edges[0] <= low + 1e-9 * abs(low)
    assert edges[-1] >= low + spread - 1e-9 * abs(low + spread)
    assert all(math.isclose(width, widths[0], rel_tol=1e-3, abs_tol=1e-2 * abs(low) * 1e-9) for width in widths)


@pytest.mark.parametrize("value", ["-3.21", "0.07", "1e-323"])
async def test_many_times_one_value_is_one_bin(tmp_path: Path, value: str) -> None:
    found = await TABLES.distributions(table(tmp_path, [("1", value, "x", "2025-01-01")] * 7), tmp_path / "s")
    [column] = (one for one in found.columns if one.column == "v")
    assert [count for count in column.counts if count] == [7]


async def test_repeats_in_a_column_that_looks_like_a_key_are_found_with_examples(tmp_path: Path) -> None:
    rows = [(str(i if i != 30 else 29), "1", "x", "2025-01-01") for i in range(200)]
    found = await TABLES.duplicates(table(tmp_path, rows, ("id", "v", "t", "d")), tmp_path / "s")
    assert [(key.column, key.repeated, key.examples) for key in found.keys] == [("id", 1, ("29",))]


async def test_a_key_that_is_asked_for_is_always_checked(tmp_path: Path) -> None:
    found = await TABLES.duplicates(table(tmp_path, [("1", "2", "x", "2025-01-01")] * 3), tmp_path / "s", key="T")
    assert [(key.column, key.repeated, key.asked) for key in found.keys if key.asked] == [("t", 2, True)]


async def test_stand_in_numbers_are_told_from_large_ones(tmp_path: Path) -> None:
    rng = random.Random(3)
    rows = [(str(rng.randint(1, 20) if i % 50 else 9999), str(rng.randint(0, 9999)), "x", "2025-01-01") for i in range(1000)]
    n, v, *_ = (await schema(table(tmp_path, rows))).columns
    assert (n.sentinels, n.sentinel_example, v.sentinels) == (20, "9999", 0)


async def test_personal_values_never_leave_the_file(tmp_path: Path) -> None:
    rows = [("111.444.777-35", "ana@exemplo.com.br", "(11) 91234-5678", "fale com bia@exemplo.com")] * 30
    path = table(tmp_path, [*rows, ("529.982.247-25", "x@y.com", "+55 11 98888-7777", "nada")], ("doc", "mail", "fone", "nota"))
    found = await schema(path)
    results = repr((found, await TABLES.duplicates(path, tmp_path / "s", key="doc"), await TABLES.distributions(path, tmp_path / "s")))
    assert [column.personal for column in found.columns] == ["cpf", "email", "phone", "email"]
    assert [column.personal_values for column in found.columns] == [31, 31, 31, 30]
    assert not any(secret in results for secret in ("111.444", "529.982", "exemplo", "91234", "x@y"))


async def test_a_wide_table_fits_in_little_memory(tmp_path: Path) -> None:
    rng = random.Random(1)
    rows = [tuple(f"{rng.random():.6f}" if i % 2 else f"texto {rng.randint(0, 10**6)}" for i in range(200)) for _ in range(1000)]
    path = table(tmp_path, rows, tuple(f"c{i}" for i in range(200)))
    found = await DuckTables(Limits(memory="256MB")).schema(path, tmp_path / "s")
    assert (found.rows, len(found.columns)) == (1000, 200)
