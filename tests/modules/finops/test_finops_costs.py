"""What every book of costs promises, in memory, SQLite and PostgreSQL; who may read it; and the report of a month."""

import asyncio
import base64
import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Forbidden, Refused
from hulk.kernel.tenancy import Principal, everywhere
from hulk.modules.finops import Priced, Usage
from hulk.modules.finops.adapters.memory import MemoryLedger
from hulk.modules.finops.adapters.sql import SqlCosts
from hulk.modules.finops.domain import Cost
from hulk.modules.finops.domain.reports import as_csv
from hulk.modules.finops.ports import CostBook
from hulk.modules.finops.usecases.reporting import ReportCosts, ReportMonth
from hulk.runtime.language import voice
from support.money import Bench, a_bench, planned
from support.postgres import Postgres
from support.stores import KINDS

CONFORMING: tuple[type[CostBook], ...] = (MemoryLedger, SqlCosts)
MEMBER = Principal(tenant="t1", actor="x", grants=everywhere("viewer"))
PLATFORM = Principal(tenant="default", actor="x", grants=everywhere("admin"))
SMALL = Priced(provider="acme", model="small", url="u")


@pytest.fixture(params=["memory", *KINDS])
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    async with a_bench(request.param, tmp_path, postgres) as made:
        yield made


async def paid(bench: Bench, key: str, output: int, **named: Any) -> None:
    """A call that took so many tokens, of USD 0.00001 each."""
    finops = bench.acts()
    await bench.commit(finops.settle(await finops.reserve(planned(key, **named)), Usage(output_tokens=output, reasoning_tokens=1)))


async def spent(bench: Bench, by: list[str], **asked: Any) -> dict[tuple[str, ...], str]:
    page = await ReportCosts(bench.book, bench.clock)(MEMBER, by, **asked)
    return {row.key: f"{row.settled:f}" for row in page.rows}


async def some(bench: Bench) -> None:
    await paid(bench, "a", 100, agent="ana", channel="slack", person="p1")
    await paid(bench, "b", 200, agent="bot", priced=SMALL)
    bench.clock.now += timedelta(days=1)
    await paid(bench, "c", 300, agent="ana", person="p2")
    await paid(bench, "d", 400, agent="ana", tenant="t2")


async def test_costs_are_added_up_by_whatever_is_asked_for(bench: Bench) -> None:
    await some(bench)
    assert await spent(bench, ["agent"]) == {("ana",): "0.004", ("bot",): "0.002"}
    assert await spent(bench, ["day", "model"]) == {
        ("2026-11-21", "acme/big"): "0.001",
        ("2026-11-21", "acme/small"): "0.002",
        ("2026-11-22", "acme/big"): "0.003",
    }
    assert await spent(bench, ["person"], only={"agent": "ana"}) == {("p1",): "0.001", ("p2",): "0.003"}
    assert await spent(bench, ["channel"]) == {("",): "0.005", ("slack",): "0.001"}
    assert await spent(bench, ["intent"], since=date(2026, 11, 22)) == {("int_1",): "0.003"}
    assert await spent(bench, ["tenant"], until=date(2026, 11, 21)) == {("t1",): "0.003"}


async def test_what_is_reserved_assumed_and_settled_is_told_apart_and_what_was_released_is_not(bench: Bench) -> None:
    finops = bench.acts()
    await paid(bench, "a", 100)
    await finops.reserve(planned("b"))
    await bench.commit(finops.assume(await finops.reserve(planned("c"))))
    await bench.commit(finops.release(await finops.reserve(planned("d"))))
    [row] = (await ReportCosts(bench.book, bench.clock)(MEMBER, ["model"])).rows
    amounts = (row.calls, row.settled, row.assumed, row.reserved, row.output_tokens, row.reasoning_tokens)
    assert amounts == (3, Decimal("0.0135"), Decimal("0.0125"), Decimal("0.0125"), 100, 1)


async def test_pages_follow_each_other_without_a_gap(bench: Bench) -> None:
    for number in range(7):
        await paid(bench, f"k{number}", 100, agent=f"a{number}")
    costs, after, found = ReportCosts(bench.book, bench.clock), None, list[Cost]()
    for size in (3, 3, 1):
        page = await costs(MEMBER, ["agent"], after=after, most=3)
        assert len(page.rows) == size
        found, after = [*found, *page.rows], page.after
    assert (after, [row.key[0] for row in found]) == (None, [f"a{number}" for number in range(7)])
    deep = base64.urlsafe_b64encode(b"[" * 200_000).decode()
    for wrong in ("", "x", "WyJhIl0", "é", deep):
        with pytest.raises(Refused, match="where a page"):
            await costs(MEMBER, ["agent"], after=wrong)


async def test_what_is_told_is_what_the_charges_say_on_every_day(bench: Bench) -> None:
    """More about it in test_finops_daily.py."""
    await some(bench)
    days = await bench.book.days()
    assert days == ["2026-11-21", "2026-11-22"]
    before = await spent(bench, ["day", "model"])
    for day in days:
        assert await bench.book.differing(day) == []
        assert await bench.commit(bench.book.mended(day)) == [[]]
    assert await spent(bench, ["day", "model"]) == before


async def test_the_csv_of_a_month_has_every_row_however_many(bench: Bench) -> None:
    """More than a page of 1,000; who may not read them gets none."""
    for first in range(0, 1100, 100):
        async with asyncio.TaskGroup() as group:
            for number in range(first, first + 100):
                group.create_task(paid(bench, f"k{number}", 100, agent=f"a{number:04}"))
    month = ReportMonth(ReportCosts(bench.book, bench.clock))
    texts = [text async for text in month.csv(MEMBER, "2026-11")]
    rows = list(csv.DictReader(io.StringIO("".join(texts), newline="")))
    assert len(texts) > 2
    assert [row["agent"] for row in rows] == [f"a{number:04}" for number in range(1100)]
    assert {row["settled"] for row in rows} == {"0.001"}
    with pytest.raises(Forbidden):
        month.csv(MEMBER, "2026-11", "t2")


async def test_what_cost_the_most_comes_first_where_it_is_asked_for(bench: Bench) -> None:
    await some(bench)
    page = await ReportCosts(bench.book, bench.clock)(MEMBER, ["person"], order="cost", after="not looked at", most=2)
    assert ([row.key for row in page.rows], page.after) == ([("p2",), ("",)], None)


async def test_a_member_reads_its_own_tenant_and_the_platform_all(bench: Bench) -> None:
    await some(bench)
    costs = ReportCosts(bench.book, bench.clock)
    assert [row.key for row in (await costs(PLATFORM, ["tenant"], tenant="*")).rows] == [("t1",), ("t2",)]
    assert [row.key for row in (await costs(PLATFORM, ["tenant"], tenant="t2")).rows] == [("t2",)]
    admin = Principal(tenant="t1", actor="x", grants=everywhere("admin"))
    for tenant in ("*", "t2"):
        with pytest.raises(Forbidden):
            await costs(admin, ["tenant"], tenant=tenant)
    with pytest.raises(Refused, match="not added up by"):
        await costs(MEMBER, ["colour"])


async def test_the_report_of_a_month_tells_the_same_to_people_and_programs(bench: Bench) -> None:
    await some(bench)
    await paid(bench, "e", 100, agent="=HYPERLINK(1)|x")
    report = await ReportMonth(ReportCosts(bench.book, bench.clock))(PLATFORM, "2026-11", "*")
    rows = list(csv.DictReader(io.StringIO(report.csv)))
    assert sum(Decimal(row["settled"]) for row in rows) == Decimal("0.011")
    assert "'=HYPERLINK(1)|x" in {row["agent"] for row in rows}
    assert report.csv == "".join([text async for text in ReportMonth(ReportCosts(bench.book, bench.clock)).csv(PLATFORM, "2026-11", "*")])
    portuguese = report.markdown(voice("pt"), "chart.png")
    for line in (
        "# Custos de 2026-11",
        "Ao todo: USD 0,011.",
        "| ana | USD 0,008 |",
        "![Custos por dia](chart.png)",
        "| =HYPERLINK(1)¦x |",
    ):
        assert line in portuguese
    assert "| t2 | ana | acme/big | 1 | 0 | 400 | USD 0.004 |" in report.markdown(voice("en"))


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", '=";"&A1', "=1,=2"])
def test_no_name_becomes_a_formula_in_a_spreadsheet(name: str) -> None:
    nothing = Decimal(0)
    row = Cost(
        key=(name, "fine"), currency="USD", calls=1, settled=nothing, assumed=nothing, reserved=nothing, input_tokens=0, output_tokens=0,
        cached_tokens=0, reasoning_tokens=0,
    )  # fmt: skip
    [_, cells] = csv.reader(io.StringIO(as_csv(("agent", "model"), [row]), newline=""))
    assert cells[:2] == [f"'{name}", "fine"]


@pytest.mark.parametrize("month", ["2026-13", "2026", "now", "0000-01"])
async def test_what_is_no_month_has_no_report(bench: Bench, month: str) -> None:
    with pytest.raises(Refused, match="A month is written"):
        await ReportMonth(ReportCosts(bench.book, bench.clock))(MEMBER, month)
