"""Token buckets: a law and a bound."""

from hypothesis import given
from hypothesis import strategies as st

from hulk.runtime.http.buckets import Buckets


@given(st.floats(0.1, 1000), st.floats(1, 100), st.lists(st.floats(0, 5), max_size=60))
def test_never_more_is_granted_than_burst_and_rate_allow(rate: float, burst: float, pauses: list[float]) -> None:
    now = 0.0
    buckets = Buckets(rate, burst, clock=lambda: now)
    granted = 0
    for pause in pauses:
        now += pause
        granted += buckets.take("a") == 0
    assert granted <= burst + rate * now + 1e-6


@given(st.floats(0.1, 1000), st.integers(1, 20))
def test_who_waits_as_told_is_served(rate: float, asks: int) -> None:
    now = 0.0
    buckets = Buckets(rate, 1, clock=lambda: now)
    for _ in range(asks):
        wait = buckets.take("a")
        if wait:
            now += wait
            assert buckets.take("a") == 0


def test_names_are_forgotten_beyond_the_bound_the_longest_unused_first() -> None:
    buckets = Buckets(1, 1, most=3, clock=lambda: 0.0)
    for name in "abcd":
        assert buckets.take(name) == 0
    assert len(buckets) == 3
    assert buckets.take("d") > 0
    assert buckets.take("a") == 0
