"""Thousands of interleavings of workers, database and JetStream on a virtual clock, with whatever can happen to them.

`SEEDS=… FIRST=…` chooses how many, and where to begin."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from support.simulation import database, simulate

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "250"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = database(tmp_path)
    yield made
    made.dispose()


@pytest.mark.timeout(36000)
def test_whatever_happens_each_run_ends_once_and_nothing_is_recorded_twice(engine: Engine) -> None:
    seconds = sorted(simulate(engine, seed) for seed in range(FIRST, FIRST + SEEDS))
    print(f"{SEEDS} histories: all ended {seconds[len(seconds) // 2]:.1f} s (median), {seconds[-1]:.1f} s (most) after the last fault")
