"""Forecasting one series: how near it comes to what came, how honest its intervals are, what holds whatever the series."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hulk.modules.tools.adapters.tables.forecasting.naive import Naive
from hulk.modules.tools.adapters.tables.forecasting.season import profile, seasonal
from hulk.modules.tools.adapters.tables.forecasting.trial import METHODS, least, outlook
from support.passengers import PASSENGERS

Floats = NDArray[np.float64]
AIR = np.array(PASSENGERS, dtype=np.float64)


def mape(expected: Floats, came: Floats) -> float:
    return float(100 * np.mean(np.abs(expected - came) / came))


def test_the_seasonal_naive_forecast_of_the_passengers_is_the_published_one() -> None:
    """9.99 by statsforecast 2.1.1, where AutoETS has 7.21 and AutoARIMA 4.18."""
    [path] = Naive().learn(AIR[:-12], 12).paths(AIR[:-12], np.array([132]), 12)
    assert round(mape(path, AIR[-12:]), 2) == 9.99


def test_the_passengers_are_forecast_at_least_as_well_as_by_autoarima() -> None:
    found = outlook(AIR[:-12], 12, 12)
    assert mape(found.values, AIR[-12:]) <= 4.18
    assert found.better
    assert found.trial.mase < 0.6 * found.measure.mase


@pytest.mark.parametrize(
    ("method", "most"), [("theta", 7.0), ("smoothing", 7.21), ("arima", 4.18), ("mean", 4.18)], ids=lambda one: str(one)
)
def test_each_method_alone_is_near_what_libraries_give(method: str, most: float) -> None:
    learnt = {str(name): one for name, one in METHODS.items()}[method].learn(AIR[:-12], 12)
    [path] = learnt.paths(AIR[:-12], np.array([132]), 12)
    assert mape(path, AIR[-12:]) <= most


World = Callable[[np.random.Generator, int], Floats]


def walk(rng: np.random.Generator, points: int) -> Floats:
    return 100 + np.cumsum(rng.normal(0, 1, points))


def season(rng: np.random.Generator, points: int) -> Floats:
    return 50 + 10 * np.sin(2 * np.pi * np.arange(points) / 12) + rng.normal(0, 2, points)


def growth(rng: np.random.Generator, points: int) -> Floats:
    time = np.arange(points)
    course = 4 + 0.01 * time + 0.2 * np.sin(2 * np.pi * time / 12)
    return np.asarray(np.exp(course + np.cumsum(rng.normal(0, 0.02, points)) + rng.normal(0, 0.03, points)))


def counts(rng: np.random.Generator, points: int) -> Floats:
    return rng.poisson(3, points).astype(np.float64)


def persistent(rng: np.random.Generator, points: int) -> Floats:
    found = np.zeros(points)
    for place, shock in enumerate(rng.normal(0, 1, points)):
        found[place] = 0.8 * (found[place - 1] if place else 0) + shock
    return found + 10


WORLDS: tuple[tuple[World, int], ...] = ((walk, 1), (season, 12), (growth, 12), (counts, 7), (persistent, 1))


def simulated(points: int, steps: int, times: int) -> Iterator[tuple[float, float, float, float]]:
    """Of each series: shares inside both intervals, and the errors of the forecast and of the seasonal naive one."""
    for seed in range(times):
        for world, period in WORLDS:
            whole = world(np.random.default_rng(seed), points + steps)
            known, came = whole[:points], whole[points:]
            found = outlook(known, period, steps)
            inside = [float(np.mean((came >= low) & (came <= high))) for low, high in zip(found.low, found.high, strict=True)]
            naive = np.mean(np.abs(known[-period:][np.arange(steps) % period] - came))
            yield inside[0], inside[1], float(np.mean(np.abs(found.values - came))), float(naive)


def test_intervals_hold_about_what_they_say_and_forecasts_beat_the_naive() -> None:
    inside_80, inside_95, error, naive = np.mean(list(simulated(120, 12, 30)), axis=0)
    assert 0.75 <= inside_80 <= 0.87
    assert 0.92 <= inside_95 <= 0.98
    assert error < 0.8 * naive


@pytest.mark.parametrize("scale", [0.001, 7.0, 1e6])
def test_another_unit_gives_the_same_forecast(scale: float) -> None:
    plain, other = outlook(AIR, 12, 6), outlook(AIR * scale, 12, 6)
    assert (other.trial.name, other.trial.scale) == (plain.trial.name, plain.trial.scale)
    np.testing.assert_allclose(other.values / scale, plain.values, rtol=1e-6)


def test_the_same_series_always_gives_the_same_forecast() -> None:
    np.testing.assert_array_equal(outlook(AIR, 12, 12).values, outlook(AIR, 12, 12).values)


SERIES = st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=60).filter(lambda values: np.ptp(values) > 1e-3)


@given(SERIES, st.sampled_from([1, 4, 7]), st.integers(1, 10))
@settings(max_examples=25, deadline=None)
def test_whatever_comes_bounds_are_finite_in_order_and_wider_at_95(values: list[float], period: int, steps: int) -> None:
    found = outlook(np.array(values), period, steps)
    (low_80, low_95), (high_80, high_95) = found.low, found.high
    assert np.isfinite([found.values, low_80, low_95, high_80, high_95]).all()
    assert (low_95 <= low_80).all()
    assert (low_80 <= found.values + 1e-6).all()
    assert (found.values <= high_80 + 1e-6).all()
    assert (high_80 <= high_95).all()
    assert min(found.trial.mase, found.measure.mase) >= 0


@given(SERIES)
@settings(max_examples=10, deadline=None)
def test_what_was_never_below_zero_is_not_expected_to_be(values: list[float]) -> None:
    found = outlook(np.abs(np.array(values)) + np.arange(len(values)), 1, 5)
    assert min(found.values.min(), found.low[1].min()) >= 0


@pytest.mark.parametrize("name", METHODS)
def test_a_method_knows_nothing_of_what_comes_after_its_origin(name: str) -> None:
    method = {str(one): made for one, made in METHODS.items()}[name]
    learnt = method.learn(AIR[:80], 12)
    changed = np.concatenate((AIR[:100], AIR[100:] * 3))
    origins = np.array([80, 90, 100])
    np.testing.assert_array_equal(learnt.paths(AIR, origins, 6), learnt.paths(changed, origins, 6))


@pytest.mark.parametrize("name", METHODS)
def test_errors_grow_from_one_on_and_never_shrink(name: str) -> None:
    grown = {str(one): made for one, made in METHODS.items()}[name].learn(AIR, 12).growth(24)
    assert (grown[0], len(grown)) == (1, 24)
    assert (np.diff(grown) >= 0).all()


def test_no_season_is_seen_in_noise_and_a_clear_one_is() -> None:
    rng = np.random.default_rng(5)
    assert sum(seasonal(rng.normal(0, 1, 120), 12) for _ in range(50)) <= 10
    assert seasonal(season(rng, 120), 12)
    np.testing.assert_allclose(profile(season(rng, 240), 12), 10 * np.sin(2 * np.pi * np.arange(12) / 12), atol=1.8)


def test_two_seasons_and_the_steps_are_the_least() -> None:
    assert (least(12, 6), least(1, 10), least(1, 1)) == (30, 20, 12)
    found = outlook(AIR[:30], 12, 6)
    assert len(found.trial.errors) == 1
    assert found.trial.coverage(0.95) is None, "one trial tells nothing of the intervals"
