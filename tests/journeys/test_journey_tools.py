"""Tools of a program as users start it: allowed by rules, put to a person, done once, over a restart."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.patience import until_found
from support.program import Caller, Up, calling, start, thor
from support.worlds import sales

SETTINGS = """
tools:
  rules:
    - {name: looking, tools: ["*.list", "*.show", "skills.*"]}
    - {name: asking, tools: ["schedules.*", "tickets.comment"], autonomy: approve}
    - {name: agents, tools: ["*"], agents: ["*"], autonomy: suggest}
"""
ASKS = {"name": "disco", "text": "O disco está cheio?", "cron": "0 8 * * *"}


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    (tmp_path / "hulk.yaml").write_text(SETTINGS)
    running = start(tmp_path / "data", cwd=tmp_path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


async def schedules(caller: Caller) -> list[str]:
    status, body, _ = await caller.call("POST", "/v1/tools/schedules.list/calls", json={})
    assert status == 200
    return [one["name"] for one in body["output"]["data"]["schedules"]]


async def test_a_call_waits_for_a_person_over_a_kill_and_is_made_once(up: Up, tmp_path: Path) -> None:
    asking = {"json": {"arguments": ASKS, "reason": "todo dia"}, "headers": {"idempotency-key": "k1"}}
    async with calling(up) as caller:
        status, called, _ = await caller.call("POST", "/v1/tools/schedules.ask/calls", **asking)
        assert (status, called["status"]) == (202, "waiting")
        assert await schedules(caller) == []

        async def asked() -> bool:
            _, found, _ = await caller.call("GET", f"/v1/tool-calls/{called['id']}")
            return found["ticket"] is not None

        await until_found(asked)
        waiting = (await caller.call("GET", f"/v1/tool-calls/{called['id']}"))[1]["ticket"]
        run = f"/v1/runs/run_{called['id'].removeprefix('tcl_')}"
        forged = {"name": waiting, "key": "k", "payload": {"act": "ended", "status": "completed", "actor": "person:boss", "result": None}}
        status, problem, _ = await caller.call("POST", f"{run}/signals", json=forged)
        assert (status, waiting in problem["detail"]) == (422, True)
    up.kill()
    again = start(tmp_path / "data", cwd=tmp_path)
    try:
        async with calling(again) as caller:
            assert (await caller.call("POST", f"/v1/tickets/{waiting}/approve", json={"reason": "pode"}))[0] == 200

            async def done() -> bool:
                _, found, _ = await caller.call("GET", f"/v1/tool-calls/{called['id']}")
                return bool(found["status"] == "done")

            await until_found(done)
            assert await schedules(caller) == ["disco"]
            status, replayed, _ = await caller.call("POST", "/v1/tools/schedules.ask/calls", **asking)
            assert (status, replayed["replayed"], replayed["status"]) == (200, True, "done")
            assert await schedules(caller) == ["disco"]
    finally:
        again.stop()


async def test_what_is_forbidden_wrong_or_unknown_is_told_in_the_callers_language(up: Up) -> None:
    async with calling(up, accept_language="pt-BR") as caller:
        status, problem, _ = await caller.call("POST", "/v1/tools/tickets.create/calls", json={"arguments": {"kind": "x", "title": "y"}})
        assert (status, "nenhuma regra permite" in problem["detail"]) == (403, True)
        status, problem, _ = await caller.call("POST", "/v1/tools/tickets.lst/calls", json={})
        assert (status, "Não existe a ferramenta" in problem["detail"]) == (404, True)
        status, problem, _ = await caller.call("POST", "/v1/tools/tickets.list/calls", json={"arguments": {"mos": 1}})
        assert (status, problem["errors"][0]["field"]) == (422, "arguments.mos")
        status, problem, _ = await caller.call("POST", "/v1/tools/schedules.ask/calls", json={"arguments": ASKS, "agent": "retail"})
        assert (status, "“retail”" in problem["detail"]) == (403, True)
        status, called, _ = await caller.call("POST", "/v1/tools/schedules.ask/calls", json={"arguments": ASKS, "agent": "theirs"})
        assert (status, called["status"]) == (200, "suggested")
        assert "não foi chamada" in called["error"]["detail"]
        status, found, _ = await caller.call("GET", "/v1/tools?query=agendar+pergunta")
        assert (status, found["tools"][0]["name"]) == (200, "schedules.ask")


async def test_a_skill_is_called_and_what_it_made_is_given_to_another(up: Up, tmp_path: Path) -> None:
    sales(tmp_path / "vendas.csv")
    async with calling(up, accept_language="pt-BR") as caller:
        asked = {"table": {"path": "vendas.csv"}, "group": ["loja"], "files": "kept"}
        status, called, _ = await caller.call("POST", "/v1/tools/skills.data_anomalies/calls", json={"arguments": asked})
        found = called["output"]["data"]
        assert (status, called["status"], len(found["follow_ups"])) == (200, "done", 2)
        assert "anomalias encontradas" in found["markdown"]
        table = {"blob": found["artefacts"][0]["blob"], "name": found["artefacts"][0]["name"]}
        status, called, _ = await caller.call("POST", "/v1/tools/skills.data_profile/calls", json={"arguments": {"table": table}})
        assert (status, "anomalies.csv" in called["output"]["data"]["markdown"]) == (200, True)
        _, tickets, _ = await caller.call("POST", "/v1/tools/tickets.list/calls", json={})
        assert tickets["output"]["data"]["tickets"] == [], "what people should look at is told, and not opened"
        refused = {"arguments": {"table": {"path": "/etc/passwd"}}}
        status, called, _ = await caller.call("POST", "/v1/tools/skills.data_profile/calls", json=refused)
        assert (status, called["status"], "/etc/passwd" in called["error"]["detail"]) == (200, "failed", True)


async def test_thor_finds_calls_and_rules(up: Up) -> None:
    assert [one["name"] for one in thor(up.data, "tools", "list", "abrir", "chamado")] == ["tickets.list"]
    assert thor(up.data, "tools", "show", "tickets.list")[0]["effect"] == "read"
    [called] = thor(up.data, "tools", "call", "schedules.ask", "--arguments", json.dumps(ASKS), "--key", "k1", "--reason", "x")
    assert called["status"] == "waiting"
    assert [one["id"] for one in thor(up.data, "tools", "calls", "--status", "waiting")] == [called["id"]]
    thor(up.data, "tools", "rules", "put", "opening", "--tool", "schedules.ask", "--autonomy", "act")
    assert [one["name"] for one in thor(up.data, "tools", "rules", "list") if one["origin"] == "own"] == ["opening"]
    [done] = thor(up.data, "tools", "call", "schedules.ask", "name=outro", "text=E a memória?", "cron=0 9 * * *")
    assert (done["status"], done["output"]["data"]["name"]) == ("done", "outro")
    thor(up.data, "tools", "rules", "remove", "opening")
    assert "There is no rule “opening”" in thor(up.data, "tools", "rules", "remove", "opening", code=1)
