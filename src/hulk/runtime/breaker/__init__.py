"""Circuit breakers: a dependency that fails or is slow is left alone for a moment, and taken up again as soon as it is well.

    async with Breakers(config.breaker, telemetry.metrics).working() as breakers:
        breaker = breakers.of("http:example.com", probe=lambda: answering("https://example.com/"))
        page = await breaker.call(lambda: fetch("https://example.com/page"))     # raises Tripped, an Unavailable, while open

Every adapter that calls out over the network goes through one, named by its kind and what it calls. The bus and the store do not:
their clients reconnect by themselves, what they are given is kept and sent again, and `/ready` tells of them.
"""

from hulk.runtime.breaker.breaker import Breaker, Outcome, Permit, Probe, State, Tripped, Watcher, counts_against
from hulk.runtime.breaker.breakers import Breakers, Change, policy
from hulk.runtime.breaker.policy import Policy
from hulk.runtime.breaker.probes import answering
from hulk.runtime.breaker.window import Counts

__all__ = [
    "Breaker",
    "Breakers",
    "Change",
    "Counts",
    "Outcome",
    "Permit",
    "Policy",
    "Probe",
    "State",
    "Tripped",
    "Watcher",
    "answering",
    "counts_against",
    "policy",
]
