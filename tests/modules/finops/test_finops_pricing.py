"""What a use of a model costs: cached and reasoning tokens, tiers, calls, hours of a machine that calls share."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.kernel.errors import Refused
from hulk.modules.finops import Budget, OwnPrice, Priced, Tariff, Usage
from hulk.modules.finops.adapters.genai import GenaiPrices
from hulk.modules.finops.adapters.memory import MemoryLedger
from hulk.modules.finops.domain import Meter, Tier, most, price
from hulk.modules.finops.domain.pricing import own_tariff
from hulk.modules.finops.usecases import acts
from hulk.runtime.cache import Records, running
from support.memory import at_once
from support.money import PAID, PRICES, Time, planned

D = Decimal
FULL = Tariff(
    input=D(3), output=D(15), cached_read=D("0.3"), cached_write=D("3.75"), reasoning=D(20), request=D("0.01"), currency="USD", version="v",
    tiers=(Tier(above=200_000, input=D(6), output=D("22.5"), cached_read=D("0.6")),),
)  # fmt: skip


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        pytest.param(Usage(input_tokens=1000, output_tokens=100), "0.0145", id="plain"),
        pytest.param(Usage(input_tokens=1000, cached_read_tokens=400, cached_write_tokens=100), "0.011995", id="cached"),
        pytest.param(Usage(output_tokens=100, reasoning_tokens=40), "0.0117", id="reasoning"),
        pytest.param(Usage(), "0.01", id="a call of nothing"),
        pytest.param(Usage(input_tokens=200_001), "1.210006", id="all of a long prompt is dearer"),
        pytest.param(Usage(input_tokens=200_000), "0.61", id="one that is as long as it may be is not"),
    ],
)
def test_each_part_costs_its_own_price(usage: Usage, cost: str) -> None:
    assert price(FULL, usage) == D(cost)


tokens = st.integers(0, 400_000)


@given(asked=tokens, out=tokens, shares=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)))
def test_no_call_costs_more_than_the_most_that_was_reserved_for_it(asked: int, out: int, shares: tuple[float, ...]) -> None:
    used_in, used_out = int(asked * shares[0]), int(out * shares[1])
    read = int(used_in * shares[2])
    used = Usage(
        input_tokens=used_in, output_tokens=used_out, cached_read_tokens=read, cached_write_tokens=int((used_in - read) * shares[3]),
        reasoning_tokens=int(used_out * shares[4]),
    )  # fmt: skip
    assert price(FULL, used) <= most(FULL, Usage(input_tokens=asked, output_tokens=out))


@pytest.fixture
async def prices() -> AsyncIterator[GenaiPrices]:
    async with running(10) as caches:
        yield GenaiPrices(caches.named("prices", Records(Tariff)))


@pytest.mark.parametrize("named", ["anthropic claude-sonnet-4-5", "openai gpt-5", "google gemini-2.5-pro", "deepseek deepseek-chat"])
@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=1200, output_tokens=300),
        Usage(input_tokens=1200, cached_read_tokens=700, output_tokens=300),
        Usage(input_tokens=250_000, output_tokens=300),
    ],
    ids=["plain", "cached", "long"],
)
async def test_our_cost_is_what_the_list_itself_computes(prices: GenaiPrices, named: str, usage: Usage) -> None:
    provider, model = named.split()
    tariff = await prices.tariff(Priced(provider=provider, model=model, url="http://127.0.0.1:1"))
    assert tariff is not None
    theirs = genai_prices.Usage(
        input_tokens=usage.input_tokens, cache_read_tokens=usage.cached_read_tokens, output_tokens=usage.output_tokens
    )
    assert price(tariff, usage) == genai_prices.calc_price(theirs, model, provider_id=provider).total_price


def test_an_own_price_holds_in_its_days_only() -> None:
    old, new = OwnPrice(input=D(1), output=D(1), until=date(2026, 11, 20)), OwnPrice(input=D(2), output=D(2), since=date(2026, 11, 22))
    found = {day: own_tariff([old, new], PAID, "BRL", date(2026, 11, day)) for day in (20, 22)}
    assert [one.input for one in found.values()] == [D(1), D(2)]
    with pytest.raises(Refused, match="No price of"):
        own_tariff([old, new], PAID, "BRL", date(2026, 11, 21))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10**12)), max_size=60))
def test_calls_that_share_a_machine_pay_together_for_just_the_time_in_which_it_worked(steps: list[tuple[int, int]]) -> None:
    meter, now, under_way, busy, paid, ended = Meter(), 0, set[str](), 0, D(0), 0
    for call, waited in steps:
        busy, now = busy + (waited if under_way else 0), now + waited
        if str(call) in under_way:
            under_way.remove(str(call))
            paid, ended = paid + (meter.end("m", str(call), now) or 0), ended + 1
        else:
            under_way.add(str(call))
            meter.begin("m", str(call), now)
    for left in sorted(under_way):
        paid, ended = paid + (meter.end("m", left, now) or 0), ended + 1
    assert abs(paid - D(busy).scaleb(-9)) <= D(ended).scaleb(-9)  # each share is rounded to a nanosecond
    assert meter.end("m", "nobody", now) is None


async def test_an_hour_has_a_price_where_the_operator_says_so_and_what_is_reserved_is_for_as_long_as_it_may_last() -> None:
    own = {"ollama": [OwnPrice(input=D(0), output=D(0), hour=D("3.6"))]}
    finops = acts(MemoryLedger(), PRICES, Budget(), at_once, Time(), own=own)
    local = Priced(provider="ollama", model="qwen", url="u", local=True)
    charge = await finops.reserve(planned(priced=local))
    assert charge.reserved == D("3.6")
    [settled] = await at_once(finops.settle(charge, Usage(output_tokens=10, seconds=D("2.5"))))
    assert settled.amount == D("0.0025")
    measured = await finops.reserve(planned("b", priced=local))
    [settled] = await at_once(finops.settle(measured, Usage(output_tokens=10)))
    assert 0 < settled.amount < D("0.1")
    assert settled.usage.seconds > 0
