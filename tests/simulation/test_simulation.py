"""Thousands of interleavings of workers, database and JetStream on a virtual clock, with whatever can happen to them.

`HULK_TEST_SEEDS=… HULK_TEST_FIRST_SEED=…` choose how many, and where to begin."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, seed, settings
from sqlalchemy import Engine

from support.scenarios import SCENARIOS, Scenario, scenario_of
from support.simulation import database, simulate

SEEDS = int(os.environ.get("HULK_TEST_SEEDS", "400"))
FIRST = int(os.environ.get("HULK_TEST_FIRST_SEED", "0"))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = database()
    yield made
    made.dispose()


@pytest.mark.timeout(36000)
def test_whatever_happens_each_run_ends_once_and_nothing_is_recorded_twice(engine: Engine) -> None:
    seconds = sorted(simulate(engine, scenario_of(seed)) for seed in range(FIRST, FIRST + SEEDS))
    print(f"{SEEDS} histories: all ended {seconds[len(seconds) // 2]:.1f} s (median), {seconds[-1]:.1f} s (most) after the last fault")


@pytest.mark.timeout(36000)
@seed(FIRST)
@settings(max_examples=max(1, SEEDS // 4), database=None, suppress_health_check=list(HealthCheck))
@given(scenario=SCENARIOS)
def test_no_small_history_breaks_it(engine: Engine, scenario: Scenario) -> None:
    simulate(engine, scenario)


def test_a_seed_gives_the_same_history_each_time(engine: Engine) -> None:
    first, second = ([simulate(engine, scenario_of(number)) for number in range(10)] for _ in range(2))
    assert first == second
