"""What is told of calls of models: by OpenTelemetry's names, and nothing of what was said."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from hulk.kernel.errors import HulkError
from hulk.modules.router import Model
from hulk.modules.router.adapters.guarded import GuardedProvider
from hulk.modules.router.adapters.observed import Figures, ObservedProvider
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.domain.model import Prompt
from hulk.runtime.breaker import Breakers
from hulk.runtime.telemetry import Metrics
from support.gates import Recording
from support.twins import openai_twin

PROMPT = Prompt.plain("Be brief.", "segredo-canario")


@pytest.fixture(scope="module")
def twin() -> Iterator[str]:
    with openai_twin() as url:
        yield url


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
async def provider(metrics: Metrics) -> AsyncIterator[ObservedProvider]:
    vendors = Vendors(Recording())
    yield ObservedProvider(GuardedProvider(vendors, Breakers()), Figures.of(metrics))
    await vendors.close()


def model(url: str, vendor: str) -> Model:
    return Model(name="cloud", url=url, model=vendor, kind="openai", api_key="right", total_seconds=5)


def figure(metrics: Metrics, name: str, **labels: str) -> float:
    """The value of that line."""
    for line in metrics.render().decode().splitlines():
        if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
            return float(line.rpartition(" ")[2])
    return 0.0


async def test_an_answer_is_counted_with_its_tokens(twin: str, provider: ObservedProvider, metrics: Metrics) -> None:
    completion = await provider.complete(model(twin, "echo"), PROMPT)
    who = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "openai", "gen_ai_request_model": "echo", "hulk_model": "cloud"}
    assert figure(metrics, "gen_ai_client_operation_duration_seconds_count", **who, error_type="") == 1
    for kind, tokens in (("input", completion.input_tokens), ("output", completion.output_tokens)):
        assert figure(metrics, "gen_ai_client_token_usage_sum", **who, gen_ai_token_type=kind) == tokens > 0


async def test_a_stream_is_counted_when_it_begins_and_ends(twin: str, provider: ObservedProvider, metrics: Metrics) -> None:
    async with provider.stream(model(twin, "echo"), PROMPT) as deltas:
        assert [delta async for delta in deltas]
    assert figure(metrics, "gen_ai_client_operation_time_to_first_chunk_seconds_count", gen_ai_request_model="echo") == 1
    assert figure(metrics, "gen_ai_client_operation_duration_seconds_count", error_type="") == 1
    assert figure(metrics, "gen_ai_client_token_usage_count", gen_ai_token_type="output") == 1


@pytest.mark.parametrize("vendor", ["status-503", "garbage", "nobody"])
async def test_a_failure_is_counted_by_its_kind(twin: str, provider: ObservedProvider, metrics: Metrics, vendor: str) -> None:
    with pytest.raises(HulkError) as caught:
        await provider.complete(model(twin, vendor), PROMPT)
    assert figure(metrics, "gen_ai_client_operation_duration_seconds_count", error_type=caught.value.code) == 1
    assert figure(metrics, "gen_ai_client_token_usage_count") == 0


async def test_nothing_that_is_said_is_told(twin: str, provider: ObservedProvider, metrics: Metrics) -> None:
    await provider.complete(model(twin, "echo"), PROMPT)
    told = metrics.render().decode()
    assert not re.search("canario|You said|Be brief", told)
