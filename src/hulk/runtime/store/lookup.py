"""Reading one row each for many who ask, with few queries: who asks while a query is under way is answered by the next."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from hulk.kernel.errors import Refused
from hulk.runtime.store.answers import Answer, deliver, failed

K = TypeVar("K")
V = TypeVar("V")

MOST = 512
"""The most keys of one query."""


@dataclass(frozen=True, slots=True)
class _Asked(Generic[K]):
    key: K
    result: "asyncio.Future[Any]"


@dataclass(slots=True)
class Lookup(Generic[K, V]):
    """Answers by `query`, which blocks, in one thread of `threads` at a time."""

    query: Callable[[Sequence[K]], Mapping[K, V]]
    threads: Executor
    _waiting: list[_Asked[K]] = field(default_factory=list)
    _busy: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    async def __call__(self, key: K) -> V | None:
        """What the query gives for `key`; raises what it raises."""
        asked = _Asked(key, asyncio.get_running_loop().create_future())
        with self._lock:
            self._waiting.append(asked)
            idle, self._busy = not self._busy, True
        if idle:
            self.threads.submit(self._answer)
        found: V | None = await asked.result
        return found

    def _answer(self) -> None:
        while asked := self._taken():
            deliver(self._answers(asked))

    def _answers(self, asked: Sequence[_Asked[K]]) -> list[Answer]:
        """Together; apart when that is refused, for it is one's key that was, and the others do not pay for it."""
        try:
            found = self.query([one.key for one in asked])
        except Refused as error:
            return [answer for one in asked for answer in self._answers([one])] if len(asked) > 1 else failed([asked[0].result], error)
        except Exception as error:  # noqa: BLE001  # every kind of failure belongs to those who asked
            return failed([one.result for one in asked], error)
        return [Answer(one.result, found.get(one.key)) for one in asked]

    def _taken(self) -> list[_Asked[K]]:
        """Those who wait now; when there is nobody, the next to come starts a thread again."""
        with self._lock:
            taken, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            self._busy = bool(taken)
        return taken
