"""From a sentence to an audited answer, through the started program."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from support.program import Up, calling, run, thor
from support.worlds import repository, sales, sensors


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    repository(folder / "shop")
    sales(folder / "vendas.csv")
    sensors(folder / "sensors.jsonl")
    return folder


def asked(up: Up, world: Path, *arguments: str) -> dict[str, object]:
    done = run("hulk", "ask", *arguments, "--json", "--data", str(up.data), cwd=world)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_churn_names_the_most_changed_files_and_opens_review_tickets(up: Up, world: Path) -> None:
    text = "Quais arquivos mais mudaram nos últimos 30 dias? Abra um ticket de revisão para os 3 primeiros."
    view = asked(up, world, text, "--repo", "shop")
    kinds = [ticket["kind"] for ticket in view["tickets"]]  # type: ignore[attr-defined]
    assert view["status"] == "completed"
    assert view["decision"]["kind"] == "skill"  # type: ignore[index]
    assert view["decision"]["name"] == "code.churn"  # type: ignore[index]
    assert kinds.count("review.file") == 3
    assert len(kinds) - 3 >= 3
    assert str(view["answer"]).index("core.py") < str(view["answer"]).index("api.py")
    picture = Path(view["artefacts"][0]["path"])  # type: ignore[index]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_object_of_json_has_just_the_promised_keys(up: Up, world: Path) -> None:
    view = asked(up, world, "Which files changed most in the last 2 weeks?", "--repo", "shop")
    assert list(view) == [
        "intent_id", "plan_id", "status", "decision", "tickets", "answer", "artefacts", "cost", "trace_id", "seconds",
    ]  # fmt: skip
    assert view["cost"] == {"currency": "USD", "amount": "0"}


def test_profile_finds_the_problems_of_a_brazilian_csv(up: Up, world: Path) -> None:
    view = asked(up, world, "Descreva este arquivo e aponte os problemas", "--file", "vendas.csv")
    assert view["decision"]["name"] == "data.profile"  # type: ignore[index]
    assert "600" in str(view["answer"])
    assert "N/A" in str(view["answer"])
    assert [one["name"] for one in view["artefacts"]] == ["profile.png"]  # type: ignore[attr-defined]


def test_what_comes_next_is_forecast_for_each_group(up: Up, world: Path) -> None:
    view = asked(up, world, "Preveja as vendas das próximas 4 semanas por loja", "--file", "vendas.csv")
    assert (view["status"], view["decision"]["name"]) == ("completed", "data.forecast")  # type: ignore[index]
    for shop in ("Centro", "Norte", "Sul"):
        assert shop in str(view["answer"])
    assert "16/08/2026" in str(view["answer"])
    assert [one["name"] for one in view["artefacts"]] == ["forecast.csv", "forecast.png"]  # type: ignore[attr-defined]


def test_anomalies_of_each_group_become_tickets(up: Up, world: Path) -> None:
    view = asked(up, world, "Encontre anomalias no valor por loja", "--file", "vendas.csv")
    tickets = [ticket for ticket in view["tickets"] if ticket["kind"] == "data.anomaly"]  # type: ignore[attr-defined]
    assert view["decision"]["name"] == "data.anomalies"  # type: ignore[index]
    assert len(tickets) == 2
    assert "Centro" in str(view["answer"])
    assert "Sul" in str(view["answer"])


def test_anomaly_of_a_single_series_in_english(up: Up, world: Path) -> None:
    view = asked(up, world, "Find anomalies in this time series", "--file", "sensors.jsonl")
    tickets = [ticket for ticket in view["tickets"] if ticket["kind"] == "data.anomaly"]  # type: ignore[attr-defined]
    assert len(tickets) == 1


def test_a_file_outside_the_roots_is_sent_by_who_may_read_it(up: Up, world: Path, tmp_path: Path) -> None:
    sales(tmp_path / "elsewhere.csv", days=30)
    view = asked(up, world, "Describe this file", "--file", str(tmp_path / "elsewhere.csv"))
    assert "90" in str(view["answer"])


def test_a_repository_outside_the_roots_is_sent_by_who_may_read_it(up: Up, world: Path, tmp_path: Path) -> None:
    view = asked(up, world, "Which files changed most in the last 30 days?", "--repo", str(repository(tmp_path / "other", commits=5)))
    assert "core.py" in str(view["answer"])


def test_what_no_skill_can_do_is_explained(up: Up, world: Path) -> None:
    view = asked(up, world, "Qual é a capital da França?")
    assert view["decision"]["kind"] == "none"  # type: ignore[index]
    assert view["tickets"] == []
    assert "models:" in str(view["answer"])


async def test_the_same_key_gives_the_same_intent_and_another_request_under_it_is_refused(up: Up) -> None:
    async with calling(up) as caller:
        first = await caller.ask("Quais arquivos mais mudaram?", key="k-1")
        assert await caller.ask("Quais arquivos mais mudaram?", key="k-1") == first
        status, body, _ = await caller.call("POST", "/v1/intents", json={"text": "Outra coisa"}, headers={"idempotency-key": "k-1"})
        assert (status, body["type"]) == (409, "urn:hulk:problem:conflict")
        assert first in body["detail"]


async def test_progress_is_told_as_it_happens_and_can_be_taken_up_again(up: Up) -> None:
    async with calling(up) as caller:
        intent = await caller.ask("Quais arquivos mais mudaram nos últimos 30 dias?", [{"kind": "repository", "path": "shop"}])
        async with caller.session.get(f"{up.url}/v1/intents/{intent}/events") as response:
            text = await response.text()
        kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
        last = [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")][-2]
        assert kinds[0] == "intent.accepted"
        assert kinds[-1] == "intent.completed"
        assert kinds.count("ticket.completed") >= 3
        async with caller.session.get(f"{up.url}/v1/intents/{intent}/events", headers={"last-event-id": last}) as response:
            rest = await response.text()
        assert rest.count("event: ") == 1


CROWD = 200 if "HULK_TEST_SEEDS" in os.environ else 80
"""Intents asked at once: more in `make test-faults`."""


async def test_a_crowd_of_intents_at_once_all_end(up: Up) -> None:
    churn = ("Quais os {n} arquivos que mais mudaram nos últimos 30 dias?", [{"kind": "repository", "path": "shop"}])
    profile = ("Descreva este arquivo e aponte os problemas", [{"kind": "file", "path": "vendas.csv"}])
    nothing: tuple[str, list[dict[str, str]]] = ("Qual é a capital da França?", [])
    async with calling(up) as caller:
        async with asyncio.TaskGroup() as group:
            wanted = [(churn, profile, nothing, nothing)[number % 4] for number in range(CROWD)]
            asked = [group.create_task(caller.ask(text.format(n=2 + n % 5), sources)) for n, (text, sources) in enumerate(wanted)]
        ends = [await caller.ended(one.result(), within=150) for one in asked]
    assert {end["status"] for end in ends} == {"completed"}
    assert all(ticket["status"] == "completed" for end in ends for ticket in end["tickets"] if ticket["owner"] == "run")
    assert len({end["intent_id"] for end in ends}) == CROWD


async def test_the_trail_of_all_that_is_whole(up: Up) -> None:
    async with calling(up) as caller:
        await caller.ended(await caller.ask("Qual é a capital da França?"))
    assert thor(up.data, "audit", "verify")[0]["whole"] is True


def test_without_a_running_hulk_ask_starts_one_for_itself(world: Path, tmp_path: Path) -> None:
    done = run(
        "hulk",
        "ask",
        "Quais arquivos mais mudaram nos últimos 30 dias?",
        "--repo",
        "shop",
        "--json",
        "--data",
        str(tmp_path / "own"),
        cwd=world,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "completed"
    assert not (tmp_path / "own" / "server.json").exists()
