"""What every keeper of budgets promises, in memory, SQLite and PostgreSQL: a call fits all budgets that it is in, or is not made."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hulk.kernel.errors import Exhausted, Forbidden, NotFound, Refused, Unavailable
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.finops import Budget, Priced, Scope, Usage, Used
from hulk.modules.finops.adapters.memory import MemoryBudgets
from hulk.modules.finops.adapters.sql import SqlBudgets
from hulk.modules.finops.domain.budgets import checked
from hulk.modules.finops.domain.burn import gone
from hulk.modules.finops.ports import Budgets
from hulk.modules.finops.usecases.budgeting import BudgetActs, WatchBurn, budget_acts
from support.memory import away
from support.money import Bench, a_bench, planned
from support.postgres import Postgres
from support.stores import KINDS

CONFORMING: tuple[type[Budgets], ...] = (MemoryBudgets, SqlBudgets)
ONE = Decimal("0.0125")
"""What `planned` may cost."""


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    async with a_bench(request.param, tmp_path, postgres) as made:
        yield made


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        pytest.param(Scope(tenant="t1"), {}, {"tenant": "t2"}, id="tenant"),
        pytest.param(Scope(tenant="t1", agent="a"), {"agent": "a"}, {"agent": "b"}, id="agent"),
        pytest.param(Scope(tenant="t1", channel="slack"), {"channel": "slack"}, {}, id="channel, which a call may not have"),
        pytest.param(Scope(tenant="t1", person="ana"), {"person": "ana"}, {"person": "bo"}, id="person"),
        pytest.param(Scope(model="acme"), {}, {"priced": Priced(provider="own", model="x", url="u", local=True)}, id="provider"),
        pytest.param(Scope(model="acme/big"), {}, {"priced": Priced(provider="acme", model="small", url="u")}, id="model"),
        pytest.param(Scope(tenant="*", person="*"), {"person": "ana"}, {"person": "bo"}, id="each person by themselves"),
        pytest.param(Scope(tenant="t1", agent="a", model="*"), {"agent": "a"}, {"agent": "b"}, id="a combination"),
    ],
)
async def test_a_budget_is_about_its_scope_only(bench: Bench, scope: Scope, inside: dict[str, Any], outside: dict[str, Any]) -> None:
    await bench.hold("few", scope, daily=ONE)
    finops = bench.acts()
    await finops.reserve(planned("a", **inside))
    for ask in (finops.reserve, finops.afford):
        with pytest.raises(Exhausted, match="The budget"):
            await ask(planned("b", **inside))
    assert (await finops.reserve(planned("c", **outside))).status == "reserved"


async def test_a_call_that_fits_one_budget_and_not_another_takes_nothing_out_of_either(bench: Bench) -> None:
    await bench.hold("wide", Scope(tenant="t1"), monthly=3 * ONE)
    await bench.hold("narrow", Scope(tenant="t1", agent="a"), daily=ONE)
    finops = bench.acts()
    await finops.reserve(planned("a", agent="a"))
    with pytest.raises(Exhausted) as caught:
        await finops.reserve(planned("b", agent="a"))
    told = str(caught.value)
    assert ("narrow" in told, "agent a" in told, "USD 0.0000 is left" in told) == (True, True, True)
    assert caught.value.retry_after == 12 * 3600
    await finops.reserve(planned("c"))
    await finops.reserve(planned("d", agent="b"))
    with pytest.raises(Exhausted, match="The budget") as caught:
        await finops.reserve(planned("e", agent="a"))  # both are used up: it is free again when the month is over
    assert caught.value.retry_after == 9.5 * 86400


async def test_a_new_budget_counts_what_was_spent_before_it_and_goes_on_with_what_is_settled_after(bench: Bench) -> None:
    finops = bench.acts()
    early = await finops.reserve(planned("a", agent="a"))
    await bench.commit(finops.settle(await finops.reserve(planned("b", agent="a")), Usage(output_tokens=250)))
    await bench.hold("late", Scope(tenant="t1", agent="a"), monthly=Decimal("0.02"))
    with pytest.raises(Exhausted, match="The budget"):
        await finops.reserve(planned("c", agent="a"))
    await bench.commit(finops.settle(early, Usage(output_tokens=250)))
    await finops.reserve(planned("c", agent="a"))
    [used] = await bench.budgets.used(["2026-11"])
    assert (used.spent, used.reserved, used.left, used.budget.name) == (Decimal("0.005"), ONE, Decimal("0.0025"), "late")


async def test_versions_are_kept_and_a_budget_that_came_back_counts_what_it_missed(bench: Bench) -> None:
    finops, scope = bench.acts(), Scope(tenant="t1")
    first = await bench.hold("few", scope, daily=ONE)
    assert await bench.hold("few", scope, daily=ONE) == first
    second = await bench.hold("few", scope, daily=2 * ONE)
    assert (second.version, second.epoch) == (2, 1)
    await bench.commit(bench.budgets.remove("t1", "few", "api", bench.clock()))
    assert list(await bench.budgets.holding()) == []
    for key in "ab":
        await finops.reserve(planned(key))
    third = await bench.hold("few", scope, daily=2 * ONE)
    with pytest.raises(Exhausted, match="The budget"):
        await finops.reserve(planned("c"))
    assert [one.version for one in await bench.budgets.versions("t1", "few")] == [1, 2, third.version]
    with pytest.raises(NotFound):
        await bench.commit(bench.budgets.remove("t1", "none", "api", bench.clock()))


async def test_a_budget_of_the_settings_is_not_changed_by_the_api_and_the_reverse(bench: Bench) -> None:
    await bench.hold("few", Scope(tenant="t1"), daily=ONE)
    with pytest.raises(Refused, match="made in another way"):
        await bench.commit(bench.budgets.put(Budget(name="few", owner="t1", daily=ONE, origin="settings"), bench.clock()))


@pytest.mark.parametrize(
    "budget",
    [
        pytest.param(Budget(name="Not A Name", daily=ONE), id="name"),
        pytest.param(Budget(name="none"), id="no limit"),
        pytest.param(Budget(name="less", daily=-ONE), id="less than nothing"),
        pytest.param(Budget(name="nan", daily=Decimal("NaN")), id="no number"),
        pytest.param(Budget(name="empty", daily=ONE, scope=Scope(agent="")), id="an agent without a name"),
    ],
)
def test_what_makes_no_sense_is_refused(budget: Budget) -> None:
    with pytest.raises(Refused):
        checked(budget)


async def test_each_threshold_is_told_once_in_each_period(bench: Bench) -> None:
    await bench.hold("few", Scope(tenant="t1", agent="*"), daily=10 * ONE)
    finops = bench.acts()
    for number in range(12):
        try:
            charge = await finops.reserve(planned(f"k{number}", agent="a"))
        except Exhausted:
            continue
        await bench.commit(finops.settle(charge, Usage(input_tokens=1000, output_tokens=1000)))
    told = [(one.subject, one.tenant, one.data["percent"], one.data["period"]) for one in bench.trail.events]
    assert told == [("few", "t1", percent, "2026-11-21") for percent in (50, 80, 100)]
    assert bench.trail.events[0].data["scope"] == {"tenant": "t1", "agent": "a"}
    bench.clock.now += timedelta(days=1)
    big = await finops.reserve(planned("big", agent="a", most=Usage(output_tokens=12500)))
    await bench.commit(finops.settle(big, Usage(output_tokens=12500)))
    assert [one.data["percent"] for one in bench.trail.events] == [50, 80, 100, 100]


async def test_a_month_that_will_not_last_is_foretold_once_with_its_day(bench: Bench) -> None:
    bench.clock.now = datetime(2026, 11, 11, tzinfo=UTC)
    await bench.hold("few", Scope(tenant="t1"), monthly=4 * ONE)
    watch, finops = WatchBurn(bench.budgets, bench.trail, bench.commit, bench.clock), bench.acts()
    await bench.commit(finops.assume(await finops.reserve(planned("a"))))
    assert [one.ratio for one in await watch()] == [0.25]
    assert bench.trail.types == []  # lasts to the 11th of the next month
    await bench.commit(finops.assume(await finops.reserve(planned("b"))))
    with pytest.raises(Unavailable):
        await replace(watch, commit=away)()
    for _ in range(2):
        await watch()
    [told] = [one for one in bench.trail.events if one.type == "hulk.budget.forecast.v1"]
    assert told.data["gone"] == "2026-11-21"
    [used] = await bench.budgets.used(["2026-11"])
    assert (used.foretold, await bench.commit(bench.budgets.foretell(used.id))) == (True, [False])


@pytest.mark.parametrize(
    ("limit", "spent", "day"),
    [
        pytest.param("10", "5", date(2026, 11, 21), id="within the month"),
        pytest.param("15", "5", None, id="at its very end"),
        pytest.param("1000000", "0.0005", None, id="ages away"),
        pytest.param("1e400", "1e-400", None, id="later than can be counted"),
        pytest.param("0", "5", date(2026, 11, 1), id="a budget of nothing"),
    ],
)
def test_the_day_on_which_a_month_s_budget_is_gone_is_told_only_within_the_month(limit: str, spent: str, day: date | None) -> None:
    used = Used(
        id="x", budget=Budget(name="few", monthly=ONE), values=(None,) * 5, period="2026-11", limit=Decimal(limit), reserved=Decimal(0),
        spent=Decimal(spent),
    )  # fmt: skip
    assert gone(used, datetime(2026, 11, 11, tzinfo=UTC)) == day


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.integers(1, 3000)), min_size=2, max_size=25),
    limits=st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)),
    fates=st.lists(st.sampled_from(["settle", "release", "assume", "hold"]), min_size=25, max_size=25),
)
async def test_two_processes_never_overspend_any_budget_together(
    bench: Bench, calls: list[tuple[str, str, int]], limits: tuple[int, int, int], fates: list[str]
) -> None:
    bench.clock.now += timedelta(days=1)  # a day of its own for each example
    day, both = bench.clock.now.strftime("%Y-%m-%d"), (bench, bench.elsewhere or bench)
    scopes = (Scope(tenant="t1"), Scope(tenant="t1", agent="*"), Scope(tenant="t1", person="x", agent="a"))
    for number, (scope, limit) in enumerate(zip(scopes, limits, strict=True)):
        await bench.hold(f"b{number}", scope, daily=Decimal(limit) / 10000)

    async def call(number: int, agent: str, person: str, tokens: int) -> None:
        here = both[number % 2]
        finops = here.acts()
        try:
            charge = await finops.reserve(planned(f"{day}/{number}", agent=agent, person=person, most=Usage(output_tokens=tokens)))
        except Exhausted:
            return
        used = Usage(output_tokens=tokens // 2)
        acts = {
            "settle": lambda: finops.settle(charge, used),
            "release": lambda: finops.release(charge),
            "assume": lambda: finops.assume(charge),
        }
        if act := acts.get(fates[number]):
            await here.commit(act())

    async with asyncio.TaskGroup() as group:
        for number, (agent, person, tokens) in enumerate(calls):
            group.create_task(call(number, agent, person, tokens))
    rows = [row for row in await bench.ledger.of_intent("t1", "int_1") if row.day == day]
    used = {(one.budget.name, one.values): one for one in await bench.budgets.used([day]) if one.budget.name}
    for (name, values), count in used.items():
        inside = [row.held for row in rows if count.slot.budget.scope.values(row) == values]
        assert sum(inside, Decimal(0)) == count.spent + count.reserved <= count.limit, name


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(jumps=st.lists(st.integers(-40 * 24, 40 * 24), min_size=1, max_size=20))
async def test_a_clock_that_jumps_lets_nobody_spend_a_day_or_month_twice(bench: Bench, jumps: list[int]) -> None:
    prefix = str(jumps)
    finops, periods = bench.acts(daily=2 * ONE, monthly=5 * ONE), set[str]()
    for number, hours in enumerate(jumps):
        bench.clock.now += timedelta(hours=hours)
        periods |= {bench.clock.now.strftime("%Y-%m-%d"), bench.clock.now.strftime("%Y-%m")}
        for again in range(3):
            try:
                charge = await finops.reserve(planned(f"{prefix}/{number}/{again}"))
            except Exhausted:
                continue
            if again == 1:
                await bench.commit(finops.assume(charge))
    for period in periods:
        assert (await finops.spending_of("t1", period)).amount <= (2 if len(period) == 10 else 5) * ONE


# Who makes them -----------------------------------------------------------------------------------------------------------------

MEMBER, ADMIN, PLATFORM = (
    Principal(tenant=tenant, actor="person:ana", grants=everywhere(role))  # type: ignore[arg-type]  # roles
    for tenant, role in (("t1", "viewer"), ("t1", "admin"), ("default", "admin"))
)


def keeping(bench: Bench) -> BudgetActs:
    return budget_acts(bench.budgets, bench.trail, bench.commit, bench.clock)


async def test_a_tenant_s_admins_rule_over_its_own_calls_and_the_platform_over_all(bench: Bench) -> None:
    acts, own, others = keeping(bench), Budget(name="own", daily=ONE, scope=Scope(tenant="t1")), Budget(name="each", daily=ONE)
    assert (await acts.put(ADMIN, own, "a trial")).owner == "t1"
    await acts.put(PLATFORM, others)
    for who, budget in ((MEMBER, own), (ADMIN, others), (ADMIN, Budget(name="x", daily=ONE, scope=Scope(tenant="t2")))):
        with pytest.raises(Forbidden):
            await acts.put(who, budget)
    assert [one.name for one in (await acts.list(MEMBER))[0]] == ["own"]
    assert [one.name for one in (await acts.list(PLATFORM, "*"))[0]] == ["each", "own"]
    for wrong in (acts.list(ADMIN, "*"), acts.remove(MEMBER, "own")):
        with pytest.raises(Forbidden):
            await wrong
    with pytest.raises(NotFound):
        await acts.remove(ADMIN, "each")
    await acts.remove(ADMIN, "own", "over")
    told = [(one.type, one.data["reason"], one.data["before"] is None, one.data["after"] is None) for one in bench.trail.events]
    assert told == [
        ("hulk.budget.changed.v1", "a trial", True, False),
        ("hulk.budget.changed.v1", "", True, False),
        ("hulk.budget.removed.v1", "over", False, True),
    ]


async def test_what_other_tenants_have_used_is_shown_to_admins_of_the_platform_only(bench: Bench) -> None:
    acts, finops = keeping(bench), bench.acts()
    await acts.follow([Budget(name="each", daily=ONE, scope=Scope(tenant="*")), Budget(name="all", daily=9 * ONE, scope=Scope(agent="a"))])
    for tenant in ("default", "t1", "t2"):
        await finops.reserve(planned(tenant, tenant=tenant, agent="a"))
    viewer = Principal(tenant="default", actor="person:bo", grants=everywhere("viewer"))
    shown = {who: sorted(str(one.slot.scope.tenant) for one in (await acts.list(who))[1]) for who in (viewer, MEMBER, PLATFORM)}
    assert shown == {viewer: ["default"], MEMBER: ["t1"], PLATFORM: ["None", "default", "t1", "t2"]}


async def test_the_budgets_of_the_settings_hold_from_a_start_on_and_are_told_once(bench: Bench) -> None:
    acts, wanted = keeping(bench), [Budget(name="few", daily=ONE, scope=Scope(agent="a")), Budget(name="many", monthly=ONE)]
    for _ in range(2):
        await acts.follow(wanted)
    await acts.follow([Budget(name="few", daily=2 * ONE, scope=Scope(agent="a"))])
    assert [(one.name, one.owner, one.origin, one.version) for one in await bench.budgets.holding()] == [("few", "default", "settings", 2)]
    assert len(bench.trail.events) == 4
    with pytest.raises(Refused, match="made in another way"):
        await acts.put(PLATFORM, Budget(name="few", daily=ONE))
    with pytest.raises(Refused, match="made in another way"):
        await acts.remove(PLATFORM, "few")
    await acts.put(PLATFORM, Budget(name="more", daily=ONE))
    await acts.follow([])
    assert [one.name for one in await bench.budgets.holding()] == ["more"]
