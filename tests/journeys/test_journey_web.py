"""A data file given by its address, through the started program: fetched from an allowed host, profiled, told; refused from any other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.program import Up, calling, run
from support.site import a_site
from support.worlds import sales


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("web")
    sales(folder / "vendas.csv")
    with a_site(folder) as site:
        yield site.url


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "hulk.yaml").write_text("tools:\n  http:\n    allow: [127.0.0.1]\n")
    return folder


async def test_the_profile_of_an_address_in_a_sentence(up: Up, web: str) -> None:
    async with calling(up) as caller:
        view = await caller.ended(await caller.ask(f"Perfil de {web}/vendas.csv?versao=2026-03-01, por favor."))
    assert (view["status"], view["decision"]["name"]) == ("completed", "data.profile"), view["answer"]
    assert "vendas.csv" in view["answer"]
    assert "600" in view["answer"]
    assert {ticket["status"] for ticket in view["tickets"] if ticket["owner"] == "run"} == {"completed"}


def test_an_address_stands_behind_file_on_the_command_line(up: Up, web: str, world: Path) -> None:
    done = run("hulk", "ask", "Find anomalies", "--file", f"{web}/vendas.csv", "--json", "--data", str(up.data), cwd=world)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["decision"]["name"] == "data.anomalies"


async def test_what_cannot_be_fetched_is_refused_when_it_is_asked(up: Up, web: str) -> None:
    async with calling(up) as caller:
        for source, status, words in (
            ({"kind": "file", "url": "https://example.com/vendas.csv"}, 403, "tools.http.allow"),
            ({"kind": "repository", "url": f"{web}/x.git"}, 422, "hulk ask --repo"),
            ({"kind": "file", "url": web.replace("//", "//ana:s3nha@")}, 422, "--file"),
        ):
            told, body, _ = await caller.call("POST", "/v1/intents", json={"text": "Descreva o arquivo", "sources": [source]})
            assert (told, words in body["detail"]) == (status, True), body


async def test_a_host_that_is_not_allowed_fails_the_intent_naming_the_setting(up: Up) -> None:
    async with calling(up) as caller:
        view = await caller.ended(await caller.ask("Perfil de https://example.com/vendas.csv?token=abc"))
    assert view["status"] == "failed"
    assert "tools.http.allow" in view["answer"]
    assert "example.com" in view["answer"]


async def test_a_password_in_an_address_is_kept_nowhere(up: Up, web: str, world: Path) -> None:
    address = f"{web}/vendas.csv".replace("//", "//ana:senha-de-teste@")
    async with calling(up) as caller:
        status, body, _ = await caller.call("POST", "/v1/intents", json={"text": f"Perfil de {address}"})
    assert status == 422
    assert "senha-de-teste" not in json.dumps(body)
    done = run("hulk", "ask", "Descreva o arquivo", "--file", address, "--data", str(up.data), cwd=world)
    assert done.returncode == 2
    assert "senha-de-teste" not in done.stdout + done.stderr + up.said()
    assert not any(b"senha-de-teste" in path.read_bytes() for path in up.data.rglob("*") if path.is_file())
