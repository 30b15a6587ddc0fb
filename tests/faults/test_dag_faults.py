"""Plans of agents carried out while models, tools, people, the store and the process itself fail: no cap is passed, no side effect is done
twice, what is handed on has its form, what is private stays, and every task ends as declared.

Bounded here; `make test-faults` carries out 1,000 and kills 300."""

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from support.dags.kept import MortalStore, a_mortal_store
from support.dags.plans import drawn
from support.dags.proof import proved
from support.dags.rig import Rig, fates, task_of
from support.postgres import Postgres
from support.processes import leashed
from support.stores import Kind

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "5"))
TASKS = {"sqlite": 9 * SEEDS, "postgresql": SEEDS}
KILLS = {"sqlite": 2 * SEEDS, "postgresql": SEEDS} if "HULK_TEST_SEEDS" in os.environ else {"sqlite": 6, "postgresql": 3}
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
TESTS = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _silent() -> Iterator[None]:
    """What fails is logged, and that much of it costs more than all else."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)


@pytest.fixture
def url(kind: Kind, postgres: Callable[[], Postgres]) -> Iterator[str]:
    """Of an empty database of that kind."""
    if kind == "sqlite":
        yield ""
        return
    made = postgres().database()
    yield made
    postgres().drop(made)


async def _carried_out(seed: int, store: MortalStore, folder: Path) -> Counter[str]:
    """One task to its end; what came of it."""
    chance = random.Random(seed)
    store.fate = fates(chance, deaths=chance.choice([0, 0, 1, 2, 5]), troubles=chance.choice([0, 0, 0.02]))
    rig = Rig(store, folder, drawn(seed), chance)
    task = await rig.live()
    store.fate = lambda: ""
    return (await proved(rig, task)).count + Counter(deaths=rig.lives - 1)


@pytest.mark.timeout(36000)
async def test_whatever_fails_a_task_stays_within_its_bounds_and_ends_as_declared(kind: Kind, url: str, tmp_path: Path) -> None:
    begun, came = time.process_time(), Counter[str]()
    async with a_mortal_store(url, tmp_path) as store:
        for seed in range(FIRST, FIRST + TASKS[kind]):
            folder = tmp_path / f"{seed}"
            await asyncio.to_thread(folder.mkdir)
            try:
                came += await _carried_out(seed, store, folder)
            except BaseException as error:
                error.add_note(f"seed {seed}")
                raise
    print(f"\n{kind}: {TASKS[kind]} tasks in {time.process_time() - begun:.1f} s of CPU: {dict(came)}")


@pytest.mark.timeout(36000)
async def test_a_task_whose_process_is_killed_goes_on_and_does_nothing_twice(kind: Kind, url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "support.dags.worker", url, str(tmp_path), str(FIRST), str(KILLS[kind])]
    worker = await asyncio.create_subprocess_exec(*leashed(*command), cwd=TESTS, stdout=asyncio.subprocess.PIPE)
    said, _ = await worker.communicate()
    assert worker.returncode == 0
    came = Counter[str]()
    async with a_mortal_store(url, tmp_path) as store:
        for line in said.splitlines():
            seed, kills = json.loads(line).values()
            rig = Rig(store, tmp_path / str(seed), drawn(seed), random.Random(), called_off=True)
            came += (await proved(rig, task_of(seed))).count + Counter(kills=kills)
    print(f"\n{kind}: {dict(came)}")
