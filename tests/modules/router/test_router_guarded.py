"""Models behind breakers, against a twin that is switched off and on."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from hulk.modules.router import Model
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Ended, Kind, Prompt, Uncertain, Unsent
from hulk.modules.router.ports import Health
from hulk.runtime.breaker import Breakers
from support.gates import Recording
from support.patience import until
from support.ports import free_port
from support.twins import openai_twin
from support.vendors import TWINS

PROMPT = Prompt.plain("Be brief.", "hello")


@pytest.fixture
async def breakers() -> AsyncIterator[Breakers]:
    async with Breakers().working() as working:
        yield working


@pytest.fixture
async def guarded(breakers: Breakers) -> AsyncIterator[GuardedProvider]:
    provider = Vendors(Recording())
    yield GuardedProvider(provider, breakers, provider.probe)
    await provider.close()


def model(port: int, name: str = "echo", key: str = "right") -> Model:
    return Model(name="acme", url=f"http://127.0.0.1:{port}/v1", model=name, api_key=key, local=True, total_seconds=1.0)


async def fail(guarded: GuardedProvider, chosen: Model, times: int) -> None:
    for _ in range(times):
        with pytest.raises((Unsent, Uncertain)):
            await guarded.complete(chosen, PROMPT)


async def test_a_model_that_is_away_is_left_alone_and_taken_up_without_being_asked(guarded: GuardedProvider, breakers: Breakers) -> None:
    port = free_port()
    await fail(guarded, model(port), 5)
    assert breakers.find("model:acme").state == "open"
    begun = time.monotonic()
    with pytest.raises(Unsent, match="model:acme is not asked right now") as refusal:
        await guarded.complete(model(port), PROMPT)
    assert time.monotonic() - begun < 0.1
    assert refusal.value.retry_after is not None
    await asyncio.sleep(1.5)
    assert breakers.find("model:acme").state != "closed"
    with openai_twin(port):
        assert await until(lambda: breakers.find("model:acme").state == "closed") < 2
        assert (await guarded.complete(model(port), PROMPT)).text == "You said: hello"


async def test_what_the_server_refuses_says_nothing_about_its_health(guarded: GuardedProvider, breakers: Breakers) -> None:
    with openai_twin() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        for _ in range(10):
            with pytest.raises(Exception, match="refuses the key"):
                await guarded.complete(model(port, key="wrong"), PROMPT)
    assert breakers.find("model:acme").state == "closed"


async def test_each_model_has_a_breaker_of_its_own(guarded: GuardedProvider, breakers: Breakers) -> None:
    with openai_twin() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        await fail(guarded, model(free_port()), 5)
        other = Model(name="other", url=f"http://127.0.0.1:{port}/v1", model="echo", local=True)
        assert (await guarded.complete(other, PROMPT)).text == "You said: hello"
    assert [(one.name, one.state) for one in breakers] == [("model:acme", "open"), ("model:other", "closed")]


async def test_streams_open_the_breaker_and_are_refused_by_it(guarded: GuardedProvider, breakers: Breakers) -> None:
    with openai_twin() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        for name in ("down", "truncated", "broken", "down", "truncated"):
            with pytest.raises((Unsent, Uncertain)):
                await streamed(guarded, model(port, name))
        assert breakers.find("model:acme").state == "open"
        with pytest.raises(Unsent, match="is not asked right now"):
            await streamed(guarded, model(port))


async def test_a_reader_who_fails_or_leaves_says_nothing_about_the_model(guarded: GuardedProvider, breakers: Breakers) -> None:
    with openai_twin() as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        for _ in range(10):
            with pytest.raises(OSError, match="the reader's own"):
                await streamed(guarded, model(port), fails=True)
        assert breakers.find("model:acme").counts.calls == 0
        assert await streamed(guarded, model(port)) == "You said: hello"
        assert breakers.find("model:acme").counts.calls == 1


async def streamed(guarded: GuardedProvider, chosen: Model, *, fails: bool = False) -> str:
    """The whole answer."""
    async with guarded.stream(chosen, PROMPT) as deltas:
        async for delta in deltas:
            if fails:
                raise OSError("the reader's own")
            if isinstance(delta, Ended):
                return delta.completion.text
    raise AssertionError("a stream without an end")


@pytest.mark.parametrize("kind", list(TWINS))
async def test_every_vendor_is_probed_through_the_gate_with_the_key_of_now(kind: Kind) -> None:
    keys, gate = ["old", "right"], Recording()
    vendors = Vendors(gate, lambda _: keys[-1])
    with TWINS[kind]() as url:
        asked = Model(name="acme", url=url, model="echo", kind=kind, api_key="wrong")
        await vendors.probe(asked)
        keys.append("wrong")
        await vendors.probe(asked)
        assert [(method, body) for method, _, body in gate.passed] == [("GET", b"")] * 2
    with pytest.raises(Unsent, match="cannot be reached"):
        await vendors.probe(asked)
    await vendors.close()


@pytest.mark.parametrize("served", [False, True])
async def test_who_is_left_alone_is_told_of_before_asking(guarded: GuardedProvider, served: bool) -> None:
    health: Health = ServedProvider(guarded, "another", lambda: None) if served else guarded
    away = model(free_port())
    assert health.refusal(away) is None
    await fail(guarded, away, 5)
    refusal = health.refusal(away)
    assert isinstance(refusal, Unsent)
    assert "model:acme is not asked right now" in str(refusal)
    assert refusal.retry_after is not None
