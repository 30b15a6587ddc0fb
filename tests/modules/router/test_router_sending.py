"""Nothing goes to a model without leave for just that, whatever asks it; and of what went a receipt is kept, wherever receipts are kept."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import Forbidden, Unavailable
from hulk.modules.router.adapters.memory import MemoryReceipts
from hulk.modules.router.adapters.sql import SqlReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.capability import Capability, Receipt
from hulk.modules.router.domain.model import Ended, Model, Prompt
from hulk.modules.router.ports import Receipts
from hulk.modules.router.usecases.sending import GiveLeave, PassOut, Send
from support.memory import at_once
from support.postgres import Postgres
from support.stores import KINDS, a_store
from support.twins import openai_twin, seen

KEY = b"k" * 32
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTION = "What is the capital of France?"
PROMPT = Prompt.plain("Answer briefly.", QUESTION)
OTHER = Prompt.plain("Answer briefly.", "Whose number is 529.982.247-25?")


@dataclass
class Bench:
    """Models at a twin, the way to them, and a clock that stands until it is moved."""

    url: str
    receipts: Receipts
    commit: Commit
    now: datetime = NOW
    models: list[Model] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.models = [
            Model(name="cloud", url=self.url, model="echo"),
            Model(name="home", url=self.url, model="echo", local=True),
            Model(name="elsewhere", url="http://127.0.0.1:9/v1", model="echo"),
        ]
        self.provider = Vendors(PassOut(self.models, KEY, self.receipts, self.commit, self.clock))
        self.send = Send(self.provider, KEY, self.clock)
        self.before = len(seen(self.url))

    def clock(self) -> datetime:
        return self.now

    def leave(self, **other: Any) -> Capability:
        return GiveLeave(KEY, self.clock)(**{"decision": "dec_1", "tenant": "acme", "prompt": PROMPT, "reach": "any", **other})

    @property
    def arrived(self) -> int:
        """How many requests came to the twin."""
        return len(seen(self.url)) - self.before

    async def kept(self) -> Sequence[Receipt]:
        return await self.receipts.of_decision("acme", "dec_1")


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, twin: str, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    if request.param == "memory":
        made = Bench(twin, MemoryReceipts(), at_once)
        yield made
        await made.provider.close()
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        made = Bench(twin, SqlReceipts(store), store.commit)
        yield made
        await made.provider.close()


async def test_by_leave_it_goes_and_the_receipt_proves_what_left(bench: Bench) -> None:
    completion = await bench.send(bench.leave(), bench.models[0], PROMPT)
    [receipt] = await bench.kept()
    sent = json.dumps(seen(bench.url)[-1], separators=(",", ":"), ensure_ascii=False)
    assert completion.text == f"You said: {QUESTION}"
    assert receipt.proved(KEY)
    assert receipt == replace(
        receipt, model="cloud", host=bench.url.split("/")[2], local=False, payload=PROMPT.digest, at=NOW,
        body=hashlib.sha256(sent.encode()).hexdigest(),
    )  # fmt: skip


async def test_a_stream_goes_by_leave_too(bench: Bench) -> None:
    async with bench.send.stream(bench.leave(), bench.models[0], PROMPT) as deltas:
        last = [delta async for delta in deltas][-1]
    assert isinstance(last, Ended)
    assert len(await bench.kept()) == bench.arrived == 1


async def test_texts_go_by_leave_for_all_of_them(bench: Bench) -> None:
    texts = Prompt.texts([QUESTION, "another"])
    leave, maker = bench.leave(prompt=texts), bench.models[0]
    assert len((await bench.send.embed(leave, maker, texts)).vectors) == 2
    assert [receipt.payload for receipt in await bench.kept()] == [texts.digest]
    for other in (Prompt.texts([QUESTION]), Prompt.texts(["another", QUESTION]), Prompt.texts([QUESTION, "another", "x"])):
        with pytest.raises(Forbidden, match="for something else"):
            await bench.send.embed(leave, maker, other)
    with pytest.raises(Forbidden, match="must stay in the company"):
        await bench.send.embed(bench.leave(prompt=texts, reach="local"), maker, texts)
    assert len(await bench.kept()) == bench.arrived == 1


async def test_each_attempt_has_its_receipt(bench: Bench) -> None:
    leave = bench.leave()
    for _ in range(2):
        await bench.send(leave, bench.models[1], PROMPT)
    found = await bench.kept()
    assert [(one.model, one.local) for one in found] == [("home", True)] * 2
    assert len({one.id for one in found}) == 2
    assert await bench.receipts.of_decision("bolt", "dec_1") == []


@pytest.mark.parametrize(
    ("changes", "model", "prompt"),
    [
        pytest.param({}, 0, OTHER, id="another prompt"),
        pytest.param({}, 0, Prompt.plain("Answer at length.", QUESTION), id="other instructions"),
        pytest.param({"reach": "local"}, 0, PROMPT, id="a model outside"),
    ],
)
async def test_anything_else_stays(bench: Bench, changes: dict[str, Any], model: int, prompt: Prompt) -> None:
    leave = bench.leave(**changes)
    with pytest.raises(Forbidden):
        await bench.send(leave, bench.models[model], prompt)
    with pytest.raises(Forbidden):
        async with bench.send.stream(leave, bench.models[model], prompt):
            pass
    assert (bench.arrived, await bench.kept()) == (0, [])


async def test_a_leave_that_was_widened_or_has_ended_is_none(bench: Bench) -> None:
    leave = bench.leave(reach="local")
    with pytest.raises(Forbidden, match="altered"):
        await bench.send(replace(leave, reach="any"), bench.models[0], PROMPT)
    bench.now += timedelta(minutes=10)
    with pytest.raises(Forbidden, match="ended"):
        await bench.send(leave, bench.models[1], PROMPT)
    assert bench.arrived == 0


async def test_who_asks_the_provider_without_send_is_stopped_at_the_transport(bench: Bench) -> None:
    with pytest.raises(Forbidden, match="nobody gave it leave"):
        await bench.provider.complete(bench.models[1], PROMPT)
    async with bench.send.stream(bench.leave(), bench.models[0], PROMPT):
        with pytest.raises(Forbidden, match="nobody gave it leave"):  # what was open for the stream is shut again
            await bench.provider.complete(bench.models[0], OTHER)
    assert bench.arrived == 1


async def test_a_model_that_nobody_configured_gets_nothing_whatever_it_says_of_itself(bench: Bench) -> None:
    leave = bench.leave(reach="local")
    for made_up in (replace(bench.models[0], local=True), Model(name="x", url=bench.url, model="echo", local=True)):
        with pytest.raises(Forbidden):
            await bench.send(leave, made_up, PROMPT)
    assert (bench.arrived, await bench.kept()) == (0, [])


async def test_a_task_begun_while_something_goes_may_not_send_once_it_has_gone(bench: Bench) -> None:
    async with asyncio.TaskGroup() as group:
        free = asyncio.Event()

        async def later() -> None:
            await free.wait()
            with pytest.raises(Forbidden, match="nobody gave it leave"):
                await bench.provider.complete(bench.models[0], OTHER)

        class Begetting:
            async def complete(self, model: Model, prompt: Prompt) -> Any:
                group.create_task(later())
                return await bench.provider.complete(model, prompt)

        await replace(bench.send, provider=Begetting())(bench.leave(), bench.models[0], PROMPT)  # type: ignore[arg-type]  # it only completes
        free.set()
    assert bench.arrived == 1


class Straying:
    """A provider that asks another model than it was told to."""

    def __init__(self, inner: Vendors, to: Model) -> None:
        self.inner, self.to = inner, to

    async def complete(self, _: Model, prompt: Prompt) -> Any:
        return await self.inner.complete(self.to, prompt)


async def test_a_provider_that_strays_is_stopped(bench: Bench) -> None:
    astray = replace(bench.send, provider=Straying(bench.provider, bench.models[2]))  # type: ignore[arg-type]  # it only completes
    with pytest.raises(Forbidden, match="the leave is for cloud"):
        await astray(bench.leave(), bench.models[0], PROMPT)
    assert (bench.arrived, await bench.kept()) == (0, [])


async def test_leave_is_a_tasks_own(bench: Bench) -> None:
    """What another task does at the same time has none."""
    sent, free = asyncio.Event(), asyncio.Event()

    async def by_leave() -> None:
        async with bench.send.stream(bench.leave(), bench.models[0], PROMPT):
            sent.set()
            await free.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(by_leave())
        await sent.wait()
        with pytest.raises(Forbidden):
            await bench.provider.complete(bench.models[0], OTHER)
        free.set()
    assert bench.arrived == 1


async def test_without_a_receipt_nothing_goes(twin: str) -> None:
    async def away(*_: Change[Any]) -> list[Any]:
        raise Unavailable("The database is not available right now.")

    bench = Bench(twin, MemoryReceipts(), away)
    with pytest.raises(Unavailable, match="database"):
        await bench.send(bench.leave(), bench.models[0], PROMPT)
    await bench.provider.close()
    assert bench.arrived == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "passes"),
    [
        pytest.param("GET", "/models", b"", True, id="is it well?"),
        pytest.param("GET", "/models?cpf=52998224725", b"", False, id="with something in its address"),
        pytest.param("GET", "/models", b"52998224725", False, id="with something in it"),
        pytest.param("POST", "/models", b"", False, id="another method"),
        pytest.param("GET", "/chat/completions", b"", False, id="another address"),
    ],
)
async def test_without_leave_only_the_list_of_models_may_be_asked_for(twin: str, method: str, path: str, body: bytes, passes: bool) -> None:
    gate = PassOut([Model(name="cloud", url=twin, model="echo")], KEY, MemoryReceipts(), at_once, lambda: NOW)
    if passes:
        await gate(method, twin + path, body)
        return
    with pytest.raises(Forbidden):
        await gate(method, twin + path, body)
