"""kill -9 of processes that pay for calls: no reservation that was told to be on disk is lost, what the dead left is counted in full once
its deadline is over, and the budget's count is the sum of its charges."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO

from hulk.apps.schema import prepare
from hulk.kernel.time import utc_now
from hulk.modules.finops import Budget, Charge
from hulk.modules.finops.adapters.sql import SqlLedger
from hulk.modules.finops.usecases import acts
from hulk.runtime.store import engine_for, opened
from support.money import PRICES, of_tenant
from support.patience import until
from support.postgres import Postgres
from support.processes import leashed

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "2"))
TESTS = Path(__file__).parents[1]


class Payers:
    """A store, and what processes that pay have been told by it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.reserved, self.settled = set[str](), set[str]()
        engine = engine_for(url, folder)
        prepare(engine)
        engine.dispose()

    @contextlib.contextmanager
    def paying(self, name: str) -> Iterator[Callable[[], bool]]:
        """A process pays, and is killed at the end; gives what tells whether it has paid for some."""
        path = self.folder / name
        with path.open("w+") as said:
            command = [sys.executable, "-m", "support.payer", self.url, str(self.folder)]
            process = subprocess.Popen(leashed(*command), cwd=TESTS, stdout=said, text=True)
            try:
                yield lambda: path.stat().st_size > 2000
                assert process.poll() is None, "it ended by itself"
            finally:
                process.kill()
                process.wait()
                self._heard(said)

    def _heard(self, said: IO[str]) -> None:
        said.seek(0)
        for line in said.read().rpartition("\n")[0].splitlines():
            what, _, charge = line.partition(" ")
            (self.reserved if what == "reserved" else self.settled).add(charge)

    async def proved(self) -> None:
        """All that was told is there; the dead ones' are closed after their deadline, not before; the count is the sum."""
        late = utc_now() + timedelta(hours=2)
        async with opened(self.url, self.folder) as store:
            ledger = SqlLedger(store)
            early, after = (acts(ledger, PRICES, Budget(), store.commit, clock) for clock in (utc_now, lambda: late))
            left = [row for row in await self._rows(ledger) if row.status == "reserved"]
            assert await early.close_stale() == 0
            closed = 0
            while found := await after.close_stale():
                closed += found
            rows = {row.id: row for row in await self._rows(ledger)}
            assert closed == len(left)
            assert self.reserved - rows.keys() == set()
            assert {rows[id_].status for id_ in self.settled} <= {"settled"}
            assert {row.status for row in rows.values()} <= {"settled", "assumed"}
            for day in {row.day for row in rows.values()}:
                spending = await ledger.spending(of_tenant(day))
                assert spending is not None
                assert spending.amount == sum((row.held for row in rows.values() if row.day == day), Decimal(0))

    async def _rows(self, ledger: SqlLedger) -> list[Charge]:
        return list(await ledger.of_intent("t1", "int_1"))


async def test_who_pays_is_killed_again_and_again(tmp_path: Path) -> None:
    chance, payers = random.Random(1), Payers("", tmp_path)
    for number in range(SEEDS):
        with payers.paying(f"p{number}") as some:
            await until(some)
            await asyncio.sleep(chance.uniform(0, 0.5))
    await payers.proved()


async def test_two_pay_from_one_budget_and_are_killed_in_turn(tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    chance, payers = random.Random(2), Payers(postgres().database(), tmp_path)
    with payers.paying("steady") as steady:
        for number in range(SEEDS):
            with payers.paying(f"p{number}") as some:
                await until(lambda: some() and steady())  # called at once
                await asyncio.sleep(chance.uniform(0, 0.5))
    await payers.proved()
