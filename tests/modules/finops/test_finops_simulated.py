"""Many calls at once against one budget, as a provider sees them: fails, cut streams, fallbacks that are paid, tries that die.

The twin of the provider keeps its own bill. The ledger is never a cent above the budget, and what it has settled is what the twin bills.
`make test` plays 1,500 calls over each kind of store; HULK_TEST_CALLS says another number, as the long test does.
"""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hulk.kernel.errors import Exhausted
from hulk.modules.finops import Charge, Finops, Planned, Scope, Usage
from hulk.modules.finops.domain import price
from support.money import PAID, TARIFF, Bench, a_bench, planned
from support.postgres import Postgres
from support.stores import KINDS

CALLS = int(os.environ.get("HULK_TEST_CALLS", "1500"))
LONG = 10_000
AT_ONCE = 200
TRIES = 3


@dataclass
class Provider:
    """A twin: what becomes of a try, and what it bills for. It bills what it has produced, also when the answer never arrives."""

    chance: random.Random
    bill: Decimal = Decimal(0)
    unseen: list[Decimal] = field(default_factory=list)
    """What it billed for answers that did not arrive."""

    async def answer(self, most: Usage) -> tuple[str, Usage]:
        """How the try went, with what it took."""
        await asyncio.sleep(0)
        fate = self.chance.choices(("answered", "cut", "refused", "died"), (70, 12, 15, 3))[0]
        if fate == "refused":
            return fate, Usage()
        cached = self.chance.randint(0, most.input_tokens)
        used = Usage(input_tokens=most.input_tokens, cached_read_tokens=cached, output_tokens=self.chance.randint(0, most.output_tokens))
        self.bill += price(TARIFF, used)
        if fate != "answered":
            self.unseen.append(price(TARIFF, used))
        return fate, used


@dataclass
class Caller:
    """One who calls, and falls back to another try, each paid by itself."""

    bench: Bench
    finops: Finops
    provider: Provider
    refused: int = 0

    async def call(self, number: int) -> None:
        """Until it is answered, tried often enough, or refused by a budget."""
        for attempt in range(TRIES):
            try:
                charge = await self.finops.reserve(_planned(number, attempt, self.provider.chance))
            except Exhausted:
                self.refused += 1
                return
            if await self._answered(charge):
                return

    async def _answered(self, charge: Charge) -> bool:
        fate, used = await self.provider.answer(Usage(input_tokens=800, output_tokens=400))
        if fate == "answered":
            await self.bench.commit(self.finops.settle(charge, used))
        elif fate == "cut":
            await self.bench.commit(self.finops.assume(charge))
        elif fate == "refused":
            await self.bench.commit(self.finops.release(charge))
        return fate in ("answered", "died")  # who died settles nothing


def _planned(number: int, attempt: int, chance: random.Random) -> Planned:
    most = Usage(input_tokens=800, output_tokens=400)
    return planned(f"{number}/{attempt}", PAID, most=most, agent=chance.choice("abc"), attempt=attempt + 1)


async def simulated(bench: Bench, calls: int) -> None:
    """Play so many calls, then let the dead ones' reservations end, and compare."""
    one = price(TARIFF, Usage(input_tokens=800, output_tokens=400))
    limit = one * calls / 3
    await bench.hold("all", Scope(tenant="t1"), daily=limit)
    await bench.hold("each", Scope(tenant="t1", agent="*"), daily=limit / 2)
    provider, benches = Provider(random.Random(calls)), (bench, bench.elsewhere or bench)
    callers = [Caller(where, where.acts(), provider) for where in benches]
    room = asyncio.Semaphore(AT_ONCE)

    async def call(number: int) -> None:
        async with room:
            await callers[number % 2].call(number)

    async with asyncio.TaskGroup() as group:
        for number in range(calls):
            group.create_task(call(number))
    bench.clock.now += timedelta(hours=2)
    while await callers[0].finops.close_stale():
        pass
    await compared(bench, provider, limit)
    assert any(caller.refused for caller in callers), "the budget was never used up"


async def compared(bench: Bench, provider: Provider, limit: Decimal) -> None:
    """The ledger beside the bill: what is settled to the last digit, what is assumed never less than what was billed."""
    rows = await bench.ledger.of_intent("t1", "int_1")
    by = {status: [row for row in rows if row.status == status] for status in ("reserved", "settled", "assumed", "released")}
    settled, assumed = (sum((row.amount for row in by[status]), Decimal(0)) for status in ("settled", "assumed"))
    assert by["reserved"] == []
    assert settled == provider.bill - sum(provider.unseen, Decimal(0))
    assert len(by["assumed"]) == len(provider.unseen)
    assert provider.bill <= settled + assumed <= limit
    used = {(one.budget.name, one.values[1]): one.spent for one in await bench.budgets.used(["2026-11-21"]) if one.budget.name}
    assert used["all", None] == settled + assumed == sum(amount for (name, _), amount in used.items() if name == "each")
    assert all(amount <= limit / 2 for (name, _), amount in used.items() if name == "each")


@pytest.mark.parametrize("kind", ["memory", *KINDS])
async def test_no_budget_is_overspent_and_the_ledger_is_the_bill(kind: str, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_bench(kind, tmp_path, postgres) as bench:
        await simulated(bench, CALLS)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
async def test_ten_thousand_calls_overspend_nothing(kind: str, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_bench(kind, tmp_path, postgres) as bench:
        await simulated(bench, LONG)
