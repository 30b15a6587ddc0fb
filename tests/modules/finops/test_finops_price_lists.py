"""What every list of prices promises (`ports.Prices`), asked for one model that both lists know."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal

import pytest

from hulk.modules.finops import Priced, Tariff, Usage
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.domain import price
from hulk.modules.finops.ports import Prices
from hulk.runtime.cache import Caches, Records, running

KNOWN = Priced(provider="openai", model="gpt-4o-mini", url="https://api.openai.com/v1")
TARIFF = Tariff(input=Decimal("0.15"), output=Decimal("0.60"), currency="USD", version="by hand")

CONFORMING: dict[str, Callable[[Caches], Prices]] = {
    "by hand": lambda _: PriceTable({("openai", "gpt-4o-mini"): TARIFF}),
    "genai-prices": lambda caches: GenaiPrices(caches.named("prices", Records(Tariff))),
}


@pytest.fixture(params=list(CONFORMING))
async def prices(request: pytest.FixtureRequest) -> AsyncIterator[Prices]:
    """Each in turn."""
    async with running(10) as caches:
        yield CONFORMING[request.param](caches)


async def test_a_known_model_has_a_tariff_per_million_that_says_where_it_is_from(prices: Prices) -> None:
    tariff = await prices.tariff(KNOWN)
    assert tariff is not None
    assert (tariff.input, tariff.output, tariff.currency) == (Decimal("0.15"), Decimal("0.60"), "USD")
    assert tariff.version
    assert price(tariff, Usage(input_tokens=1_000_000, output_tokens=500_000)) == Decimal("0.45")


async def test_asking_again_gives_the_same(prices: Prices) -> None:
    assert await prices.tariff(KNOWN) == await prices.tariff(KNOWN)


@pytest.mark.parametrize(
    "priced",
    [
        pytest.param(Priced(provider="openai", model="no-such-model", url="https://api.openai.com/v1"), id="model"),
        pytest.param(Priced(provider="no-such-provider", model="gpt-4o-mini", url="http://127.0.0.1:9/v1"), id="provider"),
        pytest.param(Priced(provider="", model="", url=""), id="nothing"),
    ],
)
async def test_what_the_list_does_not_have_has_no_tariff(prices: Prices, priced: Priced) -> None:
    assert await prices.tariff(priced) is None
