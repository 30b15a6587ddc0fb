"""The child that serves a local model: loaded meanwhile, kept alive, gone with us; over a twin of what serves it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.models import PACKAGED, LocalServer, Patience, model_file, running, serving
from hulk.runtime.telemetry import Metrics
from support.local_models import HASTY, PROGRAM, wanted
from support.patience import until

PARENT = """
import asyncio, sys
from pathlib import Path
from hulk.runtime.models import serving
from support.local_models import PROGRAM, wanted

async def main():
    async with serving(wanted(Path(sys.argv[1]), load=float(sys.argv[2])), program=PROGRAM) as server:
        while server.pid is None or (server.trouble and not float(sys.argv[2])):
            await asyncio.sleep(0.01)
        print("pid", server.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid: int) -> bool:
    """Whether the process executes (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def _gone(pid: int) -> None:
    await until(lambda: not alive(pid), within=5)


async def asked(server: LocalServer, text: str, key: str | None = None) -> int:
    """The status that a question gets, 0 when the connection breaks."""
    headers = {"authorization": f"Bearer {server.key if key is None else key}"}
    body = {"model": "local", "messages": [{"role": "user", "content": text}]}
    try:
        async with aiohttp.ClientSession() as session, session.post(f"{server.url}/chat/completions", json=body, headers=headers) as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


async def test_it_loads_meanwhile_then_answers_who_has_the_key_and_is_gone_after_the_block(tmp_path: Path) -> None:
    async with serving(wanted(tmp_path, load=0.3), HASTY, PROGRAM) as server:
        assert server.state == "loading"
        assert str(server.trouble) == "The local model is not ready yet: it is being loaded."
        await until(lambda: server.trouble is None)
        assert await asked(server, "oi") == 200
        assert await asked(server, "oi", key="guess") == 401
        assert server.memory > 1_000_000
        pid = server.pid
        assert pid is not None
        assert alive(pid)
    assert not alive(pid)


async def test_where_it_answers_is_written_for_its_user_only_while_it_does(tmp_path: Path) -> None:
    async with serving(wanted(tmp_path), HASTY, PROGRAM) as server:
        await until(lambda: server.trouble is None)
        info = tmp_path / "models" / "local.json"
        assert info.stat().st_mode & 0o777 == 0o600
        assert running(tmp_path / "models") == {"url": server.url, "key": server.key, "pid": server.pid, "context": 4096}
    assert running(tmp_path / "models") is None
    info.write_text(json.dumps({"url": "http://127.0.0.1:1/v1", "key": "", "pid": 2**22 + 1}))
    assert running(tmp_path / "models") is None


async def test_killed_it_is_back_at_the_same_address_with_another_key(tmp_path: Path) -> None:
    async with serving(wanted(tmp_path), HASTY, PROGRAM) as server:
        await until(lambda: server.trouble is None)
        url, key, pid = server.url, server.key, server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: server.restarts == 1 and server.trouble is None)
        assert (server.url, server.key != key, server.pid != pid) == (url, True, True)
        assert await asked(server, "oi") == 200
        metrics = Metrics()
        server.measure(metrics)
        shown = metrics.render().decode()
        assert "hulk_local_model_ready 1.0" in shown
        assert "hulk_local_model_restarts_total 1.0" in shown


async def test_nothing_of_a_question_comes_into_the_log_also_when_it_dies_of_it(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with serving(wanted(tmp_path), HASTY, PROGRAM) as server:
            await until(lambda: server.trouble is None)
            assert await asked(server, "SEGREDO 123") == 200
            assert await asked(server, "SEGREDO 123: DIE") == 0
            await until(lambda: server.restarts == 1)
    died = next(one for one in logs if one["event"] == "local_model_died")
    assert died["why"] == "SIGABRT: GGML_ASSERT(n > 0) failed"
    assert "SEGREDO" not in str(logs)


async def test_a_model_that_cannot_be_loaded_is_tried_so_often_a_minute_and_no_more(tmp_path: Path) -> None:
    patience = Patience(first=0.01, longest=0.01, most=2, window=60.0)
    with capture_logs() as logs:
        async with serving(wanted(tmp_path, broken=True), patience, PROGRAM) as server:
            await until(lambda: any(one["event"] == "local_model_keeps_dying" for one in logs))
            assert server.restarts == 2
            assert "has ended" in str(server.trouble)
    (told,) = (one for one in logs if one["event"] == "local_model_keeps_dying")
    assert told["why"] == "exit 1: RuntimeError: Failed to init server, please check the input params."
    assert 50 < told["pause"] <= 60


async def test_one_that_outgrows_its_memory_is_restarted(tmp_path: Path) -> None:
    model = wanted(tmp_path, hold=80_000_000)
    limited = type(model)(file=model.file, folder=model.folder, memory=60_000_000)
    async with serving(limited, HASTY, PROGRAM) as server:
        await until(lambda: server.restarts >= 1)


async def test_a_port_in_use_is_told_at_once(tmp_path: Path) -> None:
    async with serving(wanted(tmp_path), HASTY, PROGRAM) as server:
        await until(lambda: server.trouble is None)
        model = wanted(tmp_path)
        taken = type(model)(file=model.file, folder=model.folder, port=int(server.url.split(":")[2].partition("/")[0]))
        with pytest.raises(Unavailable, match="is taken"):
            async with serving(taken, HASTY, PROGRAM):
                pass


@pytest.mark.parametrize("load", [pytest.param("0", id="while it answers"), pytest.param("30", id="while it loads")])
def test_when_we_are_killed_the_child_is_gone_too(tmp_path: Path, load: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PARENT, str(tmp_path), load]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(next(line for line in parent.stdout if line.startswith("pid ")).split()[1])
        assert alive(pid)
        parent.kill()
    asyncio.run(_gone(pid))


def test_without_a_leash_the_child_ends_when_its_input_does(tmp_path: Path) -> None:
    model = wanted(tmp_path)
    told = {"file": str(model.file), "port": 0, "key": "k", "context": 512, "slots": 1, "threads": 1, "name": "local"}
    with subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(told) + "\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["address"].startswith("http://127.0.0.1:")
        child.stdin.close()
        assert child.wait(timeout=5) == 0


def test_which_file_is_meant(tmp_path: Path) -> None:
    (tmp_path / "own.gguf").write_bytes(b"x")
    assert model_file("own.gguf", tmp_path / "models", tmp_path) == tmp_path / "own.gguf"
    with pytest.raises(Refused, match=r"there is no file .*other\.gguf; packaged are: local, smoke"):
        model_file("other.gguf", tmp_path / "models", tmp_path)
    with pytest.raises(Refused, match="thor models pull local"):
        model_file("local", tmp_path / "models", tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / PACKAGED["local"].file).write_bytes(b"a part of it")
    with pytest.raises(Refused, match="is not there whole"):
        model_file("local", tmp_path / "models", tmp_path)
