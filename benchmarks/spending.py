"""What it costs to reserve and settle a model call: CPU of this process and of PostgreSQL, one call after the other and many at once."""

import asyncio
import itertools
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from decimal import Decimal
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.program import family_cpu
from benchmarks.servers import postgres
from hulk.apps.schema import prepare
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Finops, Planned, Priced, Tariff, Usage
from hulk.modules.finops.adapters.memory import PriceTable
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.runtime.store import Store, opened

PAIRS = 3000
AT_ONCE = (1, 64)
PAID = Priced(provider="acme", model="big", url="https://api.acme.example/v1")
TARIFF = Tariff(input=Decimal("2.5"), output=Decimal(10), currency="USD", version="1")
BUDGET = Budget(daily=Decimal(10**6), monthly=Decimal(10**7))
MOST, USED = Usage(input_tokens=2000, output_tokens=1000), Usage(input_tokens=1900, output_tokens=300)


async def measured() -> list[Figure]:
    """Over each kind of store."""
    return [figure for kind in ("SQLite", "PostgreSQL") for figure in await _of(kind)]


async def _of(kind: str) -> list[Figure]:
    async with _stored(kind) as (store, server):
        finops = acts(SqlLedger(store), PriceTable({("acme", "big"): TARIFF}), BUDGET, store.commit, utc_now)
        return [figure for count in AT_ONCE for figure in await _measured(kind, finops, store, server, count)]


async def _measured(kind: str, finops: Finops, store: Store, server: Callable[[], float], count: int) -> list[Figure]:
    """So many callers, who each pay for one call after the other."""
    name = f"reserve and settle, {kind}, {count} at once"
    await _paid(finops, store, count, PAIRS // 10)
    own, others, begun = time.process_time(), server(), time.perf_counter()
    await _paid(finops, store, count, PAIRS)
    seconds = time.perf_counter() - begun
    own, others = time.process_time() - own, server() - others
    return [
        Figure(name, PAIRS / seconds, "1/s"),
        Figure("  CPU of Hulk", 1e6 * own / PAIRS, "µs", "< 1,000"),
        *([Figure("  CPU of PostgreSQL", 1e6 * others / PAIRS, "µs")] if kind == "PostgreSQL" else []),
    ]


_KEYS = itertools.count()


async def _paid(finops: Finops, store: Store, count: int, pairs: int) -> None:
    turns = iter(range(pairs))

    async def caller() -> None:
        for _ in turns:
            await _call(finops, store)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(caller())


async def _call(finops: Finops, store: Store) -> None:
    """One of a thousand people's, by way of three channels to five agents."""
    number = next(_KEYS)
    key = f"bench/{number}"
    planned = Planned(
        key=key, tenant="bench", intent=key, subject="dec_bench", priced=PAID, most=MOST, agent=f"agent-{number % 5}",
        channel=f"channel-{number % 3}", person=f"person-{number % 1000}",
    )  # fmt: skip
    await store.commit(finops.settle(await finops.reserve(planned), USED))


@asynccontextmanager
async def _stored(kind: str) -> AsyncIterator[tuple[Store, Callable[[], float]]]:
    """A store, and what tells the CPU that its server has used."""
    with tempfile.TemporaryDirectory() as folder, nullcontext(None) if kind == "SQLite" else postgres() as server:
        async with opened(server.url if server else "", Path(folder)) as store:
            prepare(store.engine)
            yield store, lambda: family_cpu(server.pid) if server else 0.0
