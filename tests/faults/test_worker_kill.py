"""A worker process killed or frozen in the middle of its work: another goes on; nothing is lost and nothing recorded twice."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hulk.runtime.bus import Address, connect, embedded
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import RunQueries, Workflows
from hulk.runtime.workflows.tables import step_table
from support.runs import KEY, a_run, steps_of
from support.stores import url_of
from support.worker import STEPS, mark_table

RUNS = 300
SEEDS = max(1, int(os.environ.get("HULK_TEST_SEEDS", "1")) // 10)
"""How many moments of the kill are tried: one in `make test`, more in `make test-faults`."""
TESTS = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Site:
    """A store and a bus that workers share."""

    store: Store
    folder: Path
    address: Address

    @contextmanager
    def worker(self, name: str) -> Iterator[subprocess.Popen[str]]:
        """A worker process that has begun to work; killed at the end if it still lives."""
        words = (name, url_of(self.store), str(self.folder), self.address.urls[0], self.address.user or "", self.address.password or "")
        with subprocess.Popen([sys.executable, "-m", "support.worker", *words], cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                while "working" not in (line := process.stdout.readline()):
                    assert line, "the worker ended before it began"
                yield process
            finally:
                process.kill()

    async def steps(self) -> int:
        """How many steps are recorded."""
        return await self.store.read(lambda connection: int(connection.execute(select(func.count()).select_from(step_table)).scalar_one()))

    async def until(self, reached: Callable[[], Awaitable[bool]], within: float = 60) -> float:
        """Wait; gives how many seconds it took."""
        begun = time.monotonic()
        while not await reached():
            assert time.monotonic() - begun < within, await RunQueries(self.store).counts()
            await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def all_completed(self) -> bool:
        """Whether every run has ended well."""
        return (await RunQueries(self.store).counts()) == {"completed": RUNS}

    async def check(self) -> Counter[str]:
        """Each run has each step once, and each step left one mark; gives how many steps each worker recorded."""
        marks = await self.store.read(lambda connection: [(row.run, row.step, row.by) for row in connection.execute(select(mark_table))])
        assert Counter((run, step) for run, step, _ in marks) == Counter((f"run_{n}", step) for n in range(RUNS) for step in STEPS)
        by = {(run, step): worker for run, step, worker in marks}
        for n in range(RUNS):
            assert await steps_of(self.store, f"run_{n}") == [(step, by[f"run_{n}", step]) for step in STEPS]
        return Counter(by.values())


@asynccontextmanager
async def a_site(store: Store, folder: Path) -> AsyncIterator[Site]:
    """A store and bus with 300 runs begun."""
    mark_table.create(store.engine)
    async with embedded(folder / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10_000)
        accepting = Workflows(store, bus, Outbox(store, KEY), slots=1, queue_size=10_000, limit=timedelta(seconds=5))
        async with meanwhile(accepting._dispatcher.run()):
            await store.commit(*(accepting.begin(a_run(f"run_{n}", "marks")) for n in range(RUNS)))
            yield Site(store, folder, server.address)


@pytest.mark.parametrize("seed", range(1, 1 + SEEDS))
async def test_a_killed_workers_runs_are_gone_on_with_by_the_other(store: Store, tmp_path: Path, seed: int) -> None:
    at = random.Random(seed).randrange(60, 600)

    async with a_site(store, tmp_path) as site:
        with site.worker("one") as one, site.worker("two"):
            await site.until(lambda: _at_least(site, at))
            one.kill()
            seconds = await site.until(site.all_completed)
        by = await site.check()
    print(f"killed at {at} of {RUNS * 3} steps: all {RUNS} runs done {seconds:.2f} s later; steps by {dict(by)}")


async def _at_least(site: Site, steps: int) -> bool:
    return await site.steps() >= steps


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # SQLite's is one process, which the folder's lock sees to
async def test_a_frozen_worker_that_comes_back_writes_nothing_over_the_others_work(store: Store, tmp_path: Path) -> None:
    async with a_site(store, tmp_path) as site:
        with site.worker("one") as one, site.worker("two"):
            await site.until(lambda: _at_least(site, 150))
            one.send_signal(signal.SIGSTOP)
            seconds = await site.until(site.all_completed)
            one.send_signal(signal.SIGCONT)
            await asyncio.sleep(1)
        await site.check()
    print(f"frozen: all {RUNS} runs done {seconds:.2f} s later")


async def test_a_worker_alone_that_is_killed_again_and_again_gets_done(store: Store, tmp_path: Path) -> None:
    chance = random.Random(7)
    async with a_site(store, tmp_path) as site:
        for _ in range(4):
            with site.worker("mortal") as worker:
                goal = await site.steps() + chance.randrange(20, 150)
                await site.until(lambda goal=goal: _at_least(site, goal))  # type: ignore[misc]  # bound now
                worker.kill()
        with site.worker("last"):
            await site.until(site.all_completed)
        await site.check()


async def test_a_worker_told_to_end_hands_back_at_once(store: Store, tmp_path: Path) -> None:
    async with a_site(store, tmp_path) as site:
        with site.worker("one") as one, site.worker("two"):
            await site.until(lambda: _at_least(site, 150))
            one.terminate()
            await site.until(site.all_completed)
            assert await asyncio.to_thread(one.wait, 5) == 0
        await site.check()
