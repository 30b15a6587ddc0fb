"""What is measured of a gateway that runs."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.gateways.prompts import LONG, SHORT
from benchmarks.gateways.trial import Trial
from benchmarks.measures import Values

CROWD = 32
BLOCK = 10_000
RATE = 1_000.0
"""Decisions a second that are asked for."""


@dataclass(frozen=True, slots=True)
class Size:
    """Seconds per phase, calls in which growth is looked for."""

    seconds: float
    calls: int


def _named(name: str, values: Values) -> Values:
    return {f"{name}_{key}": value for key, value in values.items()}


def calls(trial: Trial, size: Size) -> Values:
    """Boot, memory; then one call after the other and a crowd of them, short and long, each beside the upstream alone."""
    time.sleep(1)
    values = {"boot": trial.boot, "idle_mb": trial.memory_mb()}
    trial.calls(length=SHORT, at_once=8, seconds=2)
    for name, length in (("short", SHORT), ("long", LONG)):
        alone = trial.bench.direct(length=length, seconds=size.seconds)
        one = trial.calls(length=length, seconds=size.seconds)
        values |= _named(f"{name}_direct", alone) | _named(f"{name}_one", one)
        values |= {f"{name}_added_{cut}": one[cut] - alone[cut] for cut in ("p50", "p95")}
        values |= _named(f"{name}_crowd", trial.calls(length=length, at_once=CROWD, seconds=size.seconds))
    return values | {"loaded_mb": trial.memory_mb()}


def streams(trial: Trial, size: Size) -> Values:
    """The same of answers that come piece by piece."""
    alone = trial.bench.direct(length=SHORT, stream=True, seconds=size.seconds)
    one = trial.calls(length=SHORT, stream=True, seconds=size.seconds)
    return _named("direct", alone) | _named("one", one) | {f"added_{cut}": one[cut] - alone[cut] for cut in ("p50", "p95")}


def decisions(trial: Trial, size: Size) -> Values:
    """Of 4,000 characters each: as many as it can, then a constant rate, timed from when each was due, beside the upstream at that rate."""
    trial.decisions(length=LONG, at_once=8, seconds=2)
    most = trial.decisions(length=LONG, at_once=CROWD, seconds=size.seconds)
    alone = trial.bench.direct(length=LONG, rate=RATE, seconds=size.seconds)
    paced = trial.decisions(length=LONG, rate=RATE, seconds=2 * size.seconds)
    return _named("most", most) | _named("direct", alone) | _named("paced", paced)


def growth(trial: Trial, size: Size) -> Values:
    """Memory after every 10,000 calls: its slope over the second half; disk per call; CPU of the last tenth over that of the first."""
    memory, disk, cpu = [], [], []
    for _ in range(max(10, size.calls // BLOCK)):
        cpu.append(trial.calls(length=SHORT, at_once=CROWD, calls=min(BLOCK, size.calls // 10))["cpu"])
        memory.append(trial.memory_mb())
        disk.append(float(trial.disk_bytes()))
    block, half, tenth = min(BLOCK, size.calls // 10), len(memory) // 2, max(1, len(cpu) // 10)
    return {
        "calls": float(block * len(cpu)),
        "first_mb": memory[0],
        "last_mb": memory[-1],
        "slope": _slope(memory[half:]) * 100_000 / block,
        "disk": _slope(disk[half:]) / block,
        "dearer": 100 * (statistics.mean(cpu[-tenth:]) / statistics.mean(cpu[:tenth]) - 1),
    }


def _slope(values: Sequence[float]) -> float:
    """Per step, by least squares."""
    return statistics.linear_regression(range(len(values)), values).slope
