"""What every keeper of rates promises; budgets in reais with prices in dollars; and the rate that the central bank publishes."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hulk.kernel.errors import Exhausted, Forbidden, Refused, Unavailable
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.finops import Rate, Usage
from hulk.modules.finops.adapters.memory import MemoryRates
from hulk.modules.finops.adapters.ptax import Ptax
from hulk.modules.finops.adapters.sql import SqlRates
from hulk.modules.finops.ports import Rates, RateSource
from hulk.modules.finops.usecases.exchanging import RateActs
from hulk.runtime.breaker import Breakers
from hulk.runtime.config import BreakerSettings
from support.money import NOON, Bench, a_bench, planned, spent
from support.postgres import Postgres
from support.ptax_twin import a_ptax
from support.stores import KINDS

CONFORMING: tuple[type[Rates], ...] = (MemoryRates, SqlRates)
TODAY = NOON.date()
PLATFORM = Principal(tenant="default", actor="person:ana", grants=everywhere("admin"))


def rate(value: str = "5.3521", days_ago: int = 0, base: str = "USD") -> Rate:
    return Rate(base=base, quote="BRL", value=Decimal(value), day=TODAY - timedelta(days=days_ago), source="test")


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    async with a_bench(request.param, tmp_path, postgres) as made:
        yield made


async def test_the_newest_rate_of_two_currencies_is_known_and_a_day_has_one(bench: Bench) -> None:
    for one in (rate("5.1", 3), rate("5.2", 1), rate("6.1", 0, "EUR")):
        assert (await bench.commit(bench.rates.put(one))) == [None]
    assert await bench.rates.newest("USD", "BRL") == rate("5.2", 1)
    assert await bench.rates.newest("BRL", "USD") is None
    assert await bench.commit(bench.rates.put(rate("5.25", 1))) == [rate("5.2", 1)]
    assert list(await bench.rates.recent(2)) == [rate("6.1", 0, "EUR"), rate("5.25", 1)]


async def test_a_price_in_dollars_is_held_to_a_budget_in_reais_and_the_row_keeps_both(bench: Bench) -> None:
    await bench.commit(bench.rates.put(rate("5.3521", 2)))
    finops = bench.acts("BRL", daily=Decimal("0.1"))
    charge = await finops.reserve(planned())
    assert (charge.reserved, charge.currency) == (Decimal("0.0125") * Decimal("5.3521"), "BRL")
    with pytest.raises(Exhausted, match="daily budget"):
        await finops.reserve(planned("b"))
    await bench.commit(bench.rates.put(rate("9")))
    [settled] = await bench.commit(finops.settle(charge, Usage(input_tokens=1000)))
    [kept] = await bench.ledger.of_intent("t1", "int_1")
    assert kept == settled
    assert (kept.original, kept.amount, kept.rate) == (Decimal("0.0025"), Decimal("0.01338025"), rate("5.3521", 2))
    assert kept.tariff is not None
    assert kept.tariff.currency == "USD"


async def test_an_intent_that_was_paid_in_two_currencies_costs_what_was_paid_in_the_present_one(bench: Bench) -> None:
    await bench.commit(bench.rates.put(rate("5")))
    before, now = bench.acts("USD"), bench.acts("BRL")
    await bench.commit(now.record_decision(decision="dec_1", tenant="t1", intent="int_1"))
    await bench.commit(before.assume(await before.reserve(planned("a"))))
    assert str((await now.cost_of_intent("t1", "int_1"))[0]) == "USD 0.0125"
    await bench.commit(now.assume(await now.reserve(planned("b"))))
    told, rows = await now.cost_of_intent("t1", "int_1")
    assert (told.amount, told.currency, len(rows)) == (Decimal("0.0625"), "BRL", 3)


@pytest.mark.parametrize("days_ago", [None, 8], ids=["none", "too old"])
async def test_without_a_rate_that_is_new_enough_nothing_is_called(bench: Bench, days_ago: int | None) -> None:
    if days_ago is not None:
        await bench.commit(bench.rates.put(rate("5.2", days_ago)))
    finops = bench.acts("BRL")
    for ask in (finops.reserve, finops.afford):
        with pytest.raises(Refused, match="nothing is called") as caught:
            await ask(planned())
        assert "thor rates set USD BRL" in str(caught.value)
    assert await spent(finops) == 0


async def test_a_rate_that_was_new_enough_grows_too_old(bench: Bench) -> None:
    await bench.commit(bench.rates.put(rate()))
    finops = bench.acts("BRL")
    await finops.reserve(planned("a"))
    bench.clock.now += timedelta(days=8)
    with pytest.raises(Refused, match="nothing is called"):
        await finops.reserve(planned("b"))


async def test_a_rate_that_is_set_holds_at_once_and_is_told(bench: Bench) -> None:
    finops = bench.acts("BRL")
    acts = RateActs(bench.rates, bench.trail, bench.commit, bench.clock, finops.exchange)
    with pytest.raises(Refused):
        await finops.reserve(planned())
    for value in ("5.2", "5.3"):
        await acts.set(PLATFORM, rate(value), "the bank says so")
        assert (await finops.reserve(planned(value))).reserved == Decimal("0.0125") * Decimal(value)
    told = [(one.actor, one.data["before"] and one.data["before"]["value"], one.data["after"]["value"]) for one in bench.trail.events]
    assert told == [("person:ana", None, "5.2"), ("person:ana", "5.2", "5.3")]
    with pytest.raises(Forbidden):
        await acts.set(Principal(tenant="t1", actor="x", grants=everywhere("admin")), rate())


async def test_who_set_a_rate_may_have_a_long_name(bench: Bench) -> None:
    who, finops = f"person:{'a' * 200}", bench.acts("BRL")
    await RateActs(bench.rates, bench.trail, bench.commit, bench.clock).set(replace(PLATFORM, actor=who), rate())
    await finops.reserve(planned())
    [row] = await bench.ledger.of_intent("t1", "int_1")
    assert row.rate == replace(rate(), source=who)


@pytest.mark.parametrize("wrong", [rate("0"), rate("-1"), rate("NaN"), rate("5", -1), rate("1", 0, "BRL")])
async def test_what_can_be_no_rate_is_refused(bench: Bench, wrong: Rate) -> None:
    with pytest.raises(Refused):
        await RateActs(bench.rates, bench.trail, bench.commit, bench.clock).set(PLATFORM, wrong)
    assert await bench.rates.recent(1) == []


# PTAX ---------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ptax() -> Iterator[str]:
    with a_ptax() as url:
        yield url


def source(url: str) -> RateSource:
    return Ptax(url=url, breakers=Breakers(BreakerSettings()))


async def test_the_last_day_that_was_published_is_fetched_to_its_last_digit(ptax: str) -> None:
    found = await source(f"{ptax}/well").published(date(2026, 11, 22))  # a Sunday
    assert found == Rate(base="USD", quote="BRL", value=Decimal("5.32"), day=date(2026, 11, 20), source="ptax")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("down", Unavailable), ("garbage", Refused), ("odd", Refused), ("endless", Refused)],
    ids=["down", "no JSON", "no rate", "too much"],
)
async def test_what_is_no_rate_is_never_guessed(ptax: str, kind: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await source(f"{ptax}/{kind}").published(TODAY)


async def test_an_answer_that_comes_in_many_parts_is_read_to_its_end(ptax: str) -> None:
    found = await source(f"{ptax}/long").published(date(2026, 11, 22))
    assert found is not None
    assert found.day == date(2026, 11, 20)


async def test_nothing_published_is_no_rate(ptax: str) -> None:
    assert await source(f"{ptax}/empty").published(TODAY) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[", "http://127.0.0.1:123456", "nowhere"])
async def test_nobody_there_is_told_as_away(url: str) -> None:
    with pytest.raises(Unavailable, match="PTAX cannot be reached"):
        await source(url).published(TODAY)


async def test_what_is_fetched_is_kept_and_what_fails_leaves_what_there_was(bench: Bench, ptax: str) -> None:
    for kind in ("well", "down", "garbage", "empty"):
        await RateActs(bench.rates, bench.trail, bench.commit, bench.clock, source=source(f"{ptax}/{kind}")).fetch()
    assert [one.source for one in await bench.rates.recent(9)] == ["ptax"]
    assert await RateActs(bench.rates, bench.trail, bench.commit, bench.clock).fetch() is None
