"""A piece of work that holds the event loop up is named; a process that gets no processor, or is frozen, is not blamed for it."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.records import JsonObject
from hulk.runtime.engine import Watchdog, blocked_histogram
from hulk.runtime.engine.watchdog import Blockage, locked
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from hulk.runtime.workflows import blame
from support.runs import Hand
from support.watched import spin

TESTS = Path(__file__).parents[2]


def backtrack(_: float) -> None:
    """Hold the interpreter's lock for half a second of processor or more, three times: `re` does not give it up, and whoever waits
    for it, such as the watchdog, gets it in between only."""
    for _again in range(3):
        re.fullmatch(r"(a|a)*b", "a" * 24)


@contextmanager
def watched(metrics: Metrics) -> Iterator[list[Any]]:
    """What was logged of blockages while the loop was watched."""
    alarms = list[Any]()
    with capture_logs() as logs, Watchdog(blocked_histogram(metrics), blame).watching():
        yield alarms
        alarms += [one for one in logs if one["event"] == "event_loop_blocked"]


def seconds(metrics: Metrics, workflow: str) -> float:
    return metrics.registry.get_sample_value("hulk_event_loop_blocked_seconds_sum", {"workflow": workflow}) or 0.0


@pytest.mark.parametrize("block", [time.sleep, spin, backtrack], ids=["sleeps", "computes", "holds the lock"])
async def test_a_step_that_holds_the_loop_up_is_named(tmp_path: Path, store: Store, block: Callable[[float], None]) -> None:
    async def act() -> Outcome[int]:
        block(1.5)
        return Outcome(1)

    async def body(context: Context, _: JsonObject) -> JsonObject:
        await context.step("first", act)
        return {}

    metrics = Metrics()
    with watched(metrics) as alarms:
        assert (await Hand(store).run(body)).status == "completed"
        await asyncio.sleep(0.2)
    (alarm,) = alarms
    assert (alarm["run"], alarm["workflow"], alarm["step"]) == ("run_1", "flow", "first")
    assert re.search(r"(watchdog|watched)\.py:\d+ in (act|spin|backtrack)$", alarm["at"])
    assert alarm["seconds"] >= 0.25
    assert 0.25 < seconds(metrics, "flow") < 5


async def test_a_body_that_holds_the_loop_up_between_its_steps_is_named(store: Store) -> None:
    async def body(_: Context, __: JsonObject) -> JsonObject:
        time.sleep(1.2)  # noqa: ASYNC251  # on purpose
        return {}

    with watched(Metrics()) as alarms:
        await Hand(store).run(body)
    assert [(one["run"], one["workflow"], one["step"]) for one in alarms] == [("run_1", "flow", "")]


async def test_whatever_else_holds_the_loop_up_is_named_by_its_place() -> None:
    metrics = Metrics()
    with watched(metrics) as alarms:
        await asyncio.sleep(0.05)
        time.sleep(1.2)  # noqa: ASYNC251  # on purpose
        await asyncio.sleep(0.2)
    assert [(one["workflow"], "test_engine_watchdog.py" in one["at"]) for one in alarms] == [("-", True)]
    assert seconds(metrics, "-") > 0.25


async def test_work_in_short_pieces_raises_no_alarm() -> None:
    with watched(Metrics()) as alarms:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            spin(0.08)
            await asyncio.sleep(0)
    assert alarms == []


@contextmanager
def a_process(*words: str, processor: int | None = None, nice: int = 0) -> Iterator[subprocess.Popen[str]]:
    def place() -> None:
        os.nice(nice)
        if processor is not None:
            os.sched_setaffinity(0, {processor})

    words = (sys.executable, *words)
    with subprocess.Popen(words, cwd=TESTS, stdout=subprocess.PIPE, text=True, preexec_fn=place) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[float, str]:
    """How long the longest piece of work and its rest took, and all that was said."""
    said, _ = process.communicate(timeout=60)
    found = re.search(r"ended ([\d.]+)", said)
    assert found, said
    return float(found[1]), said


def test_a_process_that_was_frozen_raises_no_alarm() -> None:
    with a_process("-m", "support.watched", "2.5", "0.05") as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1)
        process.send_signal(signal.SIGCONT)
        longest, said = ended(process)
    assert longest > 0.9
    assert "event_loop_blocked" not in said


def test_a_process_that_is_starved_raises_no_alarm() -> None:
    processor = min(os.sched_getaffinity(0))
    with (
        a_process("-c", "while True: pass", processor=processor),
        a_process("-m", "support.watched", "5", "0.1", processor=processor, nice=10) as process,
    ):
        longest, said = ended(process)
    assert longest > 0.5, "it was not starved"
    assert "event_loop_blocked" not in said


@pytest.mark.parametrize(
    ("ticks", "seconds"),
    [
        pytest.param([(0.05, 0.0, False, False)] * 6, 0.3, id="sleeps in a call"),
        pytest.param([(0.05, 0.05, False, True)] * 6, 0.3, id="computes"),
        pytest.param([(0.05, 0.004, False, True)] * 6, 0.024, id="wants a processor and has little"),
        pytest.param([(0.9, 0.9, True, True)], 0.9, id="holds the lock, so that the watchdog is late"),
        pytest.param([(3.0, 0.01, True, False)], 0.01, id="the whole process was frozen"),
        pytest.param([(0.05, 0.07, False, True)], 0.05, id="clocks of different grain"),
    ],
)
def test_only_the_time_counts_in_which_the_loop_could_have_answered(ticks: Any, seconds: float) -> None:
    blockage = Blockage()
    for passed, used, late, runnable in ticks:
        blockage.add(passed, used, late=late, runnable=runnable)
    assert blockage.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("passed", "used", "seconds"),
    [
        pytest.param(0.1, 0.1, 0.0, id="on time"),
        pytest.param(0.7, 0.65, 0.55, id="the lock was held"),
        pytest.param(3.0, 0.1, 0.0, id="starved"),
        pytest.param(3.0, 0.0, 0.0, id="frozen"),
    ],
)
def test_a_watchdog_that_wakes_up_late_knows_why(passed: float, used: float, seconds: float) -> None:
    assert locked(passed, used) == pytest.approx(seconds)


async def test_work_that_nobody_can_name_is_told_all_the_same() -> None:
    metrics = Metrics()
    with capture_logs() as logs, Watchdog(blocked_histogram(metrics)).watching():
        await asyncio.sleep(0.1)
        time.sleep(0.6)  # noqa: ASYNC251  # what is to be seen
        await asyncio.sleep(0.2)
    alarms = [one for one in logs if one["event"] == "event_loop_blocked"]
    assert [one["run"] for one in alarms] == [""]
    assert "test_work_that_nobody_can_name" in alarms[0]["at"]
    assert seconds(metrics, alarms[0]["workflow"]) >= 0.25


def test_a_watch_ends_with_its_loop_though_nobody_has_ended_it() -> None:
    async def begin() -> object:
        watching = Watchdog(blocked_histogram(Metrics()), blame).watching()
        watching.__enter__()
        return watching

    watching = asyncio.run(begin())
    for thread in [one for one in threading.enumerate() if one.name == "watchdog"]:
        thread.join(5)
        assert not thread.is_alive(), watching
