"""One chain of ids: from any id the whole story of an intent, and every log line, span and event of its work names it."""

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import oteltap
import pytest

from support.ports import free_port
from support.program import Up, calling, environment, run, start, thor
from support.worlds import sales


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    sales(folder / "vendas.csv", days=60)
    (folder / "broken.csv").write_bytes(b"\x00\x01\x02" * 1000)
    return folder


@pytest.fixture(scope="module")
def view(up: Up) -> dict[str, Any]:
    """An intent with its answer."""
    return asyncio.run(_asked(up))


async def _asked(up: Up) -> dict[str, Any]:
    async with calling(up) as caller:
        return await caller.ended(await caller.ask("Encontre anomalias neste arquivo", [{"kind": "file", "path": "vendas.csv"}]))


def parts(node: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """All nodes of that kind at and below a node."""
    here = [dict(node)] if node["kind"] == kind else []
    return here + [found for part in node["parts"] for found in parts(part, kind)]


def test_the_tree_goes_from_the_intent_to_what_was_made(up: Up, view: dict[str, Any]) -> None:
    story = thor(up.data, "trace", view["intent_id"])
    tree = story["tree"]
    assert (tree["kind"], tree["id"], tree["status"], tree["cost"]["amount"]) == ("intent", view["intent_id"], "completed", "0")
    (decision,) = [part for part in tree["parts"] if part["kind"] == "decision"]
    assert (decision["id"], decision["name"]) == (view["decision"]["decision_id"], "skill data.anomalies")
    (plan,) = decision["parts"]
    assert (plan["kind"], plan["id"]) == ("plan", view["plan_id"])
    assert [part["id"] for part in plan["parts"]] == [ticket["ticket_id"] for ticket in view["tickets"]]
    done = [part for part in plan["parts"] if part["parts"]]
    for ticket in done:
        (ran,) = ticket["parts"]
        assert (ran["kind"], ran["status"], ran["ended"] is not None) == ("run", "completed", True)
        assert [step["name"] for step in ran["parts"]] == ["start", "work", "complete"]
    assert {one["name"] for one in parts(tree, "artefact")} == {one["name"] for one in view["artefacts"]}
    assert len(parts(tree, "run")) == len(done) + 1
    assert all(node["seconds"] >= 0 for node in parts(tree, "step"))
    told = [event["type"] for event in story["events"]]
    assert (told[0], told[-1]) == ("hulk.intent.accepted.v1", "hulk.intent.completed.v1")


def test_it_is_the_same_story_from_each_of_its_ids(up: Up, view: dict[str, Any]) -> None:
    story = thor(up.data, "trace", view["intent_id"])
    ticket = next(one for one in view["tickets"] if one["run_id"])
    own_run = next(part for part in story["tree"]["parts"] if part["kind"] == "run")["id"]
    others = [
        view["plan_id"], view["decision"]["decision_id"], ticket["ticket_id"], ticket["run_id"], own_run, view["trace_id"],
        story["events"][3]["event_id"], view["tickets"][-1]["ticket_id"],
    ]  # fmt: skip
    for wanted in others:
        assert {**thor(up.data, "trace", wanted), "asked": view["intent_id"], "tree": None} == {**story, "tree": None}


def test_a_person_sees_a_tree(up: Up, view: dict[str, Any]) -> None:
    done = run("thor", "trace", view["plan_id"], "--data", str(up.data), cwd=up.data)
    assert done.returncode == 0, done.stderr
    for words in (view["intent_id"], view["plan_id"], "skill data.anomalies", "anomalies.csv", "hulk.plan.made.v1", "work"):
        assert words in done.stdout


async def test_over_http_it_is_told_to_its_tenant_only(up: Up, view: dict[str, Any]) -> None:
    (key,) = thor(up.data, "keys", "create", "other", "--role", "admin", "--tenant", "other")
    wanted = [view["intent_id"], view["plan_id"], view["tickets"][0]["ticket_id"], view["tickets"][0]["run_id"], view["trace_id"]]
    story = thor(up.data, "trace", view["intent_id"])
    wanted += [story["events"][0]["event_id"], view["decision"]["decision_id"]]
    async with calling(up) as ours, calling(up, authorization=f"Bearer {key['secret']}") as theirs:
        for one in wanted:
            status, body, _ = await ours.call("GET", f"/v1/trace/{one}")
            assert (status, body["tree"]["id"]) == (200, view["intent_id"])
            status, body, _ = await theirs.call("GET", f"/v1/trace/{one}")
            assert status == 404, body


@pytest.mark.parametrize(
    ("wanted", "code", "words"),
    [
        pytest.param("int_01m7y5yr6fe5hvadg4t960z6tv", 1, "int_01m7y5yr6fe5hvadg4t960z6tv", id="an intent that there is not"),
        pytest.param("pln_01m7y5yr6fe5hvadg4t960z6tv", 1, "nothing with the id", id="a plan that there is not"),
        pytest.param("0" * 32, 1, "nothing with the id", id="a trace that there is not"),
        pytest.param("req_01m7y5yr6fe5hvadg4t960z6tv", 2, "in the logs only", id="a request"),
        pytest.param("nonsense", 2, "allowed", id="no id"),
        pytest.param("int_x", 2, "int_", id="half an id"),
    ],
)
def test_what_there_is_not_is_said(up: Up, wanted: str, code: int, words: str) -> None:
    done = run("thor", "trace", wanted, "--data", str(up.data), cwd=up.data)
    assert done.returncode == code
    assert words in done.stderr


async def test_spans_logs_and_events_of_a_ticket_s_work_name_its_whole_chain(world: Path, tmp_path: Path) -> None:
    port, spans = free_port(), list[Any]()
    settings = oteltap.OtelTapHttpProtobufReceiverSettings(http_port=port, listen_on_all_interfaces=False)
    traced = environment(HULK_TELEMETRY__TRACING__ENABLED="true", HULK_TELEMETRY__TRACING__ENDPOINT=f"http://127.0.0.1:{port}")
    async with oteltap.OtelTapHttpProtobufReceiver(settings) as receiver, asyncio.TaskGroup() as group:
        arriving = [group.create_task(receiver.await_trace(partial(called, name), timeout=60)) for name in RUNS]
        await asyncio.sleep(0)
        up = await asyncio.to_thread(start, tmp_path / "data", cwd=world, env=traced)
        async with calling(up) as caller:
            view = await caller.ended(await caller.ask("Perfil deste arquivo", [{"kind": "file", "path": "vendas.csv"}]))
            broken = await caller.ended(await caller.ask("Perfil deste arquivo", [{"kind": "file", "path": "broken.csv"}]))
        assert await asyncio.to_thread(up.stop) == 0
        spans += [await one for one in arriving]
    for span in spans:
        told = {it.key: it.value.string_value for it in span.attributes}
        assert (told["hulk.intent.id"], span.trace_id.hex()) == (view["intent_id"], view["trace_id"])
        mine = [one for one in view["tickets"] if one["run_id"] == told["hulk.run.id"]]
        assert [one["ticket_id"] for one in mine] == ([told["hulk.ticket.id"]] if span.name == "run ticket" else [])
        assert told.get("hulk.plan.id") == (view["plan_id"] if mine else None)
    _chained(up, broken)
    story = thor(tmp_path / "data", "trace", broken["intent_id"])
    for event in story["events"]:
        assert {"run", "plan"} & set(event["data"]) or event["type"] in NAMED_BY_THEIR_SUBJECT, event


def called(name: str, span: Any) -> bool:
    return bool(span.name == name)


RUNS = ("run intent", "run ticket")
NAMED_BY_THEIR_SUBJECT = {"hulk.ticket.started.v1", "hulk.ticket.completed.v1"}
"""Of these only the ticket is told, which is the subject."""


def _chained(up: Up, broken: Mapping[str, Any]) -> None:
    """What was logged of the work that failed names intent, plan, ticket and run."""
    assert broken["status"] == "failed"
    ticket = next(one for one in broken["tickets"] if one["status"] == "failed")
    said = [json.loads(line) for line in up.said().splitlines() if line.startswith("{")]
    of_run = [line for line in said if line.get("run") == ticket["run_id"]]
    assert "run_failed" in {line["event"] for line in of_run}
    for line in of_run:
        chain = {name: line[name] for name in ("intent", "plan", "ticket", "tenant", "trace_id")}
        assert chain == {
            "intent": broken["intent_id"], "plan": broken["plan_id"], "ticket": ticket["ticket_id"], "tenant": "default",
            "trace_id": broken["trace_id"],
        }  # fmt: skip
