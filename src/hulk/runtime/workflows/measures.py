"""What is counted of runs, steps and queues, for Prometheus. Labels are few: names of steps, ids and tenants are not among them."""

from hulk.runtime.telemetry import SECONDS, Metrics
from hulk.runtime.workflows.queries import Standing

LONG = (0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600)
"""Bounds in seconds for what may take a day."""


class Measures:
    """The counts of one process."""

    def __init__(self, metrics: Metrics) -> None:
        of = ["workflow"]
        self._begun = metrics.counter("hulk_runs_begun", "Runs begun, by workflow.", of)
        self._ended = metrics.counter("hulk_runs_ended", "Runs ended, by workflow and status.", [*of, "status"])
        self._duration = metrics.histogram("hulk_run_duration_seconds", "From a run's beginning to its end, waits included.", of, LONG)
        self._steps = metrics.histogram("hulk_step_duration_seconds", "From a step's first try to its record.", of, LONG)
        self._wait = metrics.histogram("hulk_queue_wait_seconds", "From a run's wake-up to a free slot.", ["queue"], SECONDS)
        self._dead = metrics.counter("hulk_dead_letters", "Runs that became dead letters, by workflow.", of)
        self._runs = metrics.gauge("hulk_runs", "Runs that have not ended, by queue and status.", ["queue", "status"])
        self._letters = metrics.gauge("hulk_dead_letters_waiting", "Dead letters that nobody has replayed or discarded.")

    def begun(self, workflow: str) -> None:
        """A run was begun."""
        self._begun.labels(workflow).inc()

    def ended(self, workflow: str, status: str, seconds: float, dead: bool) -> None:
        """A run has ended, that long after its beginning."""
        self._ended.labels(workflow, status).inc()
        self._duration.labels(workflow).observe(seconds)
        if dead:
            self._dead.labels(workflow).inc()

    def stepped(self, workflow: str, seconds: float) -> None:
        """A step was recorded."""
        self._steps.labels(workflow).observe(seconds)

    def waited(self, queue: str, seconds: float) -> None:
        """A wake-up got a slot."""
        self._wait.labels(queue).observe(max(seconds, 0.0))

    def standing(self, standing: Standing) -> None:
        """This is how the store stands now. What it does not name is none."""
        self._runs.clear()
        for (queue, status), count in standing.runs.items():
            self._runs.labels(queue, status).set(count)
        self._letters.set(standing.dead_letters)
