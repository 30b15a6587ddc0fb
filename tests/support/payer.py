"""A process that reserves and settles model calls as fast as it can, for tests that kill it: `python -m support.payer STORE FOLDER`.

It prints each charge that it was told is on disk, and each that it was told is settled."""

import asyncio
import itertools
import random
import sys
from decimal import Decimal
from pathlib import Path

from hulk.kernel import ids
from hulk.kernel.errors import Unavailable
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Finops, Usage
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.runtime.store import Store, opened
from support.money import PRICES, planned

AT_ONCE = 20
LIMIT = Decimal(1000)


async def main(url: str, folder: str) -> None:
    """Pay until killed."""
    async with opened(url, Path(folder)) as store:
        finops = acts(SqlLedger(store), PRICES, Budget(daily=LIMIT), store.commit, utc_now)
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(_paying(store, finops))


async def _paying(store: Store, finops: Finops) -> None:
    for _ in itertools.count():
        try:
            charge = await finops.reserve(planned(ids.new("try")))
            print("reserved", charge.id, flush=True)
            await asyncio.sleep(random.uniform(0, 0.02))
            await store.commit(finops.settle(charge, Usage(output_tokens=random.randint(0, 1000))))
            print("settled", charge.id, flush=True)
        except Unavailable:
            await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
