"""`data.forecast` on real files, from the plan to the answer."""

import csv
import json
import math
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.anomalies import Frame, Roles, Step, seasons
from hulk.modules.skills.domain.forecast import FORECAST, MOST_STEPS, Horizon, ahead, steps
from support.passengers import PASSENGERS
from support.tables import asked

START = datetime(2025, 3, 1)  # noqa: DTZ001  clock time as files have it
DAY, WEEK = 86_400, 604_800


def written(path: Path, head: str, rows: Iterable[str]) -> Path:
    path.write_text("\n".join((head, *rows)), encoding="utf-8")
    return path


def passengers(folder: Path, months: int = 144) -> Path:
    rows = (f"{1949 + place // 12}-{place % 12 + 1:02}-01,{value}" for place, value in enumerate(PASSENGERS[:months]))
    return written(folder / "air.csv", "month,passengers", rows)


def shops(folder: Path, *, days: int = 140) -> Path:
    """Daily sales: a clear week in one shop, a short history in another, one with holes, one that never changes, one that has closed."""
    rng, rows = random.Random(4), list[str]()
    for day in range(days):
        when, weekly = f"{START + timedelta(days=day):%Y-%m-%d}", 30 * (day % 7 > 4)
        rows.append(f"{when},Centro,{200 + weekly + rng.gauss(0, 4):.2f}")
        rows += [f"{when},Nova,{50 + rng.gauss(0, 4):.2f}"] if day >= days - 20 else []
        rows += [f"{when},Feira,{80 + rng.gauss(0, 4):.2f}"] if day % 3 else []
        rows.append(f"{when},Fixa,10")
        rows += [f"{when},Fechada,{90 + weekly + rng.gauss(0, 4):.2f}"] if day < days - 30 else []
    return written(folder / "vendas.csv", "data,loja,valor", rows)


async def test_a_year_of_months_is_forecast_when_nothing_else_is_asked(tmp_path: Path) -> None:
    outcome = await asked(FORECAST, passengers(tmp_path), tmp_path / "s")
    markdown = outcome.answer.markdown
    assert "**12 points forecast**, from 1961-01-01 to 1961-12-01." in markdown
    assert "Method: ARIMA. It was tried out on the past from 12 points on: its mean error was" in markdown
    assert "no better than" not in markdown
    assert set(outcome.files) == {"forecast.csv", "forecast.png"}
    assert outcome.files["forecast.png"].read_bytes().startswith(b"\x89PNG")
    assert outcome.answer.follow_ups == ()
    with outcome.files["forecast.csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["time"][:7] for row in rows] == [f"1961-{month:02}" for month in range(1, 13)]
    assert all(float(row["low_95"]) <= float(row["low_80"]) <= float(row["forecast"]) <= float(row["high_80"]) for row in rows)
    json.dumps(outcome.results, allow_nan=False)


async def test_series_that_cannot_be_forecast_are_told_with_the_reason(tmp_path: Path) -> None:
    outcome = await asked(FORECAST, shops(tmp_path), tmp_path / "s", "pt", group=["loja"], horizon={"count": 2, "unit": "week"})
    found, markdown = outcome.results["forecast"], outcome.answer.markdown
    assert found["steps"] == 14
    assert [one["series"] for one in found["largest"]] == ["Centro"]
    assert {one["series"]: one["reason"] for one in found["left"]} == {
        "Nova": "short", "Feira": "gaps", "Fixa": "constant", "Fechada": "ended",
    }  # fmt: skip
    assert "Series with too short a history: 1." in markdown
    assert "up to 28" in markdown
    assert "Series that never change, so that there is nothing to forecast: 1. valor · Fixa." in markdown
    assert "19/07/2025" in markdown, "the first day ahead, as people write it"


async def test_of_many_series_the_largest_are_told_and_all_stand_in_the_file(tmp_path: Path) -> None:
    rng = random.Random(9)
    rows = [
        f"{START + timedelta(days=day):%Y-%m-%d},L{shop:02},{10 * shop + 3 * (day % 7 > 4) + rng.gauss(0, 1):.2f}"
        for shop in range(1, 31)
        for day in range(63)
    ]
    outcome = await asked(FORECAST, written(tmp_path / "a.csv", "dia,loja,v", rows), tmp_path / "s", horizon={"count": 28})
    found = outcome.results["forecast"]
    assert [one["series"] for one in found["largest"]] == [f"L{shop}" for shop in range(30, 10, -1)]
    assert [bool(one["values"]) for one in found["largest"]] == [True] * 4 + [False] * 16
    assert len(json.dumps(found)) < 150_000, "a result is kept, and should be small"
    assert "**30 series forecast**, 28 points each" in outcome.answer.markdown
    assert "Not shown here, but in `forecast.csv`: 10." in outcome.answer.markdown
    with outcome.files["forecast.csv"].open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 30 * 28


async def test_a_forecast_no_better_than_the_naive_says_so(tmp_path: Path) -> None:
    rng = random.Random(8)
    week = [rng.gauss(100, 30) for _ in range(7)]
    rows = [f"{START + timedelta(days=day):%Y-%m-%d},{week[day % 7]:.3f}" for day in range(120)]
    outcome = await asked(FORECAST, written(tmp_path / "a.csv", "dia,v", rows), tmp_path / "s")
    assert "**This is no better than the seasonal naive forecast**" in outcome.answer.markdown
    [only] = outcome.results["forecast"]["largest"]
    assert [round(step["value"], 2) for step in only["steps"][:7]] == [round(week[day % 7], 2) for day in range(120, 127)]


async def test_records_are_joined_and_an_unfinished_month_is_left_out(tmp_path: Path) -> None:
    rng, rows = random.Random(2), list[str]()
    for day in range(365 * 3 + 10):
        when = datetime(2022, 1, 1) + timedelta(days=day)  # noqa: DTZ001
        rows += [f"{when:%Y-%m-%d},{rng.uniform(5, 15) * (1 + (when.month == 12)):.2f}" for _ in range(4)]
    path = written(tmp_path / "pedidos.csv", "data,valor", rows)
    outcome = await asked(FORECAST, path, tmp_path / "s", group=["mês"], horizon={"count": 1, "unit": "month"})
    assert "The last month is not complete in the table, and was left out." in outcome.answer.markdown
    [only] = outcome.results["forecast"]["largest"]
    assert [step["time"] for step in only["steps"]] == ["2025-01-01T00:00:00"]
    assert only["points"] == 36


async def test_a_few_missing_days_are_filled_in_and_counted(tmp_path: Path) -> None:
    rng = random.Random(6)
    days = [day for day in range(100) if day not in (20, 50, 51)]
    rows = [f"{START + timedelta(days=day):%Y-%m-%d},{50 + 10 * math.sin(day / 7 * 2 * math.pi) + rng.gauss(0, 1):.3f}" for day in days]
    outcome = await asked(FORECAST, written(tmp_path / "a.csv", "dia,v", rows), tmp_path / "s", horizon={"count": 7})
    assert "Times without a point that were filled in: 3." in outcome.answer.markdown


DAILY = [f"{START + timedelta(days=day):%Y-%m-%d},{day % 5}" for day in range(90)]
SCATTERED = [f"{START + timedelta(hours=hour * hour * 7 % 9973):%Y-%m-%dT%H:%M},{hour % 5}" for hour in range(60)]


@pytest.mark.parametrize(
    ("rows", "horizon", "says"),
    [
        pytest.param(DAILY, {"count": 9, "unit": "month"}, None, id="further than the history allows"),
        pytest.param(DAILY, {"count": 9999}, "at most 1000", id="beyond all bounds"),
        pytest.param(SCATTERED, None, "no regular distance", id="no step"),
    ],
)
async def test_what_cannot_be_forecast_is_refused_or_told(
    tmp_path: Path, rows: list[str], horizon: dict[str, object] | None, says: str | None
) -> None:
    path = written(tmp_path / "a.csv", "quando,v", rows)
    if says is None:
        outcome = await asked(FORECAST, path, tmp_path / "s", horizon=horizon)
        assert "**Nothing was forecast.**" in outcome.answer.markdown
        assert "Series with too short a history" in outcome.answer.markdown
        return
    with pytest.raises(ExceptionGroup) as caught:
        await asked(FORECAST, path, tmp_path / "s", horizon=horizon)
    assert caught.group_contains(Refused, match=says)


def frame(step: Step, *, length: int = 1000, weekdays: tuple[int, ...] = ()) -> Frame:
    last = START + timedelta(seconds=length * (step.count if step.unit == "second" else step.count * 2_629_746))
    return Frame(
        roles=Roles(time="t", values=("v",)), merges={"v": "mean"}, step=step, seasons=seasons(step, weekdays), weekdays=weekdays,
        rows=length, series=1, first=START.isoformat(), last=last.isoformat(),
    )  # fmt: skip


MONTHS, DAYS, HOURS = Step(count=1, unit="month"), Step(count=DAY, unit="second"), Step(count=3600, unit="second")
WORKDAYS = (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("horizon", "step", "weekdays", "count"),
    [
        pytest.param(Horizon(count=12, unit="month"), MONTHS, (), 12, id="months of months"),
        pytest.param(Horizon(count=4, unit="month"), Step(count=3, unit="month"), (), 2, id="months of quarters, rounded up"),
        pytest.param(Horizon(count=4, unit="week"), DAYS, (), 28, id="weeks of days"),
        pytest.param(Horizon(count=4, unit="week"), DAYS, WORKDAYS, 20, id="weeks of working days"),
        pytest.param(Horizon(count=12, unit="month"), DAYS, (), 365, id="a year of days"),
        pytest.param(Horizon(count=2, unit="day"), HOURS, (), 48, id="days of hours"),
        pytest.param(Horizon(count=5), HOURS, (), 5, id="points"),
        pytest.param(Horizon(count=1, unit="hour"), DAYS, (), 1, id="less than a step is one"),
        pytest.param(None, MONTHS, (), 12, id="a year of months"),
        pytest.param(None, DAYS, (), 28, id="four weeks of days"),
        pytest.param(None, DAYS, WORKDAYS, 20, id="four weeks of working days"),
        pytest.param(None, HOURS, (), 48, id="two days of hours"),
        pytest.param(None, Step(count=WEEK, unit="second"), (), 13, id="a quarter of weeks"),
    ],
)
def test_a_horizon_in_steps(horizon: Horizon | None, step: Step, weekdays: tuple[int, ...], count: int) -> None:
    assert steps(horizon, frame(step, weekdays=weekdays)) == count


def test_the_usual_horizon_is_at_most_a_quarter_of_the_history() -> None:
    assert steps(None, frame(DAYS, length=40)) == 10


@given(st.integers(1, 3000), st.sampled_from(["step", "minute", "hour", "day", "week", "month"]), st.sampled_from([MONTHS, DAYS, HOURS]))
def test_steps_are_bounded_and_at_least_one(count: int, unit: str, step: Step) -> None:
    try:
        found = steps(Horizon(count=count, unit=unit), frame(step))  # type: ignore[arg-type]  # one of them
    except Refused:
        return
    assert 1 <= found <= MOST_STEPS


def test_the_ends_of_months_are_followed_by_ends_of_months() -> None:
    months = ahead(datetime(2024, 1, 31), 3, frame(MONTHS))  # noqa: DTZ001
    assert [f"{one:%m-%d}" for one in months] == ["02-29", "03-31", "04-30"]


def test_working_days_are_followed_by_working_days() -> None:
    friday = datetime(2025, 3, 7)  # noqa: DTZ001
    assert [one.weekday() for one in ahead(friday, 6, frame(DAYS, weekdays=WORKDAYS))] == [0, 1, 2, 3, 4, 0]
