"""A model server that goes away and comes back, as those see it who ask, and those who look after Hulk."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from support.ports import free_port
from support.program import Caller, Up, calling, started, thor
from support.twins import openai_twin

NAME = "model:acme"


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def up(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("breakers")
    provider = {"name": "acme", "url": f"http://127.0.0.1:{port}/v1", "model": "echo", "local": True}
    (folder / "hulk.yaml").write_text(json.dumps({"models": {"providers": [provider]}, "server": {"host": "127.0.0.1"}}))
    with started(folder / "data", cwd=folder) as running:
        yield running


@pytest.fixture
async def caller(up: Up) -> AsyncIterator[Caller]:
    async with calling(up, accept_language="en") as one:
        yield one


async def state(caller: Caller) -> str:
    _, body, _ = await caller.call("GET", "/v1/breakers")
    found = {one["name"]: one["state"] for one in body["breakers"]}
    return str(found.get(NAME, "-"))


async def reached(caller: Caller, wanted: str, within: float) -> float:
    """Seconds until the breaker is in that state."""
    begun = time.monotonic()
    async with asyncio.timeout(within):
        while True:
            if await state(caller) == wanted:
                return time.monotonic() - begun
            await asyncio.sleep(0.02)


@pytest.fixture
async def known(caller: Caller, port: int) -> None:
    """The model has been asked once, so that its breaker is there, and lets calls through."""
    if await state(caller) == "-":
        with openai_twin(port):
            await caller.ended(await caller.ask("What is the capital of somewhere?"))
    status, body, _ = await caller.call("POST", f"/v1/breakers/{NAME}/reset")
    assert (status, body["state"]) == (200, "closed")


@pytest.mark.usefixtures("known")
async def test_a_model_that_comes_back_is_used_again_within_two_seconds(caller: Caller, port: int) -> None:
    asked = [await caller.ask(f"What is the capital of country {number}?") for number in range(4)]
    await reached(caller, "open", within=60)
    with openai_twin(port):
        assert await reached(caller, "closed", within=5) < 2
        for intent in asked:
            found = await caller.ended(intent)
            assert found["status"] == "completed", found
            assert "You said" in found["answer"]
    _, metrics, _ = await caller.call("GET", "/metrics")
    assert f'hulk_breaker_state{{name="{NAME}",state="closed"}} 1.0' in metrics["text"]
    assert f'hulk_breaker_calls_total{{name="{NAME}",outcome="failure"}}' in metrics["text"]


@pytest.mark.usefixtures("known")
async def test_an_operator_cuts_off_and_lets_through_again(up: Up, caller: Caller) -> None:
    for act, after in (("isolate", "isolated"), ("disable", "disabled"), ("reset", "closed")):
        assert [one["state"] for one in thor(up.data, "breakers", act, NAME)] == [after]
        assert [one["state"] for one in thor(up.data, "breakers", "list") if one["name"] == NAME] == [after]
        assert await state(caller) == after
    assert "There is no breaker http:nowhere" in thor(up.data, "breakers", "reset", "http:nowhere", code=1)


@pytest.mark.usefixtures("known")
async def test_what_is_isolated_is_refused_with_what_to_do(caller: Caller) -> None:
    status, body, _ = await caller.call("POST", f"/v1/breakers/{NAME}/isolate")
    assert (status, body["state"], body["retry_after"]) == (200, "isolated", None)
    intent = await caller.ask("What is the capital of nowhere?")
    found = await caller.ended(intent)
    assert found["status"] == "failed"
    assert f"thor breakers reset {NAME}" in found["problem"]["detail"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        pytest.param("http:nowhere/reset", 404, "not_found", id="no such breaker"),
        pytest.param(f"{NAME}/explode", 422, "invalid", id="no such act"),
    ],
)
async def test_wrong_names_are_told(caller: Caller, path: str, status: int, kind: str) -> None:
    code, body, _ = await caller.call("POST", f"/v1/breakers/{path}")
    assert (code, body["type"]) == (status, f"urn:hulk:problem:{kind}")
