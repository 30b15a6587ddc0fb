"""What people get wrong, and what they are told: the thing, the value, what is allowed, what to do."""

import io
import json
import socket
from pathlib import Path

import pytest

from support.disks import a_small_disk, full
from support.program import Up, calling, environment, run, start, started, thor
from support.worlds import repository, sales

EVERYWHERE = "0.0.0.0"  # noqa: S104  # what is tested is that this needs keys


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    repository(folder / "shop")
    sales(folder / "vendas.csv", days=30)
    (folder / "empty.csv").write_text("")
    (folder / "broken.csv").write_text('a,b\n1,"never closed\n2,3\n' * 50)
    (folder / "latin.csv").write_bytes("nome;valor\nJoão;1\nZoé;2\n".encode("latin-1"))
    (folder / "rubbish.parquet").write_bytes(b"PAR1" + bytes(range(256)) * 20)
    (folder / "plain").mkdir()
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["Describe this file", "--file", "nope.csv"], 2, ["nope.csv"], id="missing file"),
        pytest.param(["Describe this file", "--file", "plain"], 2, ["plain", "--repo"], id="a folder as file"),
        pytest.param(["Which files changed most?", "--repo", "nope"], 2, ["nope"], id="missing repository"),
        pytest.param(["Which files changed most?", "--repo", "plain"], 2, ["plain", "git"], id="not a repository"),
        pytest.param(["Describe this file", "--file", "empty.csv"], 2, ["empty.csv"], id="empty file"),
        pytest.param(["", "--repo", "shop"], 2, ["empty"], id="no text"),
        pytest.param(["a", "b"], 2, ["b"], id="too many arguments"),
        pytest.param(["a", "--nope"], 2, ["--nope"], id="unknown option"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(up: Up, world: Path, arguments: list[str], code: int, words: list[str]) -> None:
    done = run("hulk", "ask", *arguments, "--json", "--data", str(up.data), cwd=world)
    assert (done.returncode, done.stdout) == (code, "")
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "file", "words"),
    [
        pytest.param("Describe this file", "broken.csv", ["broken.csv"], id="broken CSV"),
        pytest.param("Describe this file", "rubbish.parquet", ["rubbish.parquet", "Parquet"], id="not a Parquet file"),
        pytest.param("Describe the column “preco” of this file", "vendas.csv", ["preco", "valor"], id="a column that is not there"),
        pytest.param("Describe the file secret.csv", None, ["secret.csv"], id="a path that is not there"),
        pytest.param("Describe the file ../../../etc/passwd.csv", None, ["roots"], id="a path outside the roots"),
    ],
)
def test_an_intent_that_cannot_be_done_fails_with_words(up: Up, world: Path, text: str, file: str | None, words: list[str]) -> None:
    options = ["--file", file] if file else []
    done = run("hulk", "ask", text, *options, "--json", "--data", str(up.data), cwd=world)
    assert done.returncode == 1, done.stdout + done.stderr
    view = json.loads(done.stdout)
    assert view["status"] == "failed"
    for word in words:
        assert word in view["answer"]


def test_a_day_that_does_not_exist_is_named(up: Up, world: Path) -> None:
    done = run("hulk", "ask", "Which files changed most since February 30?", "--repo", "shop", "--json", "--data", str(up.data), cwd=world)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "February 30" in json.loads(done.stdout)["answer"]


def test_a_file_in_latin_1_is_read_and_said_to_be(up: Up, world: Path) -> None:
    done = run("hulk", "ask", "Describe this file", "--file", "latin.csv", "--json", "--data", str(up.data), cwd=world)
    assert done.returncode == 0, done.stderr
    assert "latin" in json.loads(done.stdout)["answer"].lower()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param({"text": "x" * 1_000_000}, 413, ["1000000", "32000"], id="a text of 1 MB"),
        pytest.param({"text": " "}, 422, ["empty"], id="no text"),
        pytest.param({"txt": "hi"}, 422, ["txt"], id="a wrong key"),
        pytest.param({"text": "hi", "timezone": "Mars/Phobos"}, 422, ["Mars/Phobos"], id="unknown time zone"),
        pytest.param({"text": "hi", "language": "xx"}, 422, ["language"], id="unknown language"),
        pytest.param({"text": "hi", "sources": [{"kind": "file", "path": "/etc/passwd"}]}, 403, ["roots"], id="a path outside the roots"),
        pytest.param({"text": "hi", "sources": [{"kind": "file", "path": "nope.csv"}]}, 404, ["nope.csv"], id="a missing path"),
        pytest.param({"text": "hi", "sources": [{"kind": "file", "blob": "0" * 64}]}, 404, ["0000"], id="a file never sent"),
        pytest.param({"text": "hi", "sources": [{"kind": "file"}]}, 422, ["path", "blob"], id="neither path nor blob"),
    ],
)
async def test_a_wrong_request_is_refused_as_problem_details(up: Up, body: dict[str, object], status: int, words: list[str]) -> None:
    async with calling(up, accept_language="en") as caller:
        found, problem, headers = await caller.call("POST", "/v1/intents", json=body)
        assert (found, headers["content-type"]) == (status, "application/problem+json")
        for word in words:
            assert word in json.dumps(problem)


async def test_invalid_utf_8_is_refused_and_nothing_is_kept(up: Up) -> None:
    async with calling(up, accept_language="en") as caller:
        before = (await caller.call("GET", "/v1/intents"))[1]
        status, _, headers = await caller.call(
            "POST", "/v1/intents", data=b'{"text": "\xff\xfe"}', headers={"content-type": "application/json"}
        )
        assert (status, headers["content-type"]) == (400, "application/problem+json")
        assert (await caller.call("GET", "/v1/intents"))[1] == before


async def test_a_body_over_the_limit_is_refused(up: Up) -> None:
    async with calling(up, accept_language="en") as caller:
        status, problem, _ = await caller.call("POST", "/v1/intents", data=io.BytesIO(b'{"text": "' + b"x" * 3_000_000 + b'"}'))
        assert status == 413
        assert "server.max_body" in problem["detail"]


async def test_errors_are_said_in_portuguese_to_who_reads_it(up: Up) -> None:
    async with calling(up, accept_language="pt-BR") as caller:
        _, problem, _ = await caller.call("POST", "/v1/intents", json={"text": " "})
        assert "vazio" in problem["detail"]


@pytest.mark.parametrize(
    ("yaml", "words"),
    [
        pytest.param("server:\n  prot: 9000\n", ["server.prot", "server.port"], id="unknown key"),
        pytest.param("server:\n  rate_limit: many\n", ["server.rate_limit", "many"], id="wrong value"),
        pytest.param("server: [\n", ["line"], id="not YAML"),
        pytest.param("locale:\n  timezone: Mars/Phobos\n", ["locale.timezone", "Mars/Phobos"], id="unknown time zone"),
        pytest.param("skills:\n  folders: [nowhere]\n", ["nowhere"], id="a skills folder that is not there"),
    ],
)
def test_wrong_settings_stop_the_start_with_2(tmp_path: Path, yaml: str, words: list[str]) -> None:
    (tmp_path / "hulk.yaml").write_text(yaml)
    done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        env = environment(HULK_GRPC__PORT="0")
        done = run("hulk", "up", "--data", str(tmp_path / "data"), "--port", port, cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_a_second_hulk_on_the_same_data_is_refused(up: Up, tmp_path: Path) -> None:
    done = run("hulk", "up", "--data", str(up.data), "--port", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert str(up.data) in done.stderr


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("hulk", "up", "--data", str(tmp_path / "file" / "data"), "--port", "0", cwd=tmp_path)
    assert done.returncode == 1
    assert str(tmp_path / "file" / "data") in done.stderr
    assert "--data" in done.stderr


def test_a_full_disk_is_told_and_nothing_accepted_is_lost(tmp_path: Path) -> None:
    with a_small_disk(tmp_path / "small", 48) as small:
        _full_disk(tmp_path, small)


def _full_disk(world: Path, small: Path) -> None:
    repository(world / "shop")
    up = start(small / "data", cwd=world)
    asked = ["hulk", "ask", "Which files changed most in the last 30 days?", "--repo", "shop", "--json", "--data", str(up.data)]
    try:
        assert run(*asked, cwd=world).returncode == 0
        with full(small):
            refused = run(*asked, cwd=world)
            assert refused.returncode == 1
            assert "disk" in refused.stderr.lower() or "available" in refused.stderr.lower()
            assert up.process.poll() is None
        again = run(*asked, cwd=world)
        assert again.returncode == 0, again.stderr + up.said()[-3000:]
    finally:
        up.stop()


@pytest.mark.parametrize("key", [pytest.param(None, id="no key"), pytest.param("hulk_wrongkey_0000", id="wrong key")])
async def test_off_loopback_every_call_needs_a_key(tmp_path: Path, key: str | None) -> None:
    with started(tmp_path / "data", "--host", EVERYWHERE, cwd=tmp_path) as up:
        local = up.url.replace(EVERYWHERE, "127.0.0.1")
        secret = thor(up.data, "keys", "create", "test")[0]["secret"]
        up.url = local
        async with calling(up, accept_language="en", **({"x_api_key": key} if key else {})) as caller:
            assert (await caller.call("GET", "/health"))[0] == 200
            status, problem, _ = await caller.call("POST", "/v1/intents", json={"text": "hi"})
            assert (status, problem["type"]) == (401, "urn:hulk:problem:unauthenticated")
            status, _, _ = await caller.call("POST", "/v1/intents", json={"text": "hi"}, headers={"x-api-key": secret})
            assert status == 202
        assert secret not in up.said()


async def test_a_page_of_another_site_cannot_ask_the_local_hulk(up: Up) -> None:
    async with calling(up) as caller:
        assert (await caller.call("GET", "/v1/intents", headers={"host": "evil.example"}))[0] == 403
        assert (await caller.call("POST", "/v1/intents", json={"text": "hi"}, headers={"origin": "https://evil.example"}))[0] == 403


def test_texts_and_keys_are_not_in_the_log(up: Up, world: Path) -> None:
    run(
        "hulk", "ask", "Descreva a palavra-secreta-xyzzy deste arquivo", "--file", "vendas.csv", "--json", "--data", str(up.data), cwd=world
    )
    assert "xyzzy" not in up.said()


def test_nothing_is_asked_of_a_folder_without_a_hulk(tmp_path: Path) -> None:
    done = run("thor", "intents", "--data", str(tmp_path / "nothing"), cwd=tmp_path, env=environment())
    assert done.returncode == 1
    assert "hulk up" in done.stderr
