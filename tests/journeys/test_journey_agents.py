"""Agents of a program as users start it, with no model at all: sales reviewed with tickets that a person approves, a sprint's status with
its sources, over a kill."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.patience import until_found
from support.program import Caller, Up, calling, start, thor
from support.twins.systems import System, system

SALES = Path(__file__).parents[2] / "examples/sales.csv"
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
