"""Metrics of the archiving."""

import time
from collections.abc import Sequence

from hulk.modules.audit.domain import Waiting
from hulk.runtime.telemetry import Metrics


class PrometheusFigures:
    """`ports.Figures` among the program's metrics."""

    def __init__(self, metrics: Metrics) -> None:
        lag = metrics.gauge("hulk_audit_lag_seconds", "Age of the oldest entry of the trail that is not archived; 0 when all are.")
        lag.set_function(self._lag)
        self._pending = metrics.gauge("hulk_audit_pending", "Entries of the trail that are not archived.")
        self._mismatches = metrics.counter("hulk_audit_mismatches_total", "Places at which trail and archive were found to differ.")
        self._delay = metrics.histogram("hulk_audit_delay_seconds", "From an entry of the trail to its archiving.")
        self._since: float | None = None

    def behind(self, waiting: Waiting) -> None:
        """See `Figures`."""
        self._pending.set(waiting.entries)
        self._since = None if waiting.since is None else waiting.since.timestamp()

    def archived(self, ages: Sequence[float]) -> None:
        """See `Figures`."""
        for age in ages:
            self._delay.observe(age)

    def mismatch(self) -> None:
        """See `Figures`."""
        self._mismatches.inc()

    def _lag(self) -> float:
        """It grows by itself while the archive does not answer."""
        return 0.0 if self._since is None else max(0.0, time.time() - self._since)
