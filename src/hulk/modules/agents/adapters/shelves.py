"""Vectors of agents' memories, held from one search to the next: those of an id never change, so none can be out of date."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from hulk.modules.agents.adapters import nearest

if TYPE_CHECKING:
    from hulk.modules.agents.adapters.nearest import Matrix

Read: TypeAlias = Callable[[Sequence[str]], Sequence[tuple[str, bytes]]]
"""The vectors of some ids."""
MOST_ROWS = 40_000
"""Vectors held in all: 60 MB of those that have 384 dimensions."""

SPARE = 1_000
"""Vectors of one agent that are held although a search has no use for them."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    ids: tuple[str, ...]
    places: dict[str, int]
    rows: "Matrix"


class Shelves:
    """The last agents' that were asked for, whatever thread asks."""

    def __init__(self, most_rows: int = MOST_ROWS) -> None:
        self._most = most_rows
        self._lock = threading.Lock()
        self._held: OrderedDict[tuple[str, ...], _Shelf] = OrderedDict()

    def rows(self, whose: tuple[str, ...], ids: Sequence[str], size: int, read: Read) -> "Matrix":
        """The vectors of `ids`, of `size` bytes each, a row for each in their order; `read` gives those that are not held. One that is
        gone by now is a row of noughts."""
        with self._lock:
            shelf = self._held.get(whose)
        if shelf is None or not shelf.places.keys() >= set(ids):
            shelf = self._filled(whose, shelf, ids, size, read)
        if shelf.ids == tuple(ids):
            return shelf.rows
        return shelf.rows[[shelf.places[id_] for id_ in ids]]

    def _filled(self, whose: tuple[str, ...], before: _Shelf | None, ids: Sequence[str], size: int, read: Read) -> _Shelf:
        """With those that were missing, and no more than some that are not asked for now: other searches may, or they were forgotten."""
        held = _EMPTY if before is None else before.places
        missing = [id_ for id_ in ids if id_ not in held]
        found = dict(read(missing))
        new = nearest.matrix([found.get(id_, b"") for id_ in missing], size)
        shelf = _shelf(missing, new) if before is None else _joined(before, missing, new, set(ids))
        with self._lock:
            self._held[whose] = shelf
            self._held.move_to_end(whose)
            while len(self._held) > 1 and sum(len(one.ids) for one in self._held.values()) > self._most:
                self._held.popitem(last=False)
        return shelf


def _joined(before: _Shelf, missing: Sequence[str], new: "Matrix", wanted: set[str]) -> _Shelf:
    spare = len(before.ids) + len(missing) - len(wanted)
    staying = before.ids if spare <= SPARE else tuple(id_ for id_ in before.ids if id_ in wanted)
    rows = before.rows if staying is before.ids else before.rows[[before.places[id_] for id_ in staying]]
    return _shelf([*staying, *missing], nearest.stacked(rows, new))


def _shelf(ids: Sequence[str], rows: "Matrix") -> _Shelf:
    return _Shelf(tuple(ids), {id_: place for place, id_ in enumerate(ids)}, rows)


_EMPTY: Mapping[str, int] = {}
