"""What a simulated history is made of: small ones, since those that break something mostly can be, and by the thousand.

A scenario is drawn from a seed, as swarm testing does (https://users.cs.utah.edu/~regehr/papers/swarm12.pdf): of some kinds of
runs and faults only, so that each meets itself often. Or by Hypothesis, which finds the smallest that fails.
"""

from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from hulk.kernel.durable import Started
from hulk.kernel.flow import Concurrency, Flow
from hulk.kernel.records import JsonObject
from support.runs import a_run

WORKFLOWS = ("beside", "family", "hearing", "long", "napping", "plain", "saga")
FAULTS = (
    "kill", "freeze", "cut", "lose", "trouble", "jump", "forget", "repeat", "crash", "replay", "pause", "signal", "cancel",
)  # fmt: skip
"""Methods of `support.simulation.World`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin:
    """A run to begin `at` that many virtual seconds. `lane`: how many of its key may be under way at once, 0 for any number."""

    at: float
    workflow: str
    tenant: str = "acme"
    lane: int = 0
    priority: int = 0
    fails: bool = False
    most: int | None = None

    def started(self, number: int) -> Started:
        """The run, the `number`th of its history."""
        data: dict[str, JsonObject] = {"saga": {"fails": self.fails}, "family": {"most": self.most}}
        lane = Concurrency(key=f"key{self.lane}", most=self.lane) if self.lane else None
        flow = Flow(priority=self.priority, concurrency=lane)
        return a_run(f"run_{number:03}", self.workflow, attempts=1000, tenant=self.tenant, data=data.get(self.workflow, {}), flow=flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A history to be: who works, what is begun and what happens when, within `lasts` virtual seconds. `seed` decides all else, such
    as how long every way to the store and the bus takes."""

    seed: int
    workers: int
    lasts: float
    begins: tuple[Begin, ...]
    faults: tuple[tuple[float, str], ...]


def scenario_of(seed: int) -> Scenario:
    """The scenario of a seed: one in fifty is large."""
    chance = Random(seed)
    many, longest = (14, 12.0) if seed % 50 == 0 else (chance.randrange(1, 6), chance.choice([1.0, 2.0, 4.0]))
    workflows = chance.sample(WORKFLOWS, chance.randrange(1, len(WORKFLOWS) + 1))
    faults = chance.sample(FAULTS, chance.randrange(1, len(FAULTS) + 1))
    within = longest * chance.choice([0.01, 0.3, 0.7])
    return Scenario(
        seed=seed,
        workers=chance.randrange(2, 4),
        lasts=longest,
        begins=tuple(_begin(chance, chance.choice(workflows), within) for _ in range(many)),
        faults=tuple((chance.random() * longest, chance.choice(faults)) for _ in range(chance.randrange(1, 2 * many + 2))),
    )


def _begin(chance: Random, workflow: str, within: float) -> Begin:
    flow = chance.choice(["open", "open", "priority", "lane"])
    return Begin(
        at=chance.random() * within,
        workflow=workflow,
        tenant=chance.choice(["acme", "acme", "zeta"]),
        lane=chance.choice([1, 1, 2]) if flow == "lane" else 0,
        priority=chance.randrange(3) if flow == "priority" else 0,
        fails=chance.random() < 0.6,
        most=chance.choice([None, 2]),
    )


_MOMENTS = st.integers(0, 40).map(lambda tenths: tenths / 10)
SCENARIOS = st.builds(
    Scenario,
    seed=st.integers(0, 2**16),
    workers=st.integers(1, 3),
    lasts=st.just(4.0),
    begins=st.lists(
        st.builds(
            Begin, at=_MOMENTS, workflow=st.sampled_from(WORKFLOWS), tenant=st.sampled_from(["acme", "zeta"]), lane=st.integers(0, 2),
            priority=st.integers(0, 2), fails=st.booleans(), most=st.sampled_from([None, 2]),
        ),
        min_size=1, max_size=4,
    ).map(tuple),
    faults=st.lists(st.tuples(_MOMENTS, st.sampled_from(FAULTS)), min_size=1, max_size=6).map(tuple),
)  # fmt: skip
