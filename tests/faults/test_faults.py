"""Worker, nats-server and PostgreSQL killed, frozen, cut off; JetStream forgets; the disk is full: each run ends once, none is lost.

Bounded here; `make test-faults SEEDS=…` goes on for as long as one likes."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from support.disks import a_small_disk, full
from support.faults import Place, a_place
from support.postgres import Postgres, a_postgres
from support.stores import a_store
from support.toll import Toll

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "1"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))
EVERYWHERE = ["kill", "break_bus", "forget", "pull_bus"]
POSTGRESQL = [*EVERYWHERE, "freeze", "break_database", "pull_database", "flap"]
"""SQLite's is one process: nobody else can hold a lock of it while frozen, and there is no way that could be cut."""


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A PostgreSQL of its own, to be killed."""
    with a_postgres() as server:
        yield server


def _none() -> Postgres:
    raise AssertionError("SQLite needs no server")


async def _survived(place: Place, what: str, faults: Sequence[str], toll: Toll) -> None:
    await place.live(faults)
    seconds = await place.all_ended()
    await place.check(toll)
    moving = f", all that ran at a kill moved on within {max(place.gone_on):.2f} s" if place.gone_on else ""
    print(f"{what}: {len(place.accepted)} runs, all ended {seconds:.2f} s after the last fault{moving} [{', '.join(place.said)}]")


@pytest.mark.skipif(
    "HULK_TEST_SEEDS" not in os.environ, reason="all of them together are tested always; each by itself by `make test-faults`"
)
@pytest.mark.parametrize("fault", POSTGRESQL)
@pytest.mark.timeout(36000)
async def test_each_fault_by_itself(mortal: Postgres, tmp_path: Path, fault: str, toll: Toll) -> None:
    for seed in range(FIRST, FIRST + max(1, SEEDS // 10)):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        async with a_store("postgresql", folder, lambda: mortal) as store, a_place(store, folder, seed, mortal) as place:
            await _survived(place, f"{fault}, seed {seed}", [fault] * 2, toll)


@pytest.mark.timeout(36000)
async def test_faults_upon_faults_on_postgresql(mortal: Postgres, tmp_path: Path, toll: Toll) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        async with a_store("postgresql", folder, lambda: mortal) as store, a_place(store, folder, seed, mortal) as place:
            await _survived(place, f"seed {seed}", POSTGRESQL, toll)


@pytest.mark.timeout(36000)
async def test_faults_upon_faults_on_sqlite(tmp_path: Path, toll: Toll) -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        async with a_store("sqlite", folder, _none) as store, a_place(store, folder, seed) as place:
            await _survived(place, f"seed {seed}", EVERYWHERE, toll)


async def test_a_full_disk_under_running_work_only_delays_it(tmp_path: Path) -> None:
    with a_small_disk(tmp_path / "small", 16) as small:
        async with a_store("sqlite", small, _none) as store, a_place(store, tmp_path, 1) as place:
            for _ in range(2):
                with full(small):
                    await place.live([])
                await place.live([])
            assert place.refused, "there was room"
            print(f"full disk: refused {place.refused} times, all {len(place.accepted)} runs ended {await place.all_ended():.2f} s later")
            await place.check()
