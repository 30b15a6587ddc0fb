"""When a breaker opens, for how long, and what closes it again. All durations in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The limits of one breaker. The rates are shares of the calls in the window, between 0 and 1.

    `trials` is how many calls in all a half-open breaker has let through after each round: one, then a second, then two more."""

    enabled: bool = True
    window_calls: int = 100
    window: float = 30.0
    minimum_calls: int = 5
    failure_rate: float = 0.5
    slow_rate: float = 0.9
    slow_after: float = 60.0
    first_open: float = 0.4
    longest_open: float = 30.0
    jitter: float = 0.5
    trials: tuple[int, ...] = (1, 2, 4)
    closing_rate: float = 0.75
    longest_trial: float = 60.0
    calm: float = 30.0
    probe_every: float = 0.5
    probe_timeout: float = 0.8

    def open_seconds(self, openings: int, chance: float) -> float:
        """How long the breaker refuses when it opens for the nth time in a row; `chance` is uniform in [0, 1)."""
        return self._jittered(min(self.longest_open, self.first_open * 2.0 ** min(openings - 1, 32)), chance)

    def probe_seconds(self, relapses: int, chance: float) -> float:
        """How long until the dependency is probed again.

        That pause does not grow while probes fail, or a long outage would be noticed to be over late. It grows when probes have
        closed the breaker and calls have opened it again `relapses` times: then the probe says less than a call does."""
        return self._jittered(min(self.longest_open, self.probe_every * 2.0 ** min(relapses, 32)), chance)

    def _jittered(self, seconds: float, chance: float) -> float:
        return seconds * (1 + self.jitter * (2 * chance - 1))
