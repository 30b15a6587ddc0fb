"""Measure, print, write: `python -m benchmarks --help`."""

import argparse
import asyncio
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from benchmarks import breaker, cache, detector, hulk_up, learning, page, spending, tickets
from benchmarks.contestants import OURS, PEERS, Contestant
from benchmarks.figures import Figure, Outcome, goals
from benchmarks.machine import described
from benchmarks.measures import FULL, QUICK, Size, Values, crash, neighbour, throughput
from benchmarks.trial import Failed, Trial, trial


def measures(contestant: Contestant, size: Size) -> dict[str, Callable[[Trial], Values]]:
    """What is measured of a contestant, each on servers of its own."""
    known: dict[str, Callable[[Trial], Values]] = {
        "throughput": lambda running: throughput(running, size),
        "crash": lambda running: crash(running, size, another=False),
        "another": lambda running: crash(running, size, another=True),
        "neighbour": lambda running: neighbour(running, size),
    }
    return {name: known[name] for name in contestant.measures}


def contest(contestants: Sequence[Contestant], size: Size) -> list[Outcome]:
    """All trials, each as often as `size` says, the contestants in turn, so that what else the machine does hits all of them."""
    trials: dict[str, defaultdict[str, list[Values]]] = {one.name: defaultdict(list) for one in contestants}
    for _ in range(size.times):
        for contestant in contestants:
            for measure, act in measures(contestant, size).items():
                try:
                    with trial(contestant) as running:
                        values = act(running)
                except Failed as error:  # an hour's other trials are worth keeping
                    _tell(f"{contestant.name}: {measure} failed: {error}")
                    continue
                trials[contestant.name][measure].append(values)
                _tell(f"{contestant.name}: {measure} " + " ".join(f"{name}={value:.4g}" for name, value in values.items()))
    return [Outcome.of(one, trials[one.name]) for one in contestants]


def figures() -> Iterator[Figure]:
    """What is measured of Hulk alone."""
    yield from asyncio.run(hulk_up.measured())
    for one in breaker.measured():
        yield Figure(*one)
    yield from asyncio.run(cache.measured())
    yield from learning.measured()
    yield from detector.measured()
    yield from asyncio.run(tickets.measured())
    yield from asyncio.run(spending.measured())


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description="Measures Hulk, with --peers others too, and writes docs/performance.md.")
    parser.add_argument("--peers", action="store_true", help="the peers too; writes peers.json instead of results.json")
    parser.add_argument("--full", action="store_true", help="longer phases, each trial three times, 100,000 tasks of the crowding tenant")
    parser.add_argument("--times", type=int, help="how often each trial is repeated")
    parser.add_argument("--only", default="", metavar="TEXT", help="contestants whose name has TEXT; nothing is written")
    parser.add_argument("--page", action="store_true", help="write the page anew from what was measured last")
    return parser.parse_args()


def main() -> None:
    """What the command line asks for."""
    asked = _asked()
    if asked.page:
        return page.refresh()
    size = FULL if asked.full else QUICK
    size = replace(size, times=asked.times or size.times)
    contestants = [one for one in (*OURS, *(PEERS if asked.peers else ())) if asked.only in one.name]
    outcomes = contest(contestants, size)
    alone = [] if asked.peers or asked.only else list(figures())
    for figure in (*alone, *goals(outcomes)):
        _tell(f"{figure.what:<90} {figure.value:>10.2f} {figure.unit:<4} {figure.goal}")
    if not asked.only:
        machine = described({one.python for one in contestants}) | {"size": "full" if asked.full else "quick", "times": size.times}
        _tell(f"written to {page.written('peers' if asked.peers else 'ours', machine, alone, outcomes)}")
    return None


if __name__ == "__main__":
    main()
