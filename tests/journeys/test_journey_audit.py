"""The trail of a started Hulk: archived, looked up, held, taken away, proved by somebody else's script, and by Hulk's own command."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from support.pages import page
from support.patience import until_found
from support.program import Caller, Up, calling, run, started, thor
from support.worlds import sales


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    sales(folder / "vendas.csv", days=30)
    return folder


@pytest.fixture(scope="module")
def up(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with started(tmp_path_factory.mktemp("data"), cwd=world) as one:
        asyncio.run(_asked(one))
        yield one


async def _asked(up: Up) -> None:
    async with calling(up) as caller:
        intent = await caller.ask("Descreva este arquivo e aponte os problemas", [{"kind": "file", "path": "vendas.csv"}])
        assert (await caller.ended(intent))["status"] == "completed"
        await until_found(lambda: _archived(caller))


async def _archived(caller: Caller) -> bool:
    """Whether the trail's end is in the archive."""
    _, body, _ = await caller.call("GET", "/ready")
    _, newest, _ = await caller.call("GET", "/v1/audit?type=hulk.intent.completed.v1")
    return body["checks"]["audit"] == {"status": "ok", "pending": 0} and bool(newest["entries"])


def script(folder: Path, exported: str) -> "subprocess.CompletedProcess[str]":
    """The page's own script over an export."""
    (code,) = [block.text for block in page("docs/audit.md").blocks if block.mark("verify-export") is not None]
    (folder / "verify.py").write_text(code, encoding="utf-8")
    (folder / "trail.jsonl").write_text(exported, encoding="utf-8")
    command = [sys.executable, str(folder / "verify.py"), str(folder / "trail.jsonl")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


async def test_entries_are_found_by_what_they_are_about_and_come_in_pages(up: Up) -> None:
    async with calling(up) as caller:
        _, everything, _ = await caller.call("GET", "/v1/audit?limit=1000")
        places = [entry["position"] for entry in everything["entries"]]
        assert places == sorted(places, reverse=True)
        assert (places[-1], everything["next"]) == (1, None)
        _, first, _ = await caller.call("GET", "/v1/audit?limit=3")
        _, second, _ = await caller.call("GET", f"/v1/audit?limit=3&after={first['next']}")
        assert [entry["position"] for entry in first["entries"] + second["entries"]] == places[:6]
        intent = everything["entries"][0]["event"]["intent"]
        wanted = {"intent": intent, "type": "hulk.ticket.completed.v1", "actor": "hulk"}
        _, found, _ = await caller.call("GET", "/v1/audit", params=wanted)
        assert {entry["event"]["type"] for entry in found["entries"]} == {"hulk.ticket.completed.v1"}
        moment = everything["entries"][2]["event"]["time"]
        _, later, _ = await caller.call("GET", "/v1/audit", params={"from": moment})
        _, earlier, _ = await caller.call("GET", "/v1/audit", params={"before": moment, "limit": 1000})
        assert len(later["entries"]) + len(earlier["entries"]) == len(places)
        status, problem, _ = await caller.call("GET", "/v1/audit?from=yesterday")
        assert (status, "from" in json.dumps(problem)) == (422, True)


async def test_only_who_may_read_the_trail_reads_it(up: Up) -> None:
    (key,) = thor(up.data, "keys", "create", "viewer", "--role", "viewer")
    async with calling(up, authorization=f"Bearer {key['secret']}") as caller:
        for path in ("/v1/audit", "/v1/audit/export"):
            status, problem, _ = await caller.call("GET", path)
            assert (status, "“read”" in problem["detail"]) == (403, True), problem


async def test_another_tenant_s_entries_are_not_shown(up: Up) -> None:
    (key,) = thor(up.data, "keys", "create", "other", "--role", "admin", "--tenant", "other")
    async with calling(up, authorization=f"Bearer {key['secret']}") as caller:
        await until_found(lambda: _some(caller))
        _, found, _ = await caller.call("GET", "/v1/audit?limit=1000")
        assert {entry["event"]["tenant"] for entry in found["entries"]} == {"other"}
        _, body, _ = await caller.call("GET", "/v1/audit/export")
        assert "vendas" not in body["text"]
        assert "hulk.intent" not in body["text"]


async def _some(caller: Caller) -> bool:
    _, found, _ = await caller.call("GET", "/v1/audit")
    return bool(found["entries"])


async def test_what_is_taken_away_is_proved_by_the_script_of_the_page(up: Up, tmp_path: Path) -> None:
    async with calling(up) as caller:
        status, body, headers = await caller.call("GET", "/v1/audit/export")
    assert (status, headers["content-type"]) == (200, "application/jsonl")
    exported = body["text"]
    lines = exported.splitlines()
    done = script(tmp_path, exported)
    assert (done.returncode, done.stdout) == (0, f"whole up to entry {len(lines) - 1}\n"), done.stderr
    cut, swapped, forged = lines[:-2] + lines[-1:], [lines[1], lines[0], *lines[2:]], [*lines]
    forged[3] = forged[3].replace('"actor":"', '"actor":"eve')
    for wrong in (cut, swapped, forged, lines[:-1], lines[1:]):
        assert script(tmp_path, "\n".join(wrong) + "\n").returncode == 1


def test_thor_takes_away_the_same(up: Up, tmp_path: Path) -> None:
    done = run("thor", "audit", "export", "--data", str(up.data), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert script(tmp_path, done.stdout).returncode == 0
    part = run("thor", "audit", "export", "--after", "4", "--data", str(up.data), cwd=tmp_path)
    assert done.stdout.endswith(part.stdout)
    assert json.loads(part.stdout.splitlines()[0])["position"] == 5


def test_holds_are_made_listed_and_lifted(up: Up) -> None:
    (held,) = thor(up.data, "audit", "hold", "add", "--reason", "case 4711", "--subject", "tkt_1")
    assert (held["tenant"], held["subject"], held["reason"], held["lifted"]) == ("default", "tkt_1", "case 4711", None)
    assert thor(up.data, "audit", "hold", "list") == [held]
    (lifted,) = thor(up.data, "audit", "hold", "remove", held["hold_id"])
    assert lifted["lifted"] is not None
    assert thor(up.data, "audit", "hold", "list") == []
    assert "was lifted before" in thor(up.data, "audit", "hold", "remove", held["hold_id"], code=2)


def test_pruning_needs_to_know_how_long_entries_are_kept(up: Up) -> None:
    assert "--days" in thor(up.data, "audit", "prune", "--dry-run", code=2)
    assert thor(up.data, "audit", "prune", "--dry-run", "--days", "1") == []


def verdicts(up: Up, code: int = 0) -> list[dict[str, Any]]:
    done = run("thor", "audit", "verify", "--tenant", "default", "--json", "--data", str(up.data), cwd=up.data)
    assert done.returncode == code, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_both_copies_are_proved_and_what_is_changed_in_either_is_named(up: Up) -> None:
    assert [(one["copy"], one["whole"]) for one in verdicts(up)] == [("store", True), ("archive", True)]
    with closing(sqlite3.connect(up.data / "audit.db")) as archive:
        archive.execute("update audit_entry set actor = 'eve' where tenant = 'default' and position = 3")
        archive.commit()
        assert [(one["copy"], one["fault"], one["position"]) for one in verdicts(up, 1)] == [
            ("store", None, None),
            ("archive", "altered", 3),
        ]
        archive.execute("update audit_entry set actor = json_extract(text, '$.actor') where tenant = 'default' and position = 3")
        archive.commit()
    assert [one["whole"] for one in verdicts(up)] == [True, True]


async def test_the_metrics_tell_of_the_archiving(up: Up) -> None:
    async with calling(up) as caller:
        _, body, _ = await caller.call("GET", "/metrics")
    read = {line.split(" ")[0]: float(line.split(" ")[1]) for line in body["text"].splitlines() if line.startswith("hulk_audit")}
    assert (read["hulk_audit_mismatches_total"], read["hulk_audit_pending"], read["hulk_audit_lag_seconds"]) == (0, 0, 0)
    assert read["hulk_audit_delay_seconds_count"] >= 10
