"""What every ledger promises, in memory, SQLite and PostgreSQL; and that no concurrency spends past a budget."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import Exhausted, NotFound, Refused, Unavailable
from hulk.kernel.money import Money
from hulk.modules.finops import Budget, OwnPrice, Priced, Scope, Tariff, Usage
from hulk.modules.finops.adapters.memory import MemoryLedger
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.domain import Slot, price
from hulk.modules.finops.ports import Ledger
from hulk.modules.finops.usecases import acts
from hulk.modules.finops.usecases.paying import CloseStale
from support.memory import at_once, away
from support.money import PRICES, TARIFF, Bench, a_bench, of_tenant, planned, spent
from support.postgres import Postgres
from support.stores import KINDS

CONFORMING: tuple[type[Ledger], ...] = (MemoryLedger, SqlLedger)


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    async with a_bench(request.param, tmp_path, postgres) as made:
        yield made


async def test_settling_replaces_what_was_reserved_by_the_exact_cost(bench: Bench) -> None:
    finops = bench.acts()
    charge = await finops.reserve(planned())
    assert await spent(finops) == Decimal("0.0125")
    [settled] = await bench.commit(finops.settle(charge, Usage(input_tokens=333, output_tokens=7)))
    assert settled.amount == Decimal("0.0009025")
    assert await spent(finops) == await spent(finops, "2026-11") == Decimal("0.0009025")
    total, [row] = await finops.cost_of_intent("t1", "int_1")
    assert (str(total), row.tariff, row.usage.input_tokens) == ("USD 0.0009025", TARIFF, 333)


async def test_releasing_gives_everything_back(bench: Bench) -> None:
    finops = bench.acts(daily=Decimal("0.0125"))
    await bench.commit(finops.release(await finops.reserve(planned("a"))))
    assert await spent(finops) == 0
    assert (await finops.reserve(planned("b"))).status == "reserved"


async def test_an_unknown_outcome_counts_in_full(bench: Bench) -> None:
    finops = bench.acts()
    await bench.commit(finops.assume(await finops.reserve(planned())))
    assert str((await finops.cost_of_intent("t1", "int_1"))[0]) == "USD 0.0125"


async def test_each_act_done_twice_has_one_effect(bench: Bench) -> None:
    finops = bench.acts()
    first = await finops.reserve(planned())
    again = await finops.reserve(planned())
    usage = Usage(input_tokens=10, output_tokens=10)
    await bench.commit(
        finops.settle(first, usage), finops.settle(again, Usage(input_tokens=999)), finops.release(first), finops.assume(first)
    )
    decision = finops.record_decision(decision="dec_1", tenant="t1", intent="int_1")
    await bench.commit(decision, decision)
    total, rows = await finops.cost_of_intent("t1", "int_1")
    assert total.amount == price(TARIFF, usage)
    assert sorted(row.kind for row in rows) == ["decision", "model"]
    assert await spent(finops) == total.amount


async def test_what_is_refused_leaves_nothing_written(bench: Bench) -> None:
    finops = bench.acts(daily=Decimal("0.01"))
    with pytest.raises(Exhausted):
        await finops.reserve(planned())
    assert await bench.ledger.spending(of_tenant("2026-11-21")) is None
    assert await bench.ledger.of_intent("t1", "int_1") == []


async def test_all_slots_are_told_at_once_with_the_budgets_that_hold(bench: Bench) -> None:
    finops, held = bench.acts(), await bench.hold("pilot", Scope(tenant="t1"), daily=Decimal(5))
    await finops.reserve(planned())
    seen: list[Budget] = []

    def slots_of(holding: Sequence[Budget]) -> Sequence[Slot]:
        seen.extend(holding)
        return [of_tenant("2026-11-21"), of_tenant("2026-11-22"), of_tenant("2026-11-21")]

    found = await bench.ledger.standing(slots_of)
    assert [(slot.period, used) for slot, used in found] == [
        ("2026-11-21", Decimal("0.0125")), ("2026-11-22", Decimal(0)), ("2026-11-21", Decimal("0.0125")),
    ]  # fmt: skip
    assert seen == [held]


async def test_each_call_is_judged_as_if_it_were_the_only_one(bench: Bench) -> None:
    finops = bench.acts(daily=Decimal("0.0200"))
    plans = [planned("a"), planned("b"), planned("c", most=Usage(input_tokens=10**9))]
    first, second, third = await finops.afford.each(plans)
    assert first == second == Money(Decimal("0.0125"), "USD")
    assert isinstance(third, Exhausted)
    assert await finops.afford.each([]) == []


async def test_what_is_given_back_is_no_spending(bench: Bench) -> None:
    finops = bench.acts()
    await bench.commit(finops.release(await finops.reserve(planned())))
    assert await bench.ledger.spending(of_tenant("2026-11-21")) is None


async def test_what_was_given_back_is_reserved_again_under_its_id(bench: Bench) -> None:
    finops = bench.acts()
    first = await finops.reserve(planned())
    await bench.commit(finops.release(first))
    again = await finops.reserve(planned())
    assert (again.id, again.status) == (first.id, "reserved")
    assert await spent(finops) == first.reserved


async def test_charges_come_back_whole_oldest_first_to_their_tenant_only(bench: Bench) -> None:
    finops = bench.acts()
    later = await finops.reserve(planned("b"))
    bench.clock.now -= timedelta(hours=1)
    earlier = await finops.reserve(planned("a"))
    await finops.reserve(planned("c", tenant="t2"))
    assert list(await bench.ledger.of_intent("t1", "int_1")) == [earlier, later]
    assert list(await bench.ledger.of_intent("t1", "int_2")) == []


async def test_what_is_reserved_beyond_its_deadline_is_listed_the_most_overdue_first_and_so_many(bench: Bench) -> None:
    finops, made = bench.acts(), []
    for number in range(4):
        made.append(await finops.reserve(planned(f"k{number}")))
        bench.clock.now += timedelta(minutes=1)
    await bench.commit(finops.release(made[0]))
    deadline = made[3].deadline
    assert deadline == made[3].at + timedelta(hours=1)
    assert list(await bench.ledger.overdue(deadline, 10)) == made[1:3]
    assert list(await bench.ledger.overdue(deadline + timedelta(hours=1), 1)) == [made[1]]


@pytest.mark.parametrize("amount", ["0.0000001", "123456789012345678.000000000000000001", "0"])
async def test_amounts_are_kept_to_their_last_digit(bench: Bench, amount: str) -> None:
    tariff = Tariff(input=Decimal(amount), output=Decimal(0), currency="USD", version="v")
    charge = replace(await bench.acts().reserve(planned()), id="cst_own", kind="decision", status="settled", amount=Decimal(amount))
    charge = replace(charge, tariff=tariff, reserved=Decimal(amount))
    await bench.commit(bench.ledger.record(charge), bench.ledger.record(replace(charge, amount=Decimal(7))))
    assert charge in await bench.ledger.of_intent("t1", "int_1")


async def test_a_decision_costs_nothing_and_is_there(bench: Bench) -> None:
    finops = bench.acts(daily=Decimal(0))
    await bench.commit(finops.record_decision(decision="dec_1", tenant="t1", intent="int_1"))
    total, [row] = await finops.cost_of_intent("t1", "int_1")
    assert (total.amount, row.kind, row.subject) == (Decimal(0), "decision", "dec_1")


@pytest.mark.parametrize(
    ("limits", "setting", "seconds"),
    [
        pytest.param({"daily": Decimal("0.02")}, "finops.budget.daily", 12 * 3600, id="day"),
        pytest.param({"monthly": Decimal("0.02")}, "finops.budget.monthly", 9.5 * 86400, id="month"),
    ],
)
async def test_a_used_up_budget_says_which_and_until_when(bench: Bench, limits: dict[str, Decimal], setting: str, seconds: float) -> None:
    finops = bench.acts(daily=limits.get("daily"), monthly=limits.get("monthly"))
    await finops.reserve(planned("a"))
    for refused in (finops.reserve(planned("b")), finops.afford(planned("b"))):
        with pytest.raises(Exhausted, match="budget") as caught:
            await refused
        assert setting in str(caught.value)
        assert caught.value.retry_after == seconds
    assert await spent(finops) == Decimal("0.0125")


async def test_a_budget_is_each_tenant_s_own_and_new_each_day(bench: Bench) -> None:
    finops = bench.acts(daily=Decimal("0.0125"))
    await finops.reserve(planned("a"))
    await finops.reserve(planned("b", tenant="t2"))
    bench.clock.now += timedelta(hours=12)
    await finops.reserve(planned("c"))
    assert await spent(finops, "2026-11") == Decimal("0.025")


async def test_a_charge_belongs_to_the_day_it_was_reserved_on(bench: Bench) -> None:
    finops = bench.acts()
    charge = await finops.reserve(planned())
    bench.clock.now += timedelta(days=20)
    await bench.commit(finops.settle(charge, Usage(output_tokens=1)))
    assert await spent(finops, "2026-11") == Decimal("0.00001")
    assert await spent(finops, "2026-12") == 0


async def test_what_a_dead_process_left_reserved_is_closed_in_full(bench: Bench) -> None:
    finops = bench.acts()
    await finops.reserve(planned("a"))
    assert await finops.close_stale() == 0
    bench.clock.now += timedelta(hours=2)
    assert await finops.close_stale() == 1
    total, [row] = await finops.cost_of_intent("t1", "int_1")
    assert (total.amount, row.status) == (Decimal("0.0125"), "assumed")


async def test_a_store_that_is_away_is_told_as_such_when_what_is_stale_is_closed(bench: Bench) -> None:
    finops = bench.acts()
    for key in "ab":
        await finops.reserve(planned(key))
    bench.clock.now += timedelta(hours=2)
    with pytest.raises(Unavailable, match="away"):
        await CloseStale(bench.ledger, away, bench.clock)()
    assert await finops.close_stale() == 2


async def test_who_settles_late_puts_the_true_cost_in_the_place_of_the_assumed_one(bench: Bench) -> None:
    finops = bench.acts()
    charge = await finops.reserve(planned(lasts=timedelta(minutes=5)))
    bench.clock.now += timedelta(minutes=6)
    assert await finops.close_stale() == 1
    await bench.commit(finops.settle(charge, Usage(output_tokens=1)))
    assert await finops.close_stale() == 0
    assert await spent(finops) == Decimal("0.00001")


async def test_settling_what_was_never_reserved_is_not_found(bench: Bench) -> None:
    finops = bench.acts()
    stranger = await acts(MemoryLedger(), PRICES, Budget(), at_once, bench.clock).reserve(planned())
    with pytest.raises(NotFound):
        await bench.commit(finops.settle(stranger, Usage()))


@pytest.mark.parametrize(
    ("priced", "expected"),
    [
        pytest.param(Priced(provider="acme", model="new", url="u", local=True), ("0", "local"), id="local is free"),
        pytest.param(
            Priced(provider="acme", model="new", url="u", own=OwnPrice(input=Decimal(1), output=Decimal(2))),
            ("0.003", "settings"),
            id="own",
        ),
        pytest.param(
            Priced(provider="acme", model="big", url="u", own=OwnPrice(input=Decimal(0), output=Decimal(0))),
            ("0", "settings"),
            id="own over list",
        ),
    ],
)
async def test_where_a_price_comes_from(bench: Bench, priced: Priced, expected: tuple[str, str]) -> None:
    charge = await bench.acts().reserve(planned(priced=priced))
    assert charge.tariff is not None
    assert (f"{charge.reserved.normalize():f}", charge.tariff.version) == expected


async def test_an_unknown_price_is_refused_with_the_setting_that_mends_it(bench: Bench) -> None:
    with pytest.raises(Refused, match="Nobody knows") as caught:
        await bench.acts().reserve(planned(priced=Priced(provider="acme", model="new", url="u")))
    assert "models.providers" in str(caught.value)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 3000), min_size=2, max_size=40),
    limit=st.integers(1, 400),
    fates=st.lists(st.sampled_from(["settle", "release", "assume", "hold"]), min_size=40, max_size=40),
)
async def test_concurrent_calls_never_spend_past_the_budget(bench: Bench, sizes: list[int], limit: int, fates: list[str]) -> None:
    daily = Decimal(limit) / 10000
    finops = bench.acts(daily=daily)
    bench.clock.now += timedelta(days=1)  # a day of its own for each example
    day = bench.clock.now.strftime("%Y-%m-%d")

    async def call(number: int, tokens: int) -> None:
        try:
            charge = await finops.reserve(planned(f"{day}/{number}", most=Usage(output_tokens=tokens)))
        except Exhausted:
            return
        assert await spent(finops, day) <= daily
        used = Usage(output_tokens=tokens // 2)
        change = {"settle": finops.settle(charge, used), "release": finops.release(charge), "assume": finops.assume(charge)}.get(
            fates[number]
        )
        if change is not None:
            await bench.commit(change)

    async with asyncio.TaskGroup() as group:
        for number, tokens in enumerate(sizes):
            group.create_task(call(number, tokens))
    rows = [row for row in await bench.ledger.of_intent("t1", "int_1") if row.at == bench.clock.now]
    assert sum((row.held for row in rows), Decimal(0)) == await spent(finops, day) <= daily


async def test_a_tenant_is_held_to_the_budget_it_has_of_its_own(bench: Bench) -> None:
    async def of(tenant: str) -> Budget:
        return Budget(monthly=Decimal("0.02") if tenant == "t1" else None)

    finops = acts(bench.ledger, PRICES, Budget(), bench.commit, bench.clock, of)
    await finops.reserve(planned("a"))
    for ask in (finops.reserve, finops.afford):
        with pytest.raises(Exhausted, match="monthly budget of"):
            await ask(planned("b"))
    await finops.reserve(planned("c", tenant="t2"))
    assert (await finops.reserve(planned("d", tenant="t2"))).status == "reserved"
