"""The model that Hulk serves itself, as the router sees it: over a twin of what serves it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.served import ServedProvider
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Abilities, Ended, Prompt, Said, Unsent
from hulk.modules.router.settings import ModelsSettings
from hulk.modules.router.wiring import models_of
from hulk.runtime.breaker import Breakers
from hulk.runtime.models import LocalServer, serving
from support.gates import Recording
from support.local_models import HASTY, PROGRAM, wanted
from support.patience import until

PROMPT = Prompt.plain("Be brief.", "hello")
SETTINGS = ModelsSettings.model_validate(
    {
        "local": {"model": "local", "context": 2048, "max_output_tokens": 100},
        "providers": [{"name": "far", "url": "http://127.0.0.1:9/v1", "model": "m"}],
    }
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[LocalServer]:
    async with serving(wanted(tmp_path, load=0.3), HASTY, PROGRAM) as one:
        yield one


async def test_it_is_the_last_of_the_models_and_may_see_what_must_stay_here() -> None:
    far, local = models_of(SETTINGS, "http://127.0.0.1:1234/v1")
    assert (far.name, local.name, local.url, local.local) == ("far", "local", "http://127.0.0.1:1234/v1", True)
    assert local.abilities == Abilities(tools=False, schema=True, streaming=True, context=2048)
    assert (local.most_output_tokens, local.total_seconds) == (100, timedelta(minutes=5).total_seconds())
    assert [model.name for model in models_of(SETTINGS, None)] == ["far"]


async def test_until_it_is_there_nothing_is_sent_then_it_answers(server: LocalServer) -> None:
    gate = Recording()
    vendors = Vendors(gate, key_of=lambda _: server.key)
    provider = ServedProvider(GuardedProvider(vendors, Breakers()), "local", lambda: server.trouble)
    far, local = models_of(SETTINGS, server.url)
    with pytest.raises(Unsent, match="is being loaded") as refusal:
        await provider.complete(local, PROMPT)
    assert refusal.value.retry_after == 2.0
    refused = provider.refusal(local)
    assert refused is not None
    assert "is being loaded" in str(refused)
    assert provider.refusal(far) is None
    with pytest.raises(Unsent, match="is being loaded"):
        async with provider.stream(local, PROMPT):
            pass
    assert gate.passed == []
    with pytest.raises(Unsent, match="far cannot be reached"):
        await provider.complete(far, PROMPT)
    await until(lambda: server.trouble is None)
    assert provider.refusal(local) is None
    assert (await provider.complete(local, PROMPT)).text == "Brasília."
    async with provider.stream(local, PROMPT) as deltas:
        *said, last = [delta async for delta in deltas]
    assert "".join(delta.text for delta in said if isinstance(delta, Said)) == "Brasília."
    assert isinstance(last, Ended)
    await vendors.close()


def test_its_name_is_taken() -> None:
    provider = {"name": "local", "url": "http://127.0.0.1:9/v1", "model": "m"}
    assert ModelsSettings.model_validate({"providers": [provider]}).providers[0].name == "local"
    with pytest.raises(ValidationError, match="no provider named"):
        ModelsSettings.model_validate({"local": {"model": "local"}, "providers": [provider]})
