"""L1: the entries of all caches in this process's memory, those used last of at most so many."""

from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from cachebox import LRUCache

from hulk.runtime.cache.entry import Entry

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Held(Generic[T]):
    """An entry in memory, with what this process knows about it. `good_until` answers a hit with one comparison."""

    value: T
    entry: Entry[T]
    good_until: float
    """No second look is needed before: neither expired nor due to be made anew."""
    fresh_until: float
    epoch: int
    checked: int
    """The stamp as of which it is known to hold."""


Memory: TypeAlias = LRUCache[str, Held[Any]]
