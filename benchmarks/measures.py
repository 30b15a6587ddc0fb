"""What is measured of each contestant, one trial at a time."""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.machine import Reading, tree
from benchmarks.trial import Mark, Trial, kill

Values: TypeAlias = dict[str, float]
"""Figures of one trial by name."""

WARM_UP = 200
MOST = 20_000
"""Tasks of a backlog at most."""
FASTEST = 1500.0
"""Tasks a second at which latency is measured at most: beyond, a sender in Python is what is measured."""
PATIENCE = 120.0
"""Seconds that a phase may take longer than expected."""
RESTART_SECONDS = 0.3
DEADLINE = 60.0
"""Seconds after which a task that is not back counts as not back."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: seconds per phase, tasks in a crash, tasks of the crowding tenant, times each trial is repeated."""

    seconds: float
    crash: int
    crowd: int
    times: int


QUICK = Size(seconds=3, crash=1000, crowd=10_000, times=1)
FULL = Size(seconds=10, crash=1500, crowd=100_000, times=3)


def throughput(trial: Trial, size: Size) -> Values:
    """Enqueue rate with no worker there, cold start, drain rate, CPU per task, memory; then the time to start at two loads."""
    trial.order(WARM_UP, first=0)
    trial.wait_for(WARM_UP, PATIENCE)
    count = _worth(trial.marks, size.seconds)
    if not trial.contestant.alone:
        trial.stop_workers()
    before = trial.reading()
    values = {"tasks": float(count), "enqueued": count / trial.order(count, first=WARM_UP)}
    values |= _executed_meanwhile(trial, count, before) if trial.contestant.alone else _drained(trial, count)
    for name, rate in (("half", min(FASTEST, values["drained"] / 2)), ("calm", 50.0)):
        values |= _latency(trial, name, rate, size.seconds)
    return values


def _worth(marks: Sequence[Mark], seconds: float) -> int:
    """How many tasks are worth about so many seconds, as the latter half of the warm-up went."""
    ends = sorted(mark.at for mark in marks if mark.ended)
    half = len(ends) // 2
    return int(min(max(half / (ends[-1] - ends[half - 1]) * seconds, WARM_UP), MOST))


def _drained(trial: Trial, count: int) -> Values:
    """Of a backlog of `count`, from the start of a worker. Rate and CPU leave out the first tenth, in which it warms up."""
    begun = time.time()
    trial.start_worker()
    tenth = WARM_UP + count // 10
    trial.wait_for(tenth, PATIENCE)
    before, there = trial.reading(), len(trial.done)
    trial.wait_for(WARM_UP + count, PATIENCE)
    after, done = trial.reading(), len(trial.done) - there
    ends = sorted(mark.at for mark in trial.marks if mark.ended and mark.at > begun and mark.number >= WARM_UP)
    rate = (len(ends) - count // 10) / (ends[-1] - ends[count // 10 - 1])
    return {"cold": ends[0] - begun, "drained": rate} | _used(trial, before, after, done)


def _executed_meanwhile(trial: Trial, count: int, before: Reading) -> Values:
    """Of tasks that one process both sent and executed since `before`; nothing is left out."""
    trial.wait_for(WARM_UP + count, PATIENCE)
    after = trial.reading()
    first, last = min(mark.at for mark in trial.marks), max(mark.at for mark in trial.marks)
    return {"cold": first - trial.born, "drained": count / (last - before.at)} | _used(trial, before, after, count)


def _used(trial: Trial, before: Reading, after: Reading, done: int) -> Values:
    worker, server = (1000 * (late - early) / done for early, late in zip(before.used[:2], after.used[:2], strict=True))
    memory = dict(zip(("worker_memory", "server_memory"), trial.memory_mb(), strict=True))
    return {"worker_cpu": worker, "server_cpu": server, "others": before.others(after)} | memory


def _latency(trial: Trial, name: str, rate: float, seconds: float) -> Values:
    """From the call that sends a task to its begin, at that rate."""
    there, already, count = len(trial.marks), len(trial.done), max(20, int(rate * seconds))
    before = trial.reading()
    trial.order(count, first=there, rate=rate)
    trial.wait_for(already + count, PATIENCE)
    after = trial.reading()
    waits = sorted(1000 * (mark.at - mark.sent) for mark in trial.marks[there:] if not mark.ended and mark.number >= there)
    return {f"{name}_rate": rate, f"{name}_cpu": 1000 * (sum(after.used[:2]) - sum(before.used[:2])) / count} | percentiles(name, waits)


def percentiles(name: str, waits: Sequence[float]) -> Values:
    """The 50th, 95th and 99th."""
    cuts = statistics.quantiles(waits, n=100)
    return {f"{name}_p{percent}": cuts[percent - 1] for percent in (50, 95, 99)}


def crash(trial: Trial, size: Size, *, another: bool) -> Values:
    """Tasks of 5 ms; the worker is killed at 30 % and started again, or `another` one is there already."""
    if another:
        trial.start_worker()
    trial.begin_order(size.crash, first=0, sleep=0.005)
    trial.wait_for(1, PATIENCE)
    worker = tree(trial.workers[0].pid)
    trial.wait_for(int(size.crash * 0.3), PATIENCE, every=0.001)
    at = time.time()
    kill(trial.workers[0], worker)
    trial.workers.pop(0)
    if not another:
        time.sleep(RESTART_SECONDS)
        trial.start_worker()
    trial.end_order()
    trial.came(size.crash, DEADLINE)
    time.sleep(1)  # who records after the task has a moment to do so
    trial.look()
    return _aftermath(trial.marks, size.crash, at) | {"completed": float(trial.ended())}


def _aftermath(marks: Sequence[Mark], count: int, at: float) -> Values:
    begins = Counter(mark.number for mark in marks if not mark.ended)
    ends = Counter(mark.number for mark in marks if mark.ended)
    back = [mark.at - at for mark in marks if not mark.ended and begins[mark.number] > 1]
    return {
        "count": float(count),
        "not_back": float(count - len(ends)),
        "again": float(sum(times > 1 for times in begins.values())),
        "twice": float(sum(times > 1 for times in ends.values())),
        "resumed": max(back, default=0.0),
        "last": max(mark.at for mark in marks) - at,
    }


def neighbour(trial: Trial, size: Size) -> Values:
    """How long tenant B's tasks, 50 a second, wait to begin: alone, and while tenant A has a crowd of them queued."""
    trial.order(WARM_UP, first=0)
    trial.wait_for(WARM_UP, PATIENCE)
    alone = _latency(trial, "alone", 50.0, size.seconds)
    first = len(trial.marks)
    trial.order(size.crowd, first=first, tenant="crowd")
    trial.order(int(50 * size.seconds), first=first + size.crowd, rate=50, tenant="quiet")
    trial.look()
    left = size.crowd - sum(first <= number < first + size.crowd for number in trial.done)
    trial.wait_for(len(trial.done), 1)
    waits = sorted(1000 * (mark.at - mark.sent) for mark in trial.marks if not mark.ended and mark.number >= first + size.crowd)
    crowded = percentiles("crowded", waits)
    growth = crowded["crowded_p95"] / alone["alone_p95"] - 1
    return alone | crowded | {"crowd": float(size.crowd), "crowd_left": float(left), "growth": growth}
