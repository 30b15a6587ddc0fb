"""Many calls at once with failures, streams cut and paid fallbacks: no budget is overspent, and the ledger is the vendor's own bill.

`make test` makes some hundred calls, the long run ten thousand.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openai
import pytest
from sqlalchemy import select

from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Finops
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.adapters.sql.tables import charge_of, charge_table
from hulk.modules.finops.usecases import acts
from hulk.modules.router import Model
from hulk.modules.router.adapters.sql import SqlDecisions, SqlReceipts
from hulk.modules.router.adapters.vendors import Vendors
from hulk.modules.router.api.openai import PATHS, routes, shaped
from hulk.modules.router.usecases.sending import PassOut
from hulk.runtime.config import ServerSettings
from hulk.runtime.store import Store
from support.patience import until_found
from support.routing import KEY, router
from support.served import application, served
from support.stores import a_store
from support.twins import openai_twin, state

FEW, MANY = 300, 10_000
AT_ONCE = 100
PRICE = Decimal(10)
"""Of a million tokens, in or out."""


@pytest.fixture
def honest() -> Iterator[str]:
    """A vendor whose answers come whole or not at all."""
    with openai_twin() as url:
        yield url


@pytest.fixture
def shaky() -> Iterator[str]:
    """One whose answers break off."""
    with openai_twin() as url:
        yield url


@dataclass
class Bench:
    """A served gateway over a real store."""

    client: openai.AsyncOpenAI
    finops: Finops
    store: Store
    most: Decimal = Decimal(0)
    """The most that was ever seen to be counted."""

    async def rows(self) -> list[Any]:
        """All charges of calls."""
        wanted = select(charge_table).where(charge_table.c.kind == "model")
        return await self.store.read(lambda connection: [charge_of(row) for row in connection.execute(wanted)])

    async def spent(self) -> Decimal:
        """What the budget of the day has counted."""
        return (await self.finops.spending_of("acme", f"{datetime.now(UTC):%Y-%m-%d}")).amount


def models(honest: str, shaky: str) -> tuple[Model, ...]:
    """Those of the honest vendor are `flaky` (every other time it is down) and `second`."""
    told: dict[str, Any] = {"input_price": PRICE, "output_price": PRICE, "total_seconds": 20.0, "most_output_tokens": 60}
    return (
        Model(name="flaky", url=honest, model="flaky", fallbacks=("second",), **told),
        Model(name="second", url=honest, model="echo", **told),
        Model(name="cut", url=shaky, model="truncated", **told),
        Model(name="nonsense", url=shaky, model="garbage", fallbacks=("second",), **told),
        Model(name="stalls", url=shaky, model="stall", **told),
    )


@asynccontextmanager
async def gateway(store: Store, made: tuple[Model, ...], budget: Budget) -> AsyncIterator[Bench]:
    finops = acts(SqlLedger(store), PriceTable({}), budget, store.commit, utc_now)
    provider = Vendors(PassOut(made, KEY, SqlReceipts(store), store.commit, utc_now))
    acting = router(*made, provider=provider, finops=finops, decisions=SqlDecisions(store), commit=store.commit)
    app = application([routes(acting.gateway)], server=ServerSettings(rate_limit=10**6), shapes=dict.fromkeys(PATHS, shaped))
    try:
        async with served(app) as web:
            url = str(web._build_url("/v1"))
            async with openai.AsyncOpenAI(base_url=url, api_key="right", max_retries=0, timeout=60) as client:
                yield Bench(client, finops, store)
    finally:
        await provider.close()


async def one_call(bench: Bench, chance: random.Random) -> None:
    """One call of a random kind; how it ends is the ledger's concern."""
    name = chance.choices(["auto", "flaky", "second", "cut", "nonsense", "stalls"], [4, 4, 4, 1, 1, 1])[0]
    messages: Any = [{"role": "user", "content": "palavra " * chance.randint(1, 40)}]
    streaming = name == "stalls" or chance.random() < 0.4
    try:
        answer: Any = await bench.client.chat.completions.create(model=name, messages=messages, stream=streaming)
        if streaming:
            await read(answer, leave=name == "stalls")
    except openai.APIError:
        return  # refused, or broken off: what it cost is looked at afterwards


async def read(stream: Any, *, leave: bool) -> None:
    """To its end, or not even to its second piece."""
    async for _ in stream:
        if leave:
            await stream.close()
            return


async def storm(bench: Bench, calls: int, seed: int) -> None:
    """So many calls, `AT_ONCE` of them at once."""
    chance, turns = random.Random(seed), iter(range(calls))

    async def caller() -> None:
        for _ in turns:
            await one_call(bench, chance)
            bench.most = max(bench.most, await bench.spent())

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(caller())


async def all_ended(bench: Bench) -> bool:
    return all(row.status != "reserved" for row in await bench.rows())


def billed(url: str) -> Decimal:
    """What the vendor would bill for what it has done."""
    done = state(url)
    return PRICE * (done.input_tokens + done.output_tokens) / 1_000_000


@pytest.mark.parametrize("calls", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
async def test_the_ledger_is_the_vendors_bill(tmp_path: Path, postgres: Any, honest: str, shaky: str, calls: int) -> None:
    async with a_store("sqlite", tmp_path, postgres) as store, gateway(store, models(honest, shaky), Budget()) as bench:
        await storm(bench, calls, seed=5)
        await until_found(lambda: all_ended(bench))
        rows = await bench.rows()
        paid = sum(row.amount for row in rows if row.provider in ("flaky", "second"))
        assert paid == billed(honest) > 0
        unsure = [row for row in rows if row.provider in ("cut", "nonsense", "stalls")]
        assert all(row.amount == row.reserved for row in unsure)
        assert billed(shaky) <= sum(row.amount for row in unsure)
        assert await bench.spent() == sum(row.amount for row in rows)
        assert any(row.status == "released" for row in rows)


@pytest.mark.parametrize("calls", [FEW, pytest.param(MANY, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
async def test_no_budget_is_overspent_by_a_cent(tmp_path: Path, postgres: Any, honest: str, shaky: str, calls: int) -> None:
    limit = Decimal("0.0003") * calls
    async with a_store("sqlite", tmp_path, postgres) as store, gateway(store, models(honest, shaky), Budget(daily=limit)) as bench:
        await storm(bench, calls, seed=7)
        await until_found(lambda: all_ended(bench))
        assert Decimal(0) < await bench.spent() <= limit
        assert bench.most <= limit
        assert len(await bench.rows()) > calls // 20
