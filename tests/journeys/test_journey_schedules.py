"""Schedules of a started Hulk: over HTTP and with thor, through kill -9, with what wrong ones are told."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.time import from_iso, iso, utc_now
from support.program import Caller, Up, calling, start, started, thor
from support.worlds import repository

TEXT = "Which files changed most in the last 30 days?"
INTENT = {"text": TEXT, "sources": [{"kind": "repository", "path": "shop"}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    repository(folder / "shop")
    return folder


async def fired(caller: Caller, name: str, times: int = 1, within: float = 30) -> dict[str, Any]:
    async with asyncio.timeout(within):
        while True:
            status, body, _ = await caller.call("GET", f"/v1/schedules/{name}")
            assert status == 200, body
            if body["counts"]["fired"] >= times:
                return body
            await asyncio.sleep(0.05)


async def test_a_schedule_asks_at_its_times_and_is_answered(up: Up) -> None:
    async with calling(up) as caller:
        asked = {"name": "churn", "every": "1s", "timezone": "Europe/Berlin", "intent": INTENT}
        status, made, _ = await caller.call("POST", "/v1/schedules", json=asked)
        assert (status, made["every"], made["paused"], len(made["next"])) == (201, "1s", False, 3)
        shown = await fired(caller, "churn", 2)
        intent = await caller.ended(shown["begun"])
        assert (intent["status"], intent["decision"]["name"]) == ("completed", "code.churn")
        status, paused, _ = await caller.call("POST", f"/v1/schedules/{made['schedule_id']}/pause")
        assert (status, paused["paused"], paused["next"]) == (200, True, [])
        status, changed, _ = await caller.call("PATCH", "/v1/schedules/churn", json={"cron": "0 8 * * mon-fri", "paused": False})
        assert (status, changed["cron"], changed["paused"]) == (200, "0 8 * * mon-fri", False)
        assert all(moment[11:19] in ("06:00:00", "07:00:00") for moment in changed["next"])
        status, ran, _ = await caller.call("POST", "/v1/schedules/churn/run")
        assert (status, ran["counts"]["fired"]) == (202, paused["counts"]["fired"] + 1)
        status, listed, _ = await caller.call("GET", "/v1/schedules")
        assert "churn" in {one["name"] for one in listed["schedules"]}
        assert (await caller.call("DELETE", "/v1/schedules/churn"))[0] == 204
        assert (await caller.call("GET", "/v1/schedules/churn"))[0] == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param({"cron": "61 * * * *"}, 422, ["minute", "61", "0 to 59"], id="wrong cron"),
        pytest.param({"cron": "* * * * *", "timezone": "Europe/Berln"}, 422, ["Europe/Berln", "Europe/Berlin"], id="wrong zone"),
        pytest.param({"every": "5s", "timezone": "Europe/Berln"}, 422, ["Europe/Berln", "Europe/Berlin"], id="wrong zone of an interval"),
        pytest.param({"cron": "* * * * *", "every": "5s"}, 422, ["cron, every"], id="two times"),
        pytest.param({}, 422, ["when", "cron", "every"], id="no time"),
        pytest.param({"every": "soon"}, 422, ["soon", "15m"], id="no interval"),
        pytest.param({"at": "2020-01-01T00:00"}, 422, ["2020-01-01", "passed"], id="passed"),
        pytest.param({"every": "5s", "name": " "}, 422, ["1 to 100"], id="no name"),
        pytest.param({"every": "5s", "intent": None}, 422, ["intent"], id="nothing to begin"),
        pytest.param({"every": "5s", "intent": {"text": " "}}, 422, ["empty"], id="an empty intent"),
        pytest.param({"every": "5s", "intent": None, "run": {"workflow": "ticket"}}, 422, ["ticket", "none"], id="an inner workflow"),
        pytest.param({"every": "5s", "missed": "maybe"}, 422, [], id="unknown policy"),
    ],
)
async def test_wrong_schedules_are_told_what_is_wrong(up: Up, body: dict[str, Any], status: int, words: list[str]) -> None:
    async with calling(up, accept_language="en") as caller:
        got, problem, _ = await caller.call("POST", "/v1/schedules", json={"name": "wrong", "intent": INTENT, **body})
        assert got == status, problem
        for word in words:
            assert word in problem["detail"]
        assert (await caller.call("GET", "/v1/schedules/wrong"))[0] == 404


async def test_what_a_schedule_cannot_begin_stands_in_it(up: Up) -> None:
    async with calling(up, accept_language="en") as caller:
        lost = {"text": "Which files changed most?", "sources": [{"kind": "repository", "path": "nowhere"}]}
        await caller.call("POST", "/v1/schedules", json={"name": "lost", "every": "1h", "intent": lost})
        status, ran, _ = await caller.call("POST", "/v1/schedules/lost/run")
        assert (status, ran["counts"]["fired"], ran["problem"]["code"]) == (202, 0, "not_found")
        assert "nowhere" in ran["problem"]["detail"]


def test_thor_keeps_schedules_whether_hulk_runs_or_not(up: Up, world: Path) -> None:
    def schedules(*words: str, code: int = 0) -> Any:
        return thor(up.data, "schedules", *words, cwd=world, code=code)

    (made,) = schedules("add", "by thor", TEXT, "--every", "1h", "--repo", "shop")
    assert (made["status"], made["when"], len(made["next"].split(", "))) == ("active", "every 1h", 3)
    assert schedules("pause", "by thor")[0]["status"] == "paused"
    assert schedules("resume", made["schedule_id"])[0]["status"] == "active"
    schedules("run", "by thor")
    asyncio.run(_fired(up, made["schedule_id"]))
    assert [one["fired"] for one in schedules("list") if one["name"] == "by thor"] == [1]
    (changed,) = schedules("change", made["schedule_id"], "--every", "1s", "--missed", "skip")
    assert (changed["when"], changed["policy"], changed["timezone"]) == ("every 1s", "skip", made["timezone"])
    asyncio.run(_fired(up, made["schedule_id"], 3))
    (moved,) = schedules("change", "by thor", "--cron", "0 8 * * *", "--timezone", "Asia/Tokyo")
    assert (moved["when"], moved["policy"], _hours(moved)) == ("cron 0 8 * * *", "skip", {"23:00:00"})
    (elsewhere,) = schedules("change", "by thor", "--timezone", "Asia/Kolkata")
    assert (elsewhere["when"], _hours(elsewhere)) == ("cron 0 8 * * *", {"02:30:00"})
    assert [one["policy"] for one in schedules("list") if one["name"] == "by thor"] == ["skip"]
    schedules("remove", "by thor")
    assert "by thor" not in {one["name"] for one in schedules("list")}
    wrong = schedules("add", "x", "y", "--cron", "* * 32 * *", code=2)
    assert "“day of the month” of the cron expression cannot be “32”" in " ".join(wrong.split())


@pytest.fixture(scope="module")
def steady(up: Up) -> Mapping[str, Any]:
    """A schedule that nothing changes."""
    (made,) = thor(up.data, "schedules", "add", "steady", TEXT, "--every", "1h")
    return dict(made)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param([], 2, "--cron | --every | --at | --timezone | --missed", id="nothing"),
        pytest.param(["--every", "5s", "--cron", "* * * * *"], 2, "one of cron, every and at", id="two times"),
        pytest.param(["--at", "2020-01-01T00:00"], 2, "has passed", id="passed"),
        pytest.param(["--timezone", "Europe/Berln"], 2, "Europe/Berlin", id="wrong zone"),
        pytest.param(["--missed", "maybe"], 2, "run, skip", id="unknown policy"),
        pytest.param(["--missed", "skip"], 1, "There is no schedule “nobody”", id="no such schedule"),
    ],
)
def test_a_change_that_makes_no_sense_is_told_and_changes_nothing(
    up: Up, steady: Mapping[str, Any], arguments: list[str], code: int, words: str
) -> None:
    name = "nobody" if code == 1 else "steady"
    assert words in " ".join(thor(up.data, "schedules", "change", name, *arguments, code=code).split())
    (kept,) = [one for one in thor(up.data, "schedules", "list") if one["name"] == "steady"]
    assert {**kept, "next": steady["next"]} == steady


def _hours(row: dict[str, Any]) -> set[str]:
    """The times of day, in UTC, at which it asks."""
    return {moment[11:19] for moment in row["next"].split(", ")}


async def _fired(up: Up, name: str, times: int = 1) -> None:
    async with calling(up) as caller:
        await fired(caller, name, times)


async def test_after_kill_9_what_was_missed_runs_once_and_the_beat_goes_on(world: Path, tmp_path: Path) -> None:
    first = start(tmp_path, cwd=world)
    async with calling(first) as caller:
        soon = iso(utc_now() + timedelta(seconds=2))
        await caller.call("POST", "/v1/schedules", json={"name": "once", "at": soon, "intent": INTENT})
        _, made, _ = await caller.call("POST", "/v1/schedules", json={"name": "beat", "every": "2s", "intent": INTENT})
    first.kill()
    await asyncio.sleep(4.5)
    with started(tmp_path, cwd=world) as again:
        async with calling(again) as caller:
            once, beat = await fired(caller, "once"), await fired(caller, "beat", 2)
            assert (once["next"], once["counts"]["fired"]) == ([], 1)
            assert {(from_iso(one) - from_iso(made["next"][0])) % timedelta(seconds=2) for one in beat["next"]} == {timedelta(0)}
            assert beat["counts"]["missed"] >= 1
            assert (await caller.ended(once["begun"]))["status"] == "completed"
