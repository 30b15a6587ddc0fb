"""A dead letter comes to life again: runs found, followed and steered through the started program and beside it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.program import Caller, Up, calling, run, started, thor
from support.site import Site, a_site
from support.worlds import sales

NOBODY = "run_00000000000000000000000000"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    for name in ("one.csv", "two.csv", "three.csv", "good.csv"):
        sales(folder / name, days=30)
    with a_site(folder) as served:
        served.broken = {"/one.csv", "/two.csv", "/three.csv"}
        yield served


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "hulk.yaml").write_text("tools:\n  http:\n    allow: [127.0.0.1]\n")
    return folder


@pytest.fixture(scope="module")
def dead(up: Up, site: Site) -> dict[str, str]:
    """Intents that failed since what they are about could not be fetched, by the name of the file."""
    return asyncio.run(_asked(up, site))


async def _asked(up: Up, site: Site) -> dict[str, str]:
    async with calling(up) as caller:
        asked = {name: await caller.ask(f"Perfil de {site.url}/{name}.csv") for name in ("one", "two", "three")}
        for intent in asked.values():
            view = await caller.ended(intent)
            assert (view["status"], view["problem"]["code"]) == ("failed", "refused"), view
    return asked


async def completed(caller: Caller, intent: str) -> dict[str, Any]:
    """The intent, once it has its answer."""
    async with asyncio.timeout(30):
        while True:
            view = (await caller.call("GET", f"/v1/intents/{intent}"))[1]
            if view["status"] == "completed":
                return view
            await asyncio.sleep(0.05)


async def test_a_dead_letter_that_is_replayed_by_thor_gives_the_intent_its_answer(up: Up, site: Site, dead: dict[str, str]) -> None:
    letters = thor(up.data, "deadletters")
    assert dead["one"] in {row["intent_id"] for row in letters} <= set(dead.values())
    assert {(row["workflow"], row["failures"]) for row in letters} == {("ticket", 5)}
    assert all("status 503" in row["error"] or "is not asked right now" in row["error"] for row in letters)  # then its breaker is open
    (counted,) = thor(up.data, "deadletters", "--grouped")
    assert (counted["workflow"], counted["code"], counted["count"]) == ("ticket", "unavailable", len(letters))
    mine = [row["run_id"] for row in letters if row["intent_id"] == dead["one"]]
    assert len(mine) > 1  # of one plan, each failed by itself
    site.broken.discard("/one.csv")
    dry = thor(up.data, "deadletters", "replay", *mine, "--dry-run")
    assert {(row["run_id"], row["done"]) for row in dry} == {(name, "would be replayed") for name in mine}
    done = thor(up.data, "deadletters", "replay", *mine)
    assert {(row["run_id"], row["done"]) for row in done} == {(name, "replayed") for name in mine}
    async with calling(up) as caller:
        view = await completed(caller, dead["one"])
    assert (view["problem"], "one.csv" in view["answer"]) == (None, True)
    assert {ticket["status"] for ticket in view["tickets"] if ticket["owner"] == "run"} == {"completed"}
    assert thor(up.data, "audit", "verify")[0]["whole"] is True
    assert len(thor(up.data, "deadletters")) == len(letters) - len(mine)
    shown = thor(up.data, "runs", "show", mine[0])
    kinds = [entry["kind"] for entry in shown["timeline"]]
    before = kinds[: kinds.index("replayed")]  # behind it one more may have failed: its breaker was still open
    assert (kinds[0], kinds[-1], before.count("try failed"), kinds.count("replayed")) == ("begun", "ended", 4, 1)
    assert [entry["actor"] for entry in shown["timeline"] if entry["kind"] == "replayed"] == ["thor"]


async def test_a_dead_letter_is_replayed_over_http(up: Up, site: Site, dead: dict[str, str]) -> None:
    site.broken.discard("/two.csv")
    async with calling(up, accept_language="en") as caller:
        wanted = {"filter": {"intent": dead["two"], "code": "unavailable"}}
        _, dry, _ = await caller.call("POST", "/v1/dead-letters/replay", json={**wanted, "dry_run": True})
        assert (len(dry["runs"]) > 1, dry["left"], dry["dry_run"]) == (True, 0, True)
        _, told, _ = await caller.call("POST", "/v1/dead-letters/replay", json=wanted)
        assert {**told, "runs": sorted(told["runs"])} == {"runs": sorted(dry["runs"]), "left": 0, "dry_run": False}
        await completed(caller, dead["two"])
        _, run_, _ = await caller.call("GET", f"/v1/runs/{told['runs'][0]}")
        assert (run_["status"], list(run_["attributes"]), run_["dead"]) == ("completed", ["kind"], False)


async def test_a_dead_letter_that_is_discarded_stays_failed(up: Up, dead: dict[str, str]) -> None:
    async with calling(up, accept_language="en") as caller:
        _, found, _ = await caller.call("GET", "/v1/dead-letters?workflow=ticket")
        letter, *others = [one for one in found["runs"] if one["intent_id"] == dead["three"]]
        assert found["groups"][0]["code"] == letter["problem"]["code"] == "unavailable"
        assert (await caller.call("POST", f"/v1/runs/{letter['run_id']}/discard"))[1] == {"runs": [letter["run_id"]]}
        status, body, _ = await caller.call("POST", f"/v1/runs/{letter['run_id']}/discard")
        assert (status, "is no dead letter" in body["detail"]) == (409, True)
        wanted = {"filter": {"runs": [one["run_id"] for one in others]}, "limit": 1}
        _, told, _ = await caller.call("POST", "/v1/dead-letters/discard", json=wanted)
        assert (len(told["runs"]), told["left"]) == (1, len(others) - 1)
        thor(up.data, "deadletters", "discard", *(one["run_id"] for one in others if one["run_id"] not in told["runs"]))
        _, after, _ = await caller.call("GET", "/v1/dead-letters")
        assert dead["three"] not in {one["intent_id"] for one in after["runs"]}
        assert (await caller.call("GET", f"/v1/intents/{dead['three']}"))[1]["status"] == "failed"


async def test_runs_are_searched_page_by_page_over_http_and_by_thor(up: Up, site: Site) -> None:
    async with calling(up) as caller:
        intent = await caller.ask(f"Perfil de {site.url}/good.csv")
        await caller.ended(intent)
        _, page, _ = await caller.call("GET", f"/v1/runs?intent={intent}&limit=1&status=completed")
        _, rest, _ = await caller.call("GET", f"/v1/runs?intent={intent}&status=completed&after={page['next']}")
        (parent,) = [one for one in (page["runs"] + rest["runs"]) if one["workflow"] == "intent"]
        _, children, _ = await caller.call("GET", f"/v1/runs?parent={parent['run_id']}")
        assert {one["parent_id"] for one in children["runs"]} == {parent["run_id"]}
        kind = children["runs"][0]["attributes"]["kind"]
        _, alike, _ = await caller.call("GET", f"/v1/runs?parent={parent['run_id']}&attribute=kind%3D{kind}")
        assert [one["attributes"]["kind"] for one in alike["runs"]] == [kind]
        _, none, _ = await caller.call("GET", "/v1/runs?created_before=2020-01-01T00:00:00Z")
        assert none == {"runs": [], "next": None}
    rows = thor(up.data, "runs", "--intent", intent)
    assert {row["run_id"] for row in rows} == {one["run_id"] for one in page["runs"] + rest["runs"]}
    assert [row["run_id"] for row in thor(up.data, "runs", "--intent", intent, "--workflow", "intent")] == [parent["run_id"]]
    assert thor(up.data, "runs", "--ended-before", "2020-01-01") == []
    done = run("thor", "runs", "--intent", intent, "--limit", "1", "--data", str(up.data), cwd=up.data)
    cursor = done.stderr.rpartition("--after ")[2].strip()
    assert "There are more: --after" in done.stderr
    assert len(thor(up.data, "runs", "--intent", intent, "--limit", "50", "--after", cursor)) == len(rows) - 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        pytest.param("GET", "/v1/runs/rubbish", None, 422, "expected run_", id="no run's id"),
        pytest.param("GET", f"/v1/runs/{NOBODY}", None, 404, NOBODY, id="no such run"),
        pytest.param("GET", "/v1/runs?after=rubbish", None, 422, "is no cursor", id="no cursor"),
        pytest.param("GET", "/v1/runs?status=gone", None, 422, "needs_attention", id="no status"),
        pytest.param("GET", "/v1/runs?attribute=kind", None, 422, "name=value", id="no attribute"),
        pytest.param("GET", "/v1/runs?workflow=%00", None, 422, "NUL", id="a NUL"),
        pytest.param("GET", "/v1/runs?created_from=2026-11-21T03:00:00", None, 422, "with its zone", id="a time of nowhere"),
        pytest.param("GET", "/v1/runs?created_from=yesterday", None, 422, "a time is expected", id="no time"),
        pytest.param("POST", f"/v1/runs/{NOBODY}/cancel", None, 404, NOBODY, id="cancel nothing"),
        pytest.param("POST", f"/v1/runs/{NOBODY}/fork", {"step": 0}, 404, NOBODY, id="copy nothing"),
        pytest.param("POST", f"/v1/runs/{NOBODY}/fork", {}, 422, "step", id="a copy from nowhere"),
        pytest.param("POST", f"/v1/runs/{NOBODY}/resolve", {"step": -1}, 422, "at least 0", id="a step before the first"),
        pytest.param("POST", f"/v1/runs/{NOBODY}/signals", {"name": "go"}, 422, "key", id="a signal without a key"),
        pytest.param("POST", "/v1/queues/defualt/pause", {"reason": "x"}, 404, "there are: default", id="no such queue"),
        pytest.param("POST", "/v1/queues/default/pause", {"reason": ""}, 422, "reason", id="paused for nothing"),
        pytest.param("POST", "/v1/dead-letters/replay", {"filter": {}}, 422, "or all", id="which dead letters"),
        pytest.param("POST", "/v1/dead-letters/replay", {"filter": {"runs": [NOBODY]}}, 404, NOBODY, id="no such dead letter"),
    ],
)
async def test_what_makes_no_sense_is_told(up: Up, method: str, path: str, body: Any, status: int, words: str) -> None:
    async with calling(up, accept_language="en") as caller:
        found, problem, headers = await caller.call(method, path, json=body)
        assert (found, headers["content-type"]) == (status, "application/problem+json"), problem
        assert words in json.dumps(problem)


async def test_a_run_of_an_intent_takes_no_copy_no_other_data_and_no_signal_of_its_children(up: Up, site: Site) -> None:
    async with calling(up, accept_language="en") as caller:
        intent = await caller.ask(f"Perfil de {site.url}/nowhere.csv")
        await caller.ended(intent)
        _, found, _ = await caller.call("GET", f"/v1/runs?intent={intent}&workflow=ticket&status=failed")
        path = f"/v1/runs/{found['runs'][0]['run_id']}"
        for act, body, status, words in (
            ("fork", {"step": 0}, 422, "cannot be copied"),
            ("replay", {"data": {"ticket": "tkt_of_another"}}, 422, "take no other data"),
            ("replay", {"step": 99}, 422, "there is no step 99"),
            ("signals", {"name": "go", "key": "k"}, 409, "hears nothing any more"),
            ("cancel", None, 409, "nothing to cancel"),
            ("resolve", {}, 409, "only one that needs attention"),
            ("discard", None, 409, "is no dead letter"),
        ):
            told, problem, _ = await caller.call("POST", f"{path}/{act}", json=body)
            assert (told, words in problem["detail"]) == (status, True), problem


async def test_a_paused_queue_holds_what_is_asked_and_its_runs_can_be_cancelled_by_thor(up: Up, site: Site) -> None:
    (row,) = thor(up.data, "queues", "pause", "default", "--reason", "the disk is moved")
    assert (row["queue"], row["actor"], row["reason"]) == ("default", "thor", "the disk is moved")
    await asyncio.sleep(1.2)  # the running process looks twice a second
    async with calling(up, accept_language="en") as caller:
        intents = [await caller.ask(f"Perfil de {site.url}/good.csv") for _ in range(2)]
        _, queues, _ = await caller.call("GET", "/v1/queues")
        assert queues["queues"][0]["paused"]["reason"] == "the disk is moved"
        assert queues["queues"][0]["held"] == 2
        assert queues["queues"][0]["oldest"] is not None
        _, found, _ = await caller.call("GET", f"/v1/runs?intent={intents[0]}")
        (cancelled,) = thor(up.data, "runs", "cancel", found["runs"][0]["run_id"])
        assert cancelled["status"] == "held"
        status, _, _ = await caller.call("POST", "/v1/queues/default/resume")
        assert status == 204
        view = await caller.ended(intents[0])
        assert (view["status"], view["problem"]["code"]) == ("failed", "cancelled")
        assert (await caller.ended(intents[1]))["status"] == "completed"
        _, after, _ = await caller.call("GET", f"/v1/runs/{found['runs'][0]['run_id']}")
        assert after["status"] == "cancelled"
        assert [entry["actor"] for entry in after["timeline"] if entry["kind"] == "cancelled"] == ["thor"]


def test_wrong_use_of_thor_is_told(up: Up) -> None:
    for arguments, words in (
        (["deadletters", "discard"], "Say which dead letters are meant"),
        (["runs", "replay", NOBODY, "--input", "[1]"], "no JSON object"),
        (["tickets", "approve", NOBODY, "--result", "{"], "not JSON"),
        (["tools", "call", "tickets.list", "--arguments", "[1]"], "no JSON object"),
        (["runs", "--created-from", "yesterday"], "is no time"),
        (["runs", "--after", "rubbish"], "is no cursor"),
        (["runs", "--attribute", "kind"], "name=value"),
    ):
        assert words in thor(up.data, *arguments, code=2)
    for arguments in (["runs", "show", NOBODY], ["runs", "cancel", NOBODY], ["queues", "resume", "defualt"]):
        assert "There is no" in thor(up.data, *arguments, code=1)
    done = run("thor", "deadletters", "--workflow", "ticket", "discard", "--all", cwd=up.data)
    assert (done.returncode, "options stand behind the act" in done.stderr) == (2, True)


async def test_who_asks_sees_the_runs_of_its_own_tenant_and_does_what_its_role_may(world: Path, site: Site, tmp_path: Path) -> None:
    data = tmp_path / "guarded"
    with started(data, cwd=world):
        """So that there is a store to make keys in."""
    keys = {
        (tenant, role): thor(data, "keys", "create", role, "--role", role, "--tenant", tenant)[0]["secret"]
        for tenant, role in (("acme", "operator"), ("acme", "viewer"), ("acme", "admin"), ("other", "admin"), ("default", "admin"))
    }
    with started(data, "--host", "0.0.0.0", cwd=world) as up:  # noqa: S104  # what is tested is that this needs keys
        up.url = up.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        async with calling(up, accept_language="en") as caller:

            async def told(who: tuple[str, str], method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
                status, found, _ = await caller.call(method, path, json=body, headers={"x-api-key": keys[who]})
                return status, found

            asking = {"text": f"Perfil de {site.url}/good.csv"}
            assert (await told(("acme", "viewer"), "POST", "/v1/intents", asking))[0] == 403
            assert (await told(("acme", "operator"), "POST", "/v1/intents", asking))[0] == 202
            _, mine = await told(("acme", "viewer"), "GET", "/v1/runs")
            path = f"/v1/runs/{mine['runs'][-1]['run_id']}"
            assert (await told(("other", "admin"), "GET", "/v1/runs"))[1]["runs"] == []
            for method, act, body in (
                ("GET", "", None), ("POST", "/cancel", None), ("POST", "/replay", {}), ("POST", "/fork", {"step": 0}),
                ("POST", "/resolve", {}), ("POST", "/discard", None), ("POST", "/signals", {"name": "go", "key": "k"}),
            ):  # fmt: skip
                assert (await told(("other", "admin"), method, path + act, body))[0] == 404, act
                if method == "POST":
                    assert (await told(("acme", "viewer"), method, path + act, body))[0] == 403, act
            for act in ("replay", "discard"):
                assert (await told(("acme", "viewer"), "POST", f"/v1/dead-letters/{act}", {"filter": {"all": True}}))[0] == 403
            assert (await told(("acme", "operator"), "POST", "/v1/queues/default/pause", {"reason": "x"}))[0] == 403
            assert (await told(("acme", "admin"), "POST", "/v1/queues/default/resume"))[0] == 403
            assert (await told(("default", "admin"), "POST", "/v1/queues/default/resume"))[0] == 204
