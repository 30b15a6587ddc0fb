"""Invalidation of many entries at once: not the entries are touched, a mark says that all made before it are void."""

import time
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

MOST = 20_000
"""Marks kept apart; of more, the oldest fall into one that holds for everything."""
AHEAD = 60_000_000
"""Microseconds that another process's clock may be ahead and still move ours."""


class Stamps:
    """Microseconds since 1970 that only grow, also past those heard from other processes: a hybrid logical clock
    (Kulkarni et al. 2014, "Logical Physical Clocks"), so that what follows a message is stamped after it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self._last = 0

    def next(self) -> int:
        """A stamp later than all before."""
        self._last = max(int(self.now() * 1_000_000), self._last + 1)
        return self._last

    def heard(self, stamp: int) -> None:
        """Be later than `stamp` from now on, unless it lies absurdly far ahead."""
        if stamp < self.now() * 1_000_000 + AHEAD:
            self._last = max(self._last, stamp)


class Marks:
    """The newest mark of each cache, tenant and tag.

    `epoch` changes with every mark: an entry that was checked in this epoch needs no second look."""

    def __init__(self) -> None:
        self.epoch = 0
        self.trusted_since = 0
        """What was checked before this stamp may have missed an invalidation: it is treated as expired."""
        self._marks: dict[str, int] = {}
        self._floor = 0
        self._dropped: dict[str, int] = {}
        self._forgotten = 0

    def mark(self, name: str, at: int) -> None:
        """Everything under that name made before `at` is void."""
        if at <= self._marks.get(name, 0):
            return
        self._marks.pop(name, None)
        self._marks[name] = at
        self.epoch += 1
        if len(self._marks) > MOST:
            self._floor = max(self._floor, self._marks.pop(next(iter(self._marks))))

    def distrust(self, since: int) -> None:
        """Treat what was checked before `since` as expired."""
        self.trusted_since = max(self.trusted_since, since)
        self.epoch += 1

    def void(self, made: int, names: Iterable[str]) -> bool:
        """Whether something made then was invalidated under one of the names."""
        return made <= self._floor or any(made <= self._marks.get(name, 0) for name in names)

    def drop(self, key: str, at: int) -> None:
        """What was asked for under `key` before `at`, and comes now, is void."""
        self._dropped.pop(key, None)
        self._dropped[key] = at
        if len(self._dropped) > MOST:
            self._forgotten = max(self._forgotten, self._dropped.pop(next(iter(self._dropped))))

    def dropped(self, key: str, since: int) -> bool:
        """Whether `key` was dropped after the stamp `since`, or may have been: of too many drops the oldest hold for all keys."""
        return max(self._dropped.get(key, 0), self._forgotten) >= since

    def all(self) -> Mapping[str, int]:
        """The marks, oldest first, to be kept on disk."""
        return dict(self._marks)


def place(name: str, tenant: str) -> str:
    """What keys and tags of that cache and tenant begin with. No cache and no tenant can reach into another's."""
    return f"{name}:{quote(tenant, safe='')}:"


def covering(key: str) -> tuple[str, str]:
    """The marks that hold for a key besides its tags': its cache's and its tenant's."""
    name, tenant, _ = key.split(":", 2)
    return name, f"{name}:{tenant}"
