"""What each cache has done, counted in plain numbers because a hit must cost next to nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hulk.kernel.records import fields_of
from hulk.runtime.telemetry import Metrics

LEVELS = ("l1", "l2", "l3")


@dataclass(slots=True)
class Figures:
    """Counts of one named cache since the start."""

    l1: int = 0
    l2: int = 0
    l3: int = 0
    misses: int = 0
    """Asked for and fresh nowhere."""
    stale: int = 0
    """Stale values that stood in."""
    made: int = 0
    """Factories that gave a value."""
    failed: int = 0
    """Factories that did not."""
    seconds: float = 0.0
    """What the factories took together."""
    evicted: int = 0
    """Entries that made room in memory."""

    def told(self) -> dict[str, int | float]:
        """All of them by name."""
        return fields_of(Figures, self)


def measured(metrics: Metrics, figures: Mapping[str, Figures], entries: Callable[[], int], waiting: Callable[[], int]) -> None:
    """Have them written out when metrics are scraped."""

    def each(name: str) -> Callable[[], Iterable[tuple[tuple[str, ...], float]]]:
        return lambda: [((cache,), getattr(one, name)) for cache, one in figures.items()]

    def hits() -> Iterable[tuple[tuple[str, ...], float]]:
        return [((cache, level), getattr(one, level)) for cache, one in figures.items() for level in LEVELS]

    def outcomes() -> Iterable[tuple[tuple[str, ...], float]]:
        return [((cache, what), getattr(one, what)) for cache, one in figures.items() for what in ("made", "failed")]

    metrics.tally("hulk_cache_hits_total", "Values found fresh, by the level that had them.", ("cache", "level"), hits)
    metrics.tally("hulk_cache_misses_total", "Values that were fresh nowhere.", ("cache",), each("misses"))
    metrics.tally("hulk_cache_stale_total", "Stale values that stood in.", ("cache",), each("stale"))
    metrics.tally("hulk_cache_factory_total", "Factories called, by outcome.", ("cache", "outcome"), outcomes)
    metrics.tally("hulk_cache_factory_seconds_total", "What the factories took together.", ("cache",), each("seconds"))
    metrics.tally("hulk_cache_evictions_total", "Entries that made room in memory.", ("cache",), each("evicted"))
    metrics.gauge("hulk_cache_entries", "Entries in memory.").set_function(entries)
    metrics.gauge("hulk_cache_recovery_waiting", "What L2 or the other processes were not told yet.").set_function(waiting)
