"""Prometheus metrics in a registry that is handed on, never in a global one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""The bucket bounds that OpenTelemetry's HTTP conventions advise, in seconds."""


class Metrics:
    """Makes counters, gauges and histograms, and writes them all out. Names follow OpenTelemetry's conventions where there are any:
    `http.server.request.duration` is `http_server_request_duration_seconds`."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)

    def counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Counter:
        """A count that only grows. `name` ends in `_total` when written out."""
        return Counter(name, about, labels, registry=self.registry)

    def gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Gauge:
        """A number that goes up and down."""
        return Gauge(name, about, labels, registry=self.registry)

    def histogram(self, name: str, about: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS) -> Histogram:
        """A distribution, by default of seconds."""
        return Histogram(name, about, labels, registry=self.registry, buckets=buckets)

    def tally(self, name: str, about: str, labels: Sequence[str], read: Callable[[], Iterable[tuple[Sequence[str], float]]]) -> None:
        """A count that its owner keeps in plain numbers, read when written out: label values and count of each.

        For what happens so often that a counter of its own (0.5 µs) would be felt."""
        self.registry.register(_Tally(name, about, labels, read))

    def render(self) -> bytes:
        """All of them in Prometheus' text format."""
        return generate_latest(self.registry)


@dataclass(frozen=True, slots=True)
class _Tally(Collector):
    name: str
    about: str
    labels: Sequence[str]
    read: Callable[[], Iterable[tuple[Sequence[str], float]]]

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self.name, self.about, labels=self.labels)
        for values, count in self.read():
            family.add_metric(values, count)
        return [family]

    def describe(self) -> Iterable[CounterMetricFamily]:
        return [CounterMetricFamily(self.name, self.about, labels=self.labels)]
