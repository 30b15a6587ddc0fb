"""A measured figure, beside its goal, and those that the contest gives: medians of its trials."""

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant, Kind
from benchmarks.measures import Values


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `goal` is written as "< 3" or ">= 1,000 (floor 167)", empty for none."""

    what: str
    value: float
    unit: str
    goal: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        match = re.match(r"(<=|>=|<|>)\s*([\d.,]+)", self.goal)
        if match is None:
            return None
        bound = float(match[2].replace(",", ""))
        return {"<": self.value < bound, "<=": self.value <= bound, ">": self.value > bound, ">=": self.value >= bound}[match[1]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured of a contestant: per measure the values of each trial."""

    name: str
    kind: Kind
    trials: Mapping[str, Sequence[Values]]

    @classmethod
    def of(cls, contestant: Contestant, trials: Mapping[str, Sequence[Values]]) -> "Outcome":
        """Of that contestant."""
        return cls(contestant.name, contestant.kind, trials)

    def median(self, measure: str) -> Values:
        """Each value's median over the trials; of what a crash lost or repeated the worst. Empty when it was not measured."""
        trials = self.trials.get(measure, ())
        names = trials[0] if trials else ()
        return {name: (max if name in WORST else statistics.median)(trial[name] for trial in trials) for name in names}


WORST = frozenset({"not_back", "again", "twice", "resumed", "last"})


def goals(outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """The figures that DESIGN has goals for."""
    for outcome in outcomes:
        if outcome.name.startswith("Hulk"):
            yield from GOALS[outcome.kind](outcome)


def _tasks(outcome: Outcome) -> Iterator[Figure]:
    if not (rate := outcome.median("throughput")):
        return
    yield Figure(f"{outcome.name}: tasks per second", rate["drained"], "1/s", ">= 5,000 (floor 200)")
    yield Figure(f"{outcome.name}: CPU per task", rate["worker_cpu"], "ms", "<= 0.15")
    yield Figure(f"{outcome.name}: start p99 at half load, at most 1,500/s", rate["half_p99"], "ms", "< 15")


def _runs(outcome: Outcome) -> Iterator[Figure]:
    name, rate = outcome.name, outcome.median("throughput")
    if rate and "two processes" not in name:
        yield Figure(
            f"{name}: runs per second", rate["drained"], "1/s", ">= 1,000 (floor 167)" if "Postgre" in name else ">= 1,500 (floor 167)"
        )
        yield Figure(f"{name}: CPU per run, worker and servers", rate["worker_cpu"] + rate["server_cpu"], "ms", "<= 0.6")
        yield Figure(f"{name}: start p95 at 50/s", rate["calm_p95"], "ms", "< 10")
    for measure, how in (("crash", "worker killed and started again"), ("another", "worker killed beside another")):
        if crash := outcome.median(measure):
            yield Figure(f"{name}: {how}, runs not completed with one record per step", crash["count"] - crash["completed"], "", "<= 0")
            yield Figure(
                f"{name}: {how}, until what was under way began again", crash["resumed"], "s", "<= 3" if measure == "another" else ""
            )
    if beside := outcome.median("neighbour"):
        yield Figure(f"{name}: start p95 at 50/s beside {beside['crowd']:,.0f} of another tenant", beside["crowded_p95"], "ms")
        yield Figure(f"{name}: growth of that", 100 * beside["growth"], "%", "< 20")


def _gateway(outcome: Outcome) -> Iterator[Figure]:
    if call := outcome.median("calls"):
        yield Figure("call through the gateway, 330 characters, 32 at once: CPU", call["short_crowd_cpu"], "ms", "<= 1.0")
        yield Figure("  one after the other", call["short_one_cpu"], "ms")
        yield Figure("gateway: start to first good answer", call["boot"], "s", "< 2")
        yield Figure("gateway: memory after load (PSS)", call["loaded_mb"], "MB", "< 150")
    if made := outcome.median("decisions"):
        yield Figure("decisions on 4,000 characters over HTTP, 32 at once", made["most_rate"], "1/s", ">= 1,000")
        yield Figure("  CPU of each", made["most_cpu"], "ms")
        yield Figure("decisions at 1,000/s: p50", made["paced_p50"], "ms", "<= 3")
        yield Figure("  p95", made["paced_p95"], "ms", "<= 10")
        yield Figure("  p99", made["paced_p99"], "ms")
        yield Figure("  p95 of the upstream alone at that rate, the harness's own share", made["direct_p95"], "ms")
        yield Figure("  CPU of each", made["paced_cpu"], "ms")
    if grown := outcome.median("growth"):
        name = f"{grown['calls']:,.0f} calls through the gateway"
        yield Figure(f"{name}: memory per 100,000, second half", grown["slope"], "MB", "<= 0.5")
        yield Figure(f"{name}: CPU of the last tenth over the first", grown["dearer"], "%", "<= 20")
        yield Figure(f"{name}: disk per call, second half", grown["disk"], "B")


GOALS = {"durable": _runs, "light": _tasks, "gateway": _gateway}
