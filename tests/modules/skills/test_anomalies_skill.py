"""`data.anomalies` on real files, from the plan to the answer."""

import csv
import json
import math
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hulk.kernel.errors import Refused
from hulk.modules.skills.domain.anomalies import ANOMALIES
from support.tables import asked

START = datetime(2025, 3, 1)  # noqa: DTZ001  clock time as files have it


def readings(folder: Path, scale: float = 1, move: float = 0) -> Path:
    rng = random.Random(1)
    path = folder / "leituras.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["momento", "sensor", "temperatura", "vibração"])
        for sensor in ("Caldeira nº 1", "Água"):
            for hour in range(800):
                value = 60 + 8 * math.sin(2 * math.pi * hour / 24) + rng.gauss(0, 1) + 30 * (sensor == "Água" and hour in (500, 501))
                if not (sensor == "Água" and 300 <= hour < 310):
                    writer.writerow([START + timedelta(hours=hour), sensor, value * scale + move, round(rng.gauss(2, 0.2), 3)])
    return path


async def test_columns_are_found_and_the_anomaly_told_with_chart_ledger_and_ticket(tmp_path: Path) -> None:
    outcome = await asked(ANOMALIES, readings(tmp_path), tmp_path / "s", "pt")
    markdown = outcome.answer.markdown
    assert "**One anomaly found.**" in markdown
    assert "temperatura, vibração over momento for each sensor, one every hour" in markdown
    assert "21/03/2025 20:00 to 21/03/2025 21:00 | Spike" in markdown
    assert "Missing points: 10, in stretches: 1" in markdown
    (ticket,) = outcome.answer.follow_ups
    assert (ticket.kind, ticket.priority, ticket.data["series"], ticket.data["points"]) == ("data.anomaly", "high", "Água", 2)
    assert set(outcome.files) == {"anomalies.csv", "anomalies.png"}
    json.dumps(outcome.results, allow_nan=False)


@pytest.mark.parametrize(("scale", "move"), [(1000, 0), (0.001, -5), (3.7, 1e4)])
async def test_other_units_give_the_same_anomalies(tmp_path: Path, scale: float, move: float) -> None:
    (tmp_path / "other").mkdir()
    plain = await asked(ANOMALIES, readings(tmp_path), tmp_path / "s")
    other = await asked(ANOMALIES, readings(tmp_path / "other", scale, move), tmp_path / "o")
    keys = ("series", "value", "kind", "start", "end", "points", "peak_at")
    assert [[one[key] for key in keys] for one in plain.results["detect"]["worst"]] == [
        [one[key] for key in keys] for one in other.results["detect"]["worst"]
    ]


async def test_columns_of_a_table_in_english_are_taken_as_asked_in_portuguese(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    text = readings(tmp_path).read_text().replace("momento,sensor,temperatura,vibração", "moment,device,temperature,vibration")
    path.write_text(text)
    outcome = await asked(ANOMALIES, path, tmp_path / "s", value=["vibração"], group=["dispositivos"])
    roles = outcome.results["inspect"]["roles"]
    assert (roles["values"], roles["groups"]) == (["vibration"], ["device"])
    assert "vibration over moment for each device" in outcome.answer.markdown


async def test_columns_and_threshold_as_asked(tmp_path: Path) -> None:
    outcome = await asked(ANOMALIES, readings(tmp_path), tmp_path / "s", value=["VIBRACAO"], group=["sensores"], threshold=2.0)
    assert outcome.results["inspect"]["roles"]["values"] == ["vibração"]
    assert outcome.results["detect"]["episodes"] > 20


async def test_records_are_joined_by_the_span_that_is_asked_for(tmp_path: Path) -> None:
    outcome = await asked(ANOMALIES, readings(tmp_path), tmp_path / "s", group=["sensor", "dia"])
    assert outcome.results["inspect"]["roles"]["span"] == "day"
    assert "one every day" in outcome.answer.markdown
    assert "were averaged: temperatura" in outcome.answer.markdown


async def test_sales_records_become_days(tmp_path: Path) -> None:
    rng = random.Random(3)
    path = tmp_path / "vendas.csv"
    lines = ["data;loja;valor"]
    for day in range(120):
        moment = f"{START + timedelta(days=day):%d/%m/%Y}"
        lines += [f"{moment};{rng.choice('AB')};{rng.randint(10, 99)},{rng.randint(10, 99)}" for _ in range(40 if day != 77 else 200)]
    path.write_text("\n".join(lines))
    outcome = await asked(ANOMALIES, path, tmp_path / "s")
    assert outcome.results["inspect"]["roles"] == {"time": "data", "values": ["valor"], "groups": ["loja"], "span": "day"}
    assert {(one["series"], one["start"]) for one in outcome.results["detect"]["worst"]} == {
        ("A", "2025-05-17T00:00:00"),
        ("B", "2025-05-17T00:00:00"),
    }


async def test_a_table_without_time_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(ExceptionGroup) as caught:
        await asked(ANOMALIES, path, tmp_path / "s")
    assert caught.group_contains(Refused, match="no time series in it. Its columns are: a, b")


async def test_nothing_found_says_so_and_still_shows_the_series(tmp_path: Path) -> None:
    rng = random.Random(9)
    path = tmp_path / "a.csv"
    path.write_text("dia,v\n" + "".join(f"{START + timedelta(days=d):%Y-%m-%d},{rng.gauss(5, 1):.3f}\n" for d in range(100)))
    outcome = await asked(ANOMALIES, path, tmp_path / "s")
    assert "**No anomaly found.**" in outcome.answer.markdown
    assert outcome.files["anomalies.png"].exists()


def test_the_skill_has_varied_examples_in_both_languages() -> None:
    assert all(len(set(ANOMALIES.examples[language])) >= 14 for language in ("pt", "en"))
