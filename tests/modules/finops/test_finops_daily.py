"""The sums of days are what the charges say: whatever becomes of calls, at whatever hour, in however many processes; and what is wrong in
them is found and mended."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, delete, select, update

from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Charge, Priced, Rate, Scope, Usage
from hulk.modules.finops.adapters.sql import SqlCosts, SqlLedger
from hulk.modules.finops.adapters.sql.monthly import dearest
from hulk.modules.finops.adapters.sql.tables import cost_table, intent_cost_table
from hulk.modules.finops.domain import By, Cost, Wanted
from hulk.modules.finops.domain.daily import Month, Place
from hulk.modules.finops.usecases import acts
from hulk.runtime.store import Store
from support.money import PRICES, Bench, Time, a_bench, planned
from support.postgres import Postgres
from support.stores import KINDS, a_store

FIRST, LAST = date(2026, 11, 30), date(2026, 12, 2)
EDGES = [
    datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 12, 1, tzinfo=UTC),
    datetime(2026, 12, 1, 2, 59, 59, tzinfo=UTC),  # midnight of São Paulo is not ours
    datetime(2026, 12, 1, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 12, 2, tzinfo=UTC),
]
TENANTS, INTENTS = ("t1", "t2"), ("int_1", "int_2", "int_3")
NAMES: dict[str, tuple[str | None, ...]] = {"agent": ("a", "b", None), "channel": ("slack", None), "person": ("p1", "p2", "p3", None)}
DEAREST = Wanted(by=("intent",), since=date(2026, 12, 1), until=date(2026, 12, 31), tenant="t1", order="cost")
ALL = Wanted(by=("day",), since=date(2000, 1, 1), until=date(2100, 1, 1), tenant=None)


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    rate = Rate(base="USD", quote="BRL", value=Decimal("5.352198765"), day=FIRST, source="test")
    async with a_bench(request.param, tmp_path, postgres) as made:
        await made.commit(made.rates.put(rate))
        yield made


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    async with a_store(request.param, tmp_path, postgres) as made:
        yield made


async def history(bench: Bench, chance: random.Random, key: str) -> None:
    """What becomes of one call, by whichever process: reserved, perhaps again; then left, released, settled or assumed; settled late."""
    currency = chance.choice(("USD", "USD", "BRL"))
    where = [one.acts(currency) for one in (bench, bench.elsewhere or bench)]
    named: dict[str, Any] = {name: chance.choice(values) for name, values in NAMES.items()}
    priced = Priced(provider="acme", model=chance.choice(("big", "small")), url="u")
    call = replace(planned(key, priced, chance.choice(TENANTS), **named), intent=chance.choice(INTENTS))
    bench.clock.now = chance.choice(EDGES)
    charge = await where[0].reserve(call)
    for fate in chance.choice(("", "r", "s", "a", "as", "rR", "rRs", "ss", "sa", "aas", "rs", "ar")):
        finops, used = chance.choice(where), Usage(input_tokens=chance.randint(0, 1000), output_tokens=chance.randint(0, 1000))
        bench.clock.now = max(charge.at, chance.choice(EDGES)) + timedelta(seconds=chance.choice((0, 1, 86_400)))
        if fate == "R":
            charge = await finops.reserve(call)
        else:
            await bench.commit({"r": finops.release(charge), "a": finops.assume(charge), "s": finops.settle(charge, used)}[fate])


def added_up(charges: list[Charge], wanted: Wanted) -> dict[tuple[str, ...], tuple[object, ...]]:
    """As a reader of all charges does it."""
    found: dict[tuple[str, ...], list[Charge]] = {}
    for one in charges:
        about = {name: str(getattr(one, name, None) or "") for name in get_args(By)} | {"model": f"{one.provider}/{one.model}"}
        meant = all(about[name] == value for name, value in wanted.only.items()) and wanted.tenant in (None, one.tenant)
        if meant and one.status != "released" and wanted.since <= one.at.astimezone(UTC).date() <= wanted.until:
            found.setdefault((*(about[name] for name in wanted.by), one.currency), []).append(one)
    return {key: _whole(those) for key, those in found.items()}


def _whole(those: list[Charge]) -> tuple[object, ...]:
    amounts = [sum((one.amount for one in those if one.status in status), Decimal(0)) for status in (("settled", "assumed"), ("assumed",))]
    reserved = sum((one.reserved for one in those if one.status == "reserved"), Decimal(0))
    return len(those), *amounts, reserved, sum(one.usage.input_tokens for one in those), sum(one.usage.output_tokens for one in those)


def _told(row: Cost) -> tuple[object, ...]:
    return row.calls, row.settled, row.assumed, row.reserved, row.input_tokens, row.output_tokens


def asked(chance: random.Random) -> Wanted:
    """Any question there is."""
    by = chance.sample(get_args(By), chance.randint(0, 3))
    only = {name: chance.choice(values) or "" for name, values in NAMES.items() if chance.random() < 0.2}
    only |= {"model": "acme/big"} if chance.random() < 0.2 else {}
    only |= {"intent": chance.choice(INTENTS)} if chance.random() < 0.1 else {}
    since, until = sorted(chance.choices((FIRST, date(2026, 12, 1), LAST), k=2))
    return Wanted(by=tuple(by), since=since, until=until, tenant=chance.choice((None, *TENANTS)), only=only)  # type: ignore[arg-type]  # names are


async def charges_of(bench: Bench) -> list[Charge]:
    """All there are."""
    return [one for tenant in TENANTS for intent in INTENTS for one in await bench.ledger.of_intent(tenant, intent)]


@pytest.mark.parametrize("seed", range(3))
async def test_reports_are_the_sum_of_the_charges_whatever_became_of_them(bench: Bench, seed: int) -> None:
    chance, charges = random.Random(seed), list[Charge]()
    for step in range(4):
        async with asyncio.TaskGroup() as group:
            for number in range(60):
                group.create_task(history(bench, random.Random(f"{seed} {step} {number}"), f"{step}/{number}"))
        charges = await charges_of(bench)
        for wanted in (asked(chance) for _ in range(40)):
            rows = (await bench.book.costs(wanted, None, 100_000)).rows
            assert {(*row.key, row.currency): _told(row) for row in rows} == added_up(charges, wanted)
        for tenant in TENANTS:
            await dearest_first(bench, charges, replace(DEAREST, tenant=tenant))
    days = await bench.book.days()
    assert days == sorted({one.day for one in charges})
    assert [place for day in days for place in await bench.book.differing(day)] == []


async def dearest_first(bench: Bench, charges: list[Charge], wanted: Wanted) -> None:
    """Asserts that the intents that cost the most in a month come first, however many are asked for."""
    whole = added_up(charges, wanted)
    ranked = sorted(whole, key=lambda key: (-float(str(whole[key][1])), key))
    for most in range(1, len(ranked) + 2):
        rows = (await bench.book.costs(wanted, None, most)).rows
        assert [((*row.key, row.currency), _told(row)) for row in rows] == [(key, whole[key]) for key in ranked[:most]]


async def test_whoever_looks_while_calls_end_sees_each_of_them_once(bench: Bench) -> None:
    processes = [one.acts() for one in (bench, bench.elsewhere or bench)]
    charges = [await processes[0].reserve(planned(f"k{number}", person=f"p{number % 7}")) for number in range(120)]
    left = len(charges)

    async def end(place: int) -> None:
        nonlocal left
        for charge in charges[place::2]:
            await (bench, bench.elsewhere or bench)[place].commit(processes[place].settle(charge, Usage(output_tokens=1)))
            left -= 1

    async with asyncio.TaskGroup() as group:
        for place in (0, 1):
            group.create_task(end(place))
        while left:
            [row] = (await bench.book.costs(ALL, None, 10)).rows
            assert row.calls == len(charges)
            assert row.settled / Decimal("0.00001") + row.reserved / Decimal("0.0125") == len(charges)
            await asyncio.sleep(0)


async def test_a_call_that_is_settled_days_later_is_in_the_sum_of_its_own_day(bench: Bench) -> None:
    finops = bench.acts()
    bench.clock.now = EDGES[0]
    charge = await finops.reserve(planned())
    bench.clock.now = EDGES[1]
    await bench.commit(finops.assume(charge))
    [row] = (await bench.book.costs(ALL, None, 10)).rows
    assert (row.key, row.settled, row.assumed) == (("2026-11-30",), Decimal("0.0125"), Decimal("0.0125"))
    bench.clock.now += timedelta(days=40)
    await bench.commit(finops.settle(charge, Usage(output_tokens=300)))
    [row] = (await bench.book.costs(ALL, None, 10)).rows
    assert (row.key, row.calls, row.settled, row.assumed) == (("2026-11-30",), 1, Decimal("0.003"), Decimal(0))


async def test_sums_keep_every_digit_and_the_longest_names(bench: Bench) -> None:
    finops, name = bench.acts(), "🙂" * 256
    small, great = Decimal("1E-28"), Decimal("98765432109876543.21")
    with localcontext(prec=100):
        both = small + great
    for key, amount in (("small", small), ("great", great)):
        charge = await finops.reserve(planned(key, agent=name, channel=name, person=name))
        free = charge.tariff and replace(charge.tariff, input=Decimal(0), output=Decimal(0), request=amount)
        await bench.commit(finops.release(charge))
        await bench.commit(bench.ledger.reserve(replace(charge, tariff=free, reserved=amount), Budget()))
        await bench.commit(finops.settle(charge, Usage()))
    [row] = (await bench.book.costs(replace(ALL, by=("agent", "person")), None, 10)).rows
    assert (row.key, row.settled) == ((name, name), both)


async def test_a_budget_of_a_month_that_has_begun_counts_what_was_spent_and_is_under_way(bench: Bench) -> None:
    finops = bench.acts()
    for key, person in (("a", "p1"), ("b", "p2")):
        await bench.commit(finops.settle(await finops.reserve(planned(key, person=person)), Usage(output_tokens=100)))
    await finops.reserve(planned("c", person="p1"))
    bench.clock.now += timedelta(days=1)
    await bench.hold("all", Scope(tenant="t1"), monthly=Decimal(1))
    await bench.hold("each", Scope(tenant="t1", person="*"), monthly=Decimal(1))
    await bench.hold("acme", Scope(model="acme"), monthly=Decimal(1))
    await finops.reserve(planned("d", person="p1"))
    used = {(one.budget.name, one.values[3]): (one.spent, one.reserved) for one in await bench.budgets.used(["2026-11"]) if one.budget.name}
    both = (Decimal("0.002"), Decimal("0.025"))
    assert used == {("all", None): both, ("acme", None): both, ("each", "p1"): (Decimal("0.001"), Decimal("0.025"))}


async def test_sums_that_are_not_what_the_charges_say_are_found_and_made_anew(store: Store) -> None:
    book, finops = SqlCosts(store), acts(SqlLedger(store), PRICES, Budget(), store.commit, utc_now)
    for number, agent in enumerate(("lost", "wrong", "twice", "right")):
        charge = await finops.reserve(planned(f"k{number}", agent=agent))
        await store.commit(finops.settle(charge, Usage(output_tokens=100)))
    [day] = await book.days()
    rows = await store.read(lambda connection: [row._asdict() for row in connection.execute(select(cost_table)).all()])
    assert await book.differing(day) == []
    stray, twice = {**rows[0], "id": "stray", "agent": "stray"}, {**next(row for row in rows if row["agent"] == "twice"), "id": "again"}
    await store.commit(
        lambda tx: tx.execute(delete(cost_table).where(cost_table.c.agent == "lost")).rowcount,
        lambda tx: tx.execute(update(cost_table).where(cost_table.c.agent == "wrong").values(settled=Decimal(7))).rowcount,
        lambda tx: tx.insert_all(cost_table, [stray, twice]),
    )
    assert {place.agent for place in await book.differing(day) if isinstance(place, Place)} == {"lost", "wrong", "stray", "twice"}
    [mended] = await store.commit(book.mended(day))
    assert {place.agent for place in mended} == {"lost", "wrong", "stray", "twice"}
    after = await store.read(lambda connection: [row._asdict() for row in connection.execute(select(cost_table)).all()])
    assert (sorted(after, key=lambda row: str(row["id"])), await book.differing(day)) == (sorted(rows, key=lambda row: str(row["id"])), [])


async def test_sums_of_intents_that_are_not_what_the_charges_say_are_found_and_made_anew(store: Store) -> None:
    clock = Time()
    book, finops = SqlCosts(store), acts(SqlLedger(store), PRICES, Budget(), store.commit, clock)
    for number, intent in enumerate(("lost", "wrong", "right", "free")):
        charge = await finops.reserve(replace(planned(f"k{number}"), intent=intent))
        await store.commit(finops.settle(charge, Usage(output_tokens=0 if intent == "free" else 100)))
        clock.now += timedelta(days=1)
    first, *others = await book.days()
    rows = await store.read(kept_of_intents)
    assert {row["intent"] for row in rows} == {"lost", "wrong", "right"}
    its = intent_cost_table.c
    await store.commit(
        lambda tx: tx.execute(delete(intent_cost_table).where(its.intent == "lost")).rowcount,
        lambda tx: tx.execute(update(intent_cost_table).where(its.intent == "wrong").values(settled=7.0)).rowcount,
        lambda tx: tx.insert_all(intent_cost_table, [{**rows[0], "intent": "stray"}]),
    )
    assert [await book.differing(day) for day in others] == [[]] * len(others)  # a month is looked at once
    assert {month.intent for month in await book.differing(first) if isinstance(month, Month)} == {"lost", "wrong", "stray"}
    await store.commit(book.mended(first))
    assert (await store.read(kept_of_intents), await book.differing(first)) == (rows, [])


def kept_of_intents(connection: Connection) -> list[dict[str, Any]]:
    """What is kept of each in its month."""
    return [row._asdict() for row in connection.execute(select(intent_cost_table).order_by(intent_cost_table.c.intent))]


async def test_the_dearest_of_a_month_are_found_by_its_sums_and_of_anything_else_by_the_charges(store: Store) -> None:
    clock = Time()
    finops = acts(SqlLedger(store), PRICES, Budget(), store.commit, clock)
    for number in range(3):
        charge = await finops.reserve(replace(planned(f"k{number}"), intent=f"int_{number}"))
        await store.commit(finops.settle(charge, Usage(output_tokens=100 + number)))
    month = replace(DEAREST, since=clock.now.date().replace(day=1), until=date(2026, 11, 30))
    asked = [month, replace(month, by=("intent", "agent")), replace(month, only={"agent": "a"}), replace(month, tenant=None),
             replace(month, until=date(2026, 11, 29)), replace(month, until=date(2026, 12, 31))]  # fmt: skip
    found = await store.read(lambda connection: [dearest(connection, one, 2) for one in asked])
    assert found == [[("int_2", "USD"), ("int_1", "USD")], *[[]] * 5]
    assert await store.read(lambda connection: dearest(connection, month, 4)) == []


async def test_sums_are_mended_while_calls_go_on(bench: Bench) -> None:
    async def mend() -> None:
        for number in range(24):
            assert await bench.commit(bench.book.mended(f"2026-12-0{1 + number % 2}")) == [[]]

    async with asyncio.TaskGroup() as group:
        group.create_task(mend())
        for number in range(100):
            group.create_task(history(bench, random.Random(number), f"{number}"))
    assert [place for one in await bench.book.days() for place in await bench.book.differing(one)] == []
