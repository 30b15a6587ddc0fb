"""How well anomalies are told from noise: false alarms, recall, episodes, laws. All series are seeded."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from hulk.modules.tools.adapters.tables.robust import Judged, judge

Floats: TypeAlias = NDArray[np.float64]
Maker: TypeAlias = Callable[[int, Generator], Floats]


def judged(values: Floats, seasons: tuple[int, ...] = (), threshold: float | None = None) -> Judged:
    return judge(np.asarray(values, dtype=np.float64), np.arange(len(values)), seasons, threshold)


def normal(n: int, rng: Generator) -> Floats:
    return rng.normal(10, 1, n)


def weekly(n: int, rng: Generator) -> Floats:
    return 100 + np.tile([0, 5, 8, 9, 12, 30, -20], n // 7 + 1)[:n] + rng.normal(0, 3, n) + 0.02 * np.arange(n)


def daily(n: int, rng: Generator) -> Floats:
    return 50 + 20 * np.sin(2 * np.pi * np.arange(n) / 24) + rng.normal(0, 2, n)


def weekends(n: int, rng: Generator) -> Floats:
    return daily(n, rng) + 15 * ((np.arange(n) // 24) % 7 >= 5)


def correlated(n: int, rng: Generator) -> Floats:
    noise, values = rng.normal(0, 1, n), np.zeros(n)
    for i in range(1, n):
        values[i] = 0.7 * values[i - 1] + noise[i]
    return values


def rare(n: int, rng: Generator) -> Floats:
    return rng.poisson(0.5, n).astype(np.float64)


def rounded(n: int, rng: Generator) -> Floats:
    return np.round(rng.normal(20, 0.3, n), 1)


def walk(n: int, rng: Generator) -> Floats:
    return np.asarray(rng.normal(0, 1, n).cumsum())


def growing(n: int, rng: Generator) -> Floats:
    return 100 * (1 + 0.5 * np.sin(2 * np.pi * np.arange(n) / 7)) * (1 + 0.001 * np.arange(n)) * rng.lognormal(0, 0.1, n)


CLEAN = [
    pytest.param(normal, (), 1.0, id="normal"),
    pytest.param(weekly, (7,), 3.0, id="weekly season and trend"),
    pytest.param(daily, (24, 168), 2.0, id="daily season"),
    pytest.param(weekends, (24, 168), 2.0, id="daily and weekly season"),
    pytest.param(correlated, (), 1.4, id="autocorrelated"),
    pytest.param(rounded, (), 0.3, id="rounded"),
]
OTHERS = [
    pytest.param(rare, (), 0.0, id="counts with many zeros"),
    pytest.param(walk, (), 0.0, id="random walk"),
    pytest.param(growing, (7,), 0.0, id="noise that grows with the level"),
]


@pytest.mark.parametrize(("maker", "seasons", "sigma"), [*CLEAN, *OTHERS])
def test_clean_series_of_1000_points_alarm_less_than_once_in_ten(maker: Maker, seasons: tuple[int, ...], sigma: float) -> None:
    alarms = sum(len(judged(maker(1000, default_rng(seed)), seasons).found) for seed in range(60))
    assert alarms < 6


@pytest.mark.parametrize(("maker", "seasons", "sigma"), CLEAN)
def test_spikes_and_dips_of_eight_deviations_are_found(maker: Maker, seasons: tuple[int, ...], sigma: float) -> None:
    hits = total = 0
    for seed in range(60):
        rng = default_rng(seed)
        values = maker(1000, rng)
        at, sign = rng.choice(1000, 5, replace=False), rng.choice([-1, 1], 5)
        values[at] += 8 * sigma * sign
        hits += int(np.sum(judged(values, seasons).flags[at] == sign))
        total += 5
    assert hits >= 0.95 * total


@pytest.mark.parametrize(("maker", "seasons", "sigma"), CLEAN)
@pytest.mark.parametrize("length", [60, 400])
def test_a_changed_level_is_one_episode(maker: Maker, seasons: tuple[int, ...], sigma: float, length: int) -> None:
    right = 0
    for seed in range(20):
        values = maker(1000, default_rng(seed))
        values[400 : 400 + length] += 8 * sigma
        found = judged(values, seasons).found
        right += (
            len(found) == 1
            and found[0].kind in ("rise", "spike")
            and abs(found[0].start - 400) <= 3
            and abs(found[0].end - 399 - length) <= 3
        )
    assert right >= 17


@pytest.mark.parametrize("length", [1, 3, 8])
def test_neighbouring_points_are_one_episode(length: int) -> None:
    values = normal(500, default_rng(1))
    values[200 : 200 + length] -= 15
    found = judged(values).found
    assert [(one.kind, one.start, one.end) for one in found] == [("dip", 200, 199 + length)]


def test_an_episode_tells_peak_expected_and_score() -> None:
    values = normal(500, default_rng(1))
    values[200:203] += (12, 30, 12)
    (found,) = judged(values).found
    assert (found.peak, found.value) == (201, values[201])
    assert found.expected == pytest.approx(10, abs=1)
    assert found.score == pytest.approx(30, rel=0.25)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([5.0] * 20 + [50.0] + [5.0] * 20, [("spike", 20)], id="one spike in a constant"),
        pytest.param([5.0] * 40 + [7.0] * 40, [("rise", 40)], id="a constant that moves for good"),
        pytest.param([0.0] * 100, [], id="constant"),
        pytest.param(list(range(100)), [], id="a straight line"),
        pytest.param([0.0, 1.0] * 50, [], id="to and fro"),
        pytest.param([-3.0, -2.9, -3.1, -3.0, -2.95, -3.05, -3.0, -9.0, -3.0, -2.9], [("dip", 7)], id="ten negative points"),
        pytest.param([1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0], [], id="eight points"),
    ],
)
def test_small_and_strange_series(values: list[float], expected: list[tuple[str, int]]) -> None:
    assert [(one.kind, one.start) for one in judged(np.array(values, dtype=np.float64), (7,)).found] == expected


@pytest.mark.parametrize("points", [10, 16, 25, 40])
def test_series_shorter_than_their_seasons_hardly_alarm(points: int) -> None:
    alarms = sum(len(judged(daily(points, default_rng(seed)), (24, 168)).found) for seed in range(60))
    assert alarms <= 12


@given(seed=st.integers(0, 10_000), scale=st.floats(1e-3, 1e3), move=st.floats(-1e3, 1e3))
@settings(max_examples=60)
def test_scaling_and_moving_a_series_changes_no_verdict(seed: int, scale: float, move: float) -> None:
    rng = default_rng(seed)
    maker = (normal, weekly, correlated, rare)[seed % 4]
    values = maker(300, rng)
    values[rng.choice(300, 3, replace=False)] += 40
    plain, other = judged(values, (7,)), judged(values * scale + move, (7,))
    assert [(one.kind, one.start, one.end) for one in plain.found] == [(one.kind, one.start, one.end) for one in other.found]
    np.testing.assert_allclose(other.expected, plain.expected * scale + move, rtol=1e-6, atol=1e-6 * max(1, abs(move), scale))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30)
def test_turning_a_series_upside_down_turns_spikes_into_dips(seed: int) -> None:
    values = normal(300, default_rng(seed))
    values[100] += 20
    turned = {"spike": "dip", "dip": "spike", "rise": "fall", "fall": "rise"}
    assert sorted((turned[one.kind], one.start) for one in judged(values).found) == sorted(
        (one.kind, one.start) for one in judged(-values).found
    )


def test_a_threshold_that_is_asked_for_is_kept() -> None:
    values = normal(1000, default_rng(4))
    counts = [len(judged(values, (), threshold).found) for threshold in (2, 3, 6)]
    assert counts[0] > counts[1] > counts[2] == 0
