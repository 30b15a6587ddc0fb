"""Prices of the real genai-prices list, and exactness of the arithmetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.finops import Priced, Tariff, Usage
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.domain import price


@pytest.mark.parametrize(
    ("priced", "known"),
    [
        pytest.param(Priced(provider="mine", model="gpt-4o-mini", url="https://api.openai.com/v1"), True, id="by the address"),
        pytest.param(Priced(provider="openai", model="gpt-4o-mini", url="http://proxy.local/v1"), True, id="by the provider's name"),
        pytest.param(Priced(provider="mine", model="gpt-4o-mini", url="http://127.0.0.1:1/v1"), False, id="neither"),
        pytest.param(Priced(provider="openai", model="no-such-model", url="https://api.openai.com/v1"), False, id="unknown model"),
    ],
)
async def test_the_list_knows_a_model_by_who_serves_it(priced: Priced, known: bool) -> None:
    tariff = await GenaiPrices().tariff(priced)
    assert (tariff is not None) == known
    if tariff is not None:
        assert (tariff.input, tariff.output, tariff.currency) == (Decimal("0.15"), Decimal("0.60"), "USD")
        assert tariff.version.startswith("genai-prices 0.")


@given(tokens=st.integers(0, 10**9), milli=st.integers(0, 10**6))
def test_a_price_is_exact(tokens: int, milli: int) -> None:
    tariff = Tariff(input=Decimal(milli).scaleb(-3), output=Decimal(0), currency="USD", version="v")
    assert int(price(tariff, Usage(input_tokens=tokens)).scaleb(9)) == tokens * milli
