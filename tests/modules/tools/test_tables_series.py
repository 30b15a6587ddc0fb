"""Time series in real files: frames, anomalies, gaps."""

import csv
import math
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.anomalies import Frame, Roles, Step
from hulk.modules.tools.adapters.tables import DuckTables, Limits

TABLES = DuckTables()
START = datetime(2025, 3, 3)  # noqa: DTZ001  a Monday, in local clock time as files have it


def written(folder: Path, head: str, rows: Iterable[tuple[object, ...]]) -> Path:
    path = folder / "series.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head.split(","), *rows])
    return path


async def framed(path: Path, **roles: object) -> Frame:
    chosen = {"time": "t", "values": ("v",), **roles}
    return await TABLES.frame(path, path.parent / "s", Roles(**chosen))  # type: ignore[arg-type]  # the table above


@pytest.mark.parametrize(
    ("times", "step", "seasons"),
    [
        pytest.param([START + timedelta(hours=h) for h in range(99)], Step(count=3600, unit="second"), (24, 168), id="hours"),
        pytest.param([START + timedelta(minutes=5 * m) for m in range(99)], Step(count=300, unit="second"), (288, 2016), id="five minutes"),
        pytest.param([START + timedelta(days=d) for d in range(99)], Step(count=86400, unit="second"), (7,), id="days"),
        pytest.param([START + timedelta(weeks=w) for w in range(99)], Step(count=604800, unit="second"), (52,), id="weeks"),
        pytest.param([datetime(2020 + m // 12, m % 12 + 1, 1) for m in range(40)], Step(count=1, unit="month"), (12,), id="months"),  # noqa: DTZ001
        pytest.param([datetime(2000 + q // 4, q % 4 * 3 + 1, 1) for q in range(40)], Step(count=3, unit="month"), (4,), id="quarters"),  # noqa: DTZ001
        pytest.param([START + timedelta(seconds=s * s * 7.3) for s in range(99)], None, (), id="irregular"),
        pytest.param([START + timedelta(seconds=60 * m + m % 3) for m in range(99)], Step(count=60, unit="second"), (1440,), id="jitter"),
    ],
)
async def test_the_step_and_its_seasons_are_found(
    tmp_path: Path, times: list[datetime], step: Step | None, seasons: tuple[int, ...]
) -> None:
    frame = await framed(written(tmp_path, "t,v", [(time, i % 5) for i, time in enumerate(times)]))
    assert (frame.step, frame.seasons) == (step, seasons)


async def test_working_days_have_no_gaps_at_weekends(tmp_path: Path) -> None:
    days = [START + timedelta(days=d) for d in range(200) if (START + timedelta(days=d)).weekday() < 5 and d != 30]
    path = written(tmp_path, "t,v", [(f"{day:%Y-%m-%d}", day.weekday() * 10 + i % 3) for i, day in enumerate(days)])
    frame = await framed(path)
    gaps = await TABLES.gaps(path, tmp_path / "s", frame)
    assert (frame.weekdays, frame.seasons, gaps.missing) == ((0, 1, 2, 3, 4), (5,), 1)
    assert gaps.worst[0].start == gaps.worst[0].end == "2025-04-02T00:00:00"


def hourly(stores: Iterable[str], hours: int, seed: int = 1) -> list[tuple[object, ...]]:
    rng = random.Random(seed)
    return [
        (START + timedelta(hours=h), store, round(50 + 20 * math.sin(2 * math.pi * h / 24) + rng.gauss(0, 1), 3))
        for store in stores
        for h in range(hours)
    ]


async def test_each_group_has_its_own_anomalies_and_all_are_in_the_ledger(tmp_path: Path) -> None:
    rows = hourly(["São Paulo", "=1+1", "b"], 500)
    rows[100] = (*rows[100][:2], 200)
    rows[500 + 300] = (*rows[800][:2], -100)
    random.Random(2).shuffle(rows)
    path = written(tmp_path, "t,loja,v", rows)
    ledger = tmp_path / "anomalies.csv"
    found = await TABLES.detect(path, tmp_path / "s", await framed(path, groups=("loja",)), ledger)
    assert (found.series, found.points, found.episodes, found.affected, found.seasonal) == (3, 1500, 2, 2, 3)
    assert {(one.series, one.kind, one.start) for one in found.worst} == {
        ("São Paulo", "spike", "2025-03-07T04:00:00"),
        ("=1+1", "dip", "2025-03-15T12:00:00"),
    }
    lines = list(csv.DictReader(ledger.read_text(encoding="utf-8").splitlines()))
    assert sorted((line["series"], line["kind"]) for line in lines) == [("'=1+1", "dip"), ("São Paulo", "spike")]
    assert [len(curve.times) for curve in found.curves] == [len(curve.values) for curve in found.curves]
    assert all(curve.marks for curve in found.curves)


async def test_missing_repeated_unread_and_late_points_are_counted(tmp_path: Path) -> None:
    rows = hourly(["a", "b"], 200)
    rows = [row for i, row in enumerate(rows) if i not in (50, 51, 52, 90) and not i >= 390]
    path = written(tmp_path, "t,loja,v", [*rows, rows[0], ("never", "a", 1)])
    gaps = await TABLES.gaps(path, tmp_path / "s", await framed(path, groups=("loja",)))
    assert (gaps.missing, gaps.stretches, gaps.duplicated, gaps.unread, gaps.late) == (4, 2, 1, 1, 1)
    assert (gaps.worst[0].series, gaps.worst[0].start, gaps.worst[0].end, gaps.worst[0].missing) == (
        "a",
        "2025-03-05T02:00:00",
        "2025-03-05T04:00:00",
        3,
    )
    assert (gaps.latest[0].series, gaps.latest[0].steps) == ("b", 10)


async def test_nulls_constants_and_short_series_are_not_judged_but_told(tmp_path: Path) -> None:
    rows = [*hourly(["a"], 300), *[(START + timedelta(hours=h), "flat", 7) for h in range(50)], (START, "short", 1)]
    rows = [(t, loja, None if i % 10 == 3 and loja == "a" else v) for i, (t, loja, v) in enumerate(rows)]
    path = written(tmp_path, "t,loja,v", rows)
    found = await TABLES.detect(path, tmp_path / "s", await framed(path, groups=("loja",)), tmp_path / "l.csv")
    assert (found.series, found.constant, found.short, found.episodes) == (3, 1, 1, 0)


async def test_records_of_a_day_are_added_up_and_levels_averaged(tmp_path: Path) -> None:
    rows = [(START + timedelta(days=d, hours=h), 10, 20) for d in range(60) for h in range(8) for _ in range(3 if d == 40 else 1)]
    path = written(tmp_path, "t,valor,preco", rows)
    frame = await framed(path, values=("valor", "preco"), span="day")
    found = await TABLES.detect(path, tmp_path / "s", frame, tmp_path / "l.csv")
    assert (frame.merges, frame.step, found.points) == ({"valor": "sum", "preco": "mean"}, Step(count=86400, unit="second"), 120)
    assert [(one.value, one.start, one.peak, one.expected) for one in found.worst] == [("valor", "2025-04-12T00:00:00", 240, 80)]
    assert any("added up" in str(note) for note in frame.notes)


async def test_a_series_too_long_for_one_block_is_judged_in_several(tmp_path: Path) -> None:
    tables = DuckTables(Limits(judged=200, fetched=300))
    rows = hourly(["a", "b"], 1000)
    for i in (150, 950, 1700):
        rows[i] = (*rows[i][:2], 300)
    path = written(tmp_path, "t,loja,v", rows)
    frame = await framed(path, groups=("loja",))
    found = await tables.detect(path, tmp_path / "s", frame, tmp_path / "l.csv")
    gaps = await tables.gaps(path, tmp_path / "s", frame)
    assert (found.series, found.points, found.episodes, gaps.missing) == (2, 2000, 3, 0)


async def test_personal_groups_are_masked(tmp_path: Path) -> None:
    path = written(tmp_path, "t,cliente,v", [(t, "ana@exemplo.com", v) for t, _, v in hourly(["x"], 100)])
    found = await TABLES.detect(path, tmp_path / "s", await framed(path, groups=("cliente",)), tmp_path / "l.csv")
    assert found.curves[0].series == "***"


async def test_a_time_column_without_times_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "t,v", [("x", 1)] * 20)
    with pytest.raises(Refused, match="no readable date"):
        await framed(path)
