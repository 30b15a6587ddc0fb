"""Agents of a program as users start it, with no model at all: sales reviewed with tickets that a person approves, a sprint's status with
its sources, over a kill."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.patience import until_found
from support.program import Caller, Up, calling, environment, run, start, thor
from support.twins.systems import System, system

SALES = Path(__file__).parents[2] / "examples/sales.csv"
PNG = b"\x89PNG"
PORTUGUESE, MIND = environment(LANG="pt_BR.UTF-8"), ["orchestrator"]
CHARTS = [("anomalies.csv", "text/csv"), ("anomalies.png", "image/png"), ("forecast.csv", "text/csv"), ("forecast.png", "image/png")]
SETTINGS = """
grpc: {port: 0}
tools:
  systems:
    github:
      - {name: github, url: "%s", token: right, repositories: [acme/shop]}
agents:
  folders: [agents]
"""
OWN = """
name: porter
title: Porteiro
about: Conta quem está.
persona: Você é o porteiro.
playbooks:
  tickets:
    title: Tickets em aberto
    examples: {pt: ["Quantos tickets estão abertos na portaria?", "Tickets da portaria", "O que há para o porteiro?"]}
    steps:
      - {key: list, tool: tickets.list, with: {statuses: [open]}}
    answer:
      - {text: "Em aberto: ${list.tickets}"}
tools:
  - {use: [tickets.list]}
"""


@pytest.fixture(scope="module")
def twin() -> Iterator[System]:
    with system("github") as running:
        yield running


@pytest.fixture
def up(tmp_path: Path, twin: System) -> Iterator[Up]:
    (tmp_path / "hulk.yaml").write_text(SETTINGS % twin.url)
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/porter.yaml").write_text(OWN)
    (tmp_path / "vendas.csv").write_bytes(SALES.read_bytes())
    running = start(tmp_path / "data", cwd=tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


async def asked(caller: Caller, text: str, **more: Any) -> str:
    """The id of the intent."""
    status, body, _ = await caller.call("POST", "/v1/intents", json={"text": text, **more})
    assert status == 202, body
    return str(body["intent_id"])


async def ended(caller: Caller, intent: str) -> Any:
    """The intent, once it has ended."""
    found: list[Any] = []

    async def over() -> bool:
        body = (await caller.call("GET", f"/v1/intents/{intent}"))[1]
        found[:] = [body]
        return body["status"] in ("completed", "failed")

    await until_found(over)
    return found[0]


async def fetched(caller: Caller, path: str) -> bytes:
    """A file that was made."""
    async with caller.session.get(caller.url + path) as response:
        assert response.status == 200
        return await response.read()


async def waiting(caller: Caller, count: int) -> list[str]:
    """The tickets that a person decides on, once there are so many."""
    found: list[str] = []

    async def there() -> bool:
        body = (await caller.call("GET", "/v1/tickets?status=open&kind=tool.approval"))[1]
        found[:] = [one["ticket_id"] for one in body["tickets"]]
        return len(found) >= count

    await until_found(there)
    return found


async def test_sales_are_reviewed_with_tickets_that_a_person_approves_over_a_kill(up: Up, tmp_path: Path) -> None:
    async with calling(up) as caller:
        source = {"kind": "file", "path": str(tmp_path / "vendas.csv"), "name": "vendas.csv"}
        text = "Revise as vendas: anomalias, previsão e tickets para o que estiver estranho"
        intent = await asked(caller, text, sources=[source])
        first, *_ = await waiting(caller, 2)
    up.kill()
    again = start(tmp_path / "data", cwd=tmp_path)
    try:
        async with calling(again) as caller:
            for ticket in await waiting(caller, 2):
                act = "reject" if ticket == first else "approve"
                assert (await caller.call("POST", f"/v1/tickets/{ticket}/{act}", json={"reason": "visto"}))[0] == 200
            body = await ended(caller, intent)
            opened = (await caller.call("GET", "/v1/tickets?kind=data.anomaly"))[1]["tickets"]
            (task,) = (await caller.call("GET", "/v1/agent-tasks"))[1]["tasks"]
            shown = (await caller.call("GET", f"/v1/agent-tasks/{task['id']}"))[1]
            reasoning = (await caller.call("GET", f"/v1/agent-tasks/{task['id']}/reasoning"))[1]
            addresses = [one["url"] for one in (*body["artefacts"], *shown["artefacts"]) if one["media_type"] == "image/png"]
            pictures = [await fetched(caller, one) for one in addresses]
    finally:
        again.stop()
    assert body["status"] == "completed", body
    assert (body["decision"]["kind"], body["decision"]["name"]) == ("agent", "agents.retail.sales-review")
    told = ("## Revisão das vendas", "Anomalias em vendas.csv", "Previsão", "1 abertos, 1 não aprovados, de 2 propostos", "sem modelo")
    assert [part for part in told if part not in body["answer"]] == [], body["answer"]
    assert [one["status"] for one in opened] == ["open"]
    assert {one["key"]: one["status"] for one in shown["steps"]} == {
        "anomalies": "done", "forecast": "done", "tickets": "done", "summary": "done",
    }  # fmt: skip
    assert shown["account"]["tokens"] == 0
    assert [(one["name"], one["media_type"]) for one in body["artefacts"]] == CHARTS
    assert [one["name"] for one in shown["artefacts"]] == [name for name, _ in CHARTS]
    assert [picture.startswith(PNG) for picture in pictures] == [True] * 4
    assert reasoning["hypotheses"] or reasoning["decisions"]


async def test_the_status_of_a_sprint_is_told_with_its_sources(up: Up) -> None:
    async with calling(up) as caller:
        body = await ended(caller, await asked(caller, "Qual o status da sprint?"))
    assert body["status"] == "completed", body
    assert body["decision"]["name"] == "agents.agency.sprint-status"
    assert "https://github.com/acme/shop/" in body["answer"]
    assert "**Fontes:**" in body["answer"]
    assert "sem modelo" in body["answer"]


async def test_one_file_is_an_agent_that_is_asked_by_its_name(up: Up, tmp_path: Path) -> None:
    async with calling(up) as caller:
        body = await ended(caller, await asked(caller, "Quantos tickets estão abertos na portaria?", agent="porter"))
        status, problem, _ = await caller.call("POST", "/v1/intents", json={"text": "oi", "agent": "nobody"})
    assert body["status"] == "completed", body
    assert body["answer"].startswith("Em aberto:")
    assert (status, "porter" in problem["detail"]) == (404, True)
    names = [one["name"] for one in thor(tmp_path / "data", "agents", "list", "--json", cwd=tmp_path)]
    assert names == ["agency", "commercial", "industrial", "orchestrator", "porter", "retail"]


def test_the_evaluation_sets_are_done_by_a_command_that_changes_nothing(up: Up, tmp_path: Path, twin: System) -> None:
    data, known = tmp_path / "data", len(twin.seen())
    report = thor(data, "agents", "evaluate", "retail", "industrial", "commercial", "agency", cwd=tmp_path)
    tickets = thor(data, "tickets", cwd=tmp_path)
    verdicts = {f"{one['agent']}/{one['case']}": (one["verdict"], one["wrong"]) for one in report["cases"]}
    assert verdicts == {name: ("passed", []) for name in verdicts}
    assert (report["passed"], report["failed"], report["left_out"]) == (len(verdicts), 0, 0)
    sales = next(one for one in report["cases"] if one["case"] == "review-pt" and one["agent"] == "retail")
    assert "tickets.create" in sales["proposed"]
    assert sales["found"] == "agents.retail.sales-review"
    assert tickets == []
    assert {one["method"] for one in twin.seen()[known:]} == {"GET"}
    told = [
        run("thor", "agents", "evaluate", "industrial", *more, "--data", str(data), cwd=tmp_path, env=PORTUGUESE) for more in ([], MIND)
    ]
    assert [one.returncode for one in told] == [0, 1], "those of the orchestrator take a model, and it was named"
    assert ["industrial/round-pt" in one.stdout for one in told] == [True, True]
    assert ["2 passaram, 0 falharam, 0 ficaram de fora." in told[0].stdout, "6 ficaram de fora." in told[1].stdout] == [True, True]
