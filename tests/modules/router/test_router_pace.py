"""When a model is left alone because of its provider's limits, and how long its answers are expected to take."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.router.domain.model import Limits
from hulk.modules.router.domain.pace import Pace
from hulk.modules.router.domain.speed import FORGOTTEN, Speeds

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def told(**limits: float) -> Pace:
    """What is known after an answer told these."""
    pace = Pace()
    pace.heard("one", Limits(**limits), NOW)  # type: ignore[arg-type]  # numbers, as headers have them
    return pace


@pytest.mark.parametrize(
    ("limits", "size", "waits"),
    [
        pytest.param({}, 100, None, id="nothing was told"),
        pytest.param({"requests": 1, "requests_reset": 7.0}, 100, None, id="one is left"),
        pytest.param({"requests": 0, "requests_reset": 7.0}, 100, 7, id="none is left"),
        pytest.param({"requests": 0}, 100, None, id="none, and nobody says until when"),
        pytest.param({"tokens": 10, "tokens_reset": 9.0}, 40, None, id="just enough tokens"),
        pytest.param({"tokens": 10, "tokens_reset": 9.0}, 44, 9, id="too few tokens"),
        pytest.param({"requests": 0, "requests_reset": 7.0, "tokens": 0, "tokens_reset": 9.0}, 44, 9, id="the longer of both"),
    ],
)
def test_a_model_is_left_alone_until_its_limit_is_whole(limits: dict[str, float], size: int, waits: int | None) -> None:
    pace = told(**limits)
    assert pace.wait("one", size, NOW) == (None if waits is None else waits * SECOND)
    assert pace.wait("other", size, NOW) is None
    if waits is not None:
        assert pace.wait("one", size, NOW + waits * SECOND) is None


@given(left=st.integers(0, 20), sent=st.integers(0, 30))
def test_no_more_are_sent_than_are_left(left: int, sent: int) -> None:
    pace, gone = told(requests=left, requests_reset=60.0), 0
    for _ in range(sent):
        if pace.wait("one", 1, NOW) is None:
            pace.sent("one", 1)
            gone += 1
    assert gone == min(left, sent)


def test_who_wants_to_be_left_alone_is() -> None:
    pace = Pace()
    pace.rest("one", 5, NOW)
    assert pace.wait("one", 1, NOW + 2 * SECOND) == 3 * SECOND
    assert pace.wait("one", 1, NOW + 5 * SECOND) is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_what_is_expected_lies_among_what_was_seen(took: list[float]) -> None:
    speeds = Speeds()
    for seconds in took:
        speeds.took("one", seconds, NOW)
    expected = speeds.expected("one", NOW)
    assert expected is not None
    assert min(took) - 1e-3 <= expected.total_seconds() <= max(took) + 1e-3
    assert speeds.expected("other", NOW) is None


def test_who_was_slow_is_given_another_chance() -> None:
    speeds = Speeds()
    speeds.took("one", 90, NOW)
    assert speeds.expected("one", NOW + FORGOTTEN - SECOND) == 90 * SECOND
    assert speeds.expected("one", NOW + FORGOTTEN) is None
    speeds.took("one", 2, NOW + FORGOTTEN)
    assert speeds.expected("one", NOW + FORGOTTEN) == 2 * SECOND


@pytest.mark.parametrize("jump", [timedelta(hours=-3), timedelta(hours=3)])
def test_a_clock_that_jumps_leaves_nothing_strange(jump: timedelta) -> None:
    speeds = Speeds()
    speeds.took("one", jump.total_seconds() if jump < timedelta() else 1.0, NOW)
    assert speeds.expected("one", NOW + jump) is None
    assert speeds.expected("one", NOW) == (0 if jump < timedelta() else 1) * SECOND
