"""What goes on beside the work."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.background import Rounds, background
from hulk.runtime.telemetry import Metrics
from support.virtual import virtually

PERIOD, TOOK = 60.0, 5.0


def moments(act: Callable[[], Awaitable[None]], count: int, metrics: Metrics, first: float = 0.0) -> list[float]:
    """When the first rounds of an act began, in seconds; the loop is then cancelled."""
    seen, enough = list[float](), asyncio.Event()

    async def seen_act() -> None:
        seen.append(asyncio.get_running_loop().time())
        if len(seen) == count:
            enough.set()
        await act()

    async def story() -> None:
        async with background(Rounds(metrics).every(PERIOD, seen_act, "dust_stays", first=first)):
            await enough.wait()

    virtually(story)
    return seen


def failures(metrics: Metrics) -> float:
    """As they are counted."""
    return metrics.registry.get_sample_value("hulk_background_failures_total", {"event": "dust_stays"}) or 0.0


async def dusted() -> None:
    """A round that goes well, and takes its time."""
    await asyncio.sleep(TOOK)


@pytest.mark.parametrize(
    ("first", "begun"),
    [
        pytest.param(0.0, [0.0, 65.0, 130.0], id="at once"),
        pytest.param(PERIOD, [60.0, 125.0, 190.0], id="after a period"),
    ],
)
def test_a_round_begins_a_period_after_the_one_before_has_ended(first: float, begun: list[float]) -> None:
    metrics = Metrics()
    assert moments(dusted, 3, metrics, first) == begun
    assert failures(metrics) == 0


@pytest.mark.parametrize(
    ("error", "level"),
    [
        pytest.param(Unavailable("The broom is away."), "warning", id="it cannot be done now"),
        pytest.param(Refused("Not that corner."), "warning", id="it is refused"),
        pytest.param(OverflowError("date value out of range"), "error", id="a mistake of ours"),
    ],
)
def test_a_round_that_fails_is_told_and_counted_and_the_next_one_comes(error: Exception, level: str) -> None:
    async def fails() -> None:
        raise error

    metrics = Metrics()
    with capture_logs() as logs:
        assert moments(fails, 3, metrics) == [0.0, PERIOD, 2 * PERIOD]
    assert {(one["event"], one["log_level"]) for one in logs} == {("dust_stays", level)}
    assert len(logs) == failures(metrics) == 3


@pytest.mark.parametrize("first", [pytest.param(0.0, id="amid a round"), pytest.param(PERIOD, id="before the first")])
def test_who_leaves_waits_for_no_round(first: float) -> None:
    async def long() -> None:
        await asyncio.sleep(3600)

    async def story() -> float:
        async with background(Rounds(Metrics()).every(PERIOD, long, "dust_stays", first=first)):
            await asyncio.sleep(1)
        return asyncio.get_running_loop().time()

    assert virtually(story) == 1


def test_a_part_that_fails_ends_the_block() -> None:
    async def breaks() -> None:
        raise LookupError("no broom")

    async def story() -> None:
        async with background(breaks()):
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as raised:
        virtually(story)
    assert raised.group_contains(LookupError, match="no broom")
