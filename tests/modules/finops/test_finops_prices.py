"""Prices of the real genai-prices list, and exactness of the arithmetic."""

import subprocess
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.finops import Priced, Tariff, Usage
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.domain import price
from hulk.runtime.cache import Records, running


@pytest.fixture
async def prices() -> AsyncIterator[GenaiPrices]:
    async with running(10) as caches:
        yield GenaiPrices(caches.named("prices", Records(Tariff)))


def test_a_price_once_looked_up_is_known_to_the_next_process_without_loading_the_list(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from hulk.modules.finops import Priced, Tariff
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.runtime.cache import Records, opened
from hulk.runtime.config import CacheSettings

async def main():
    async with opened(CacheSettings(), Path(sys.argv[1])) as caches:
        prices = GenaiPrices(caches.named("prices", Records(Tariff)))
        print(await prices.tariff(Priced(provider="openai", model="gpt-4o-mini", url="https://api.openai.com/v1")))
    print("genai_prices" in sys.modules)

asyncio.run(main())
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines() for _ in range(2))
    assert first[0] == second[0]
    assert (first[1], second[1]) == ("True", "False")


@pytest.mark.parametrize(
    ("priced", "known"),
    [
        pytest.param(Priced(provider="mine", model="gpt-4o-mini", url="https://api.openai.com/v1"), True, id="by the address"),
        pytest.param(Priced(provider="openai", model="gpt-4o-mini", url="http://proxy.local/v1"), True, id="by the provider's name"),
        pytest.param(Priced(provider="mine", model="gpt-4o-mini", url="http://127.0.0.1:1/v1"), False, id="neither"),
        pytest.param(Priced(provider="openai", model="no-such-model", url="https://api.openai.com/v1"), False, id="unknown model"),
    ],
)
async def test_the_list_knows_a_model_by_who_serves_it(prices: GenaiPrices, priced: Priced, known: bool) -> None:
    tariff = await prices.tariff(priced)
    assert (tariff is not None) == known
    if tariff is not None:
        assert (tariff.input, tariff.output, tariff.currency) == (Decimal("0.15"), Decimal("0.60"), "USD")
        assert tariff.version.startswith("genai-prices 0.")


@given(tokens=st.integers(0, 10**9), milli=st.integers(0, 10**6))
def test_a_price_is_exact(tokens: int, milli: int) -> None:
    tariff = Tariff(input=Decimal(milli).scaleb(-3), output=Decimal(0), currency="USD", version="v")
    assert int(price(tariff, Usage(input_tokens=tokens)).scaleb(9)) == tokens * milli
