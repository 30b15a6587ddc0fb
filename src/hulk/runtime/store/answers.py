"""Telling those who wait on an event loop what a thread found out for them."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.runtime.store.trouble import Trouble


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be told through `result`: a value, or why there is none; `following` is called before."""

    result: "asyncio.Future[Any]"
    outcome: Any
    following: Sequence[Callable[[], None]] = ()

    def tell(self) -> None:
        """On the event loop: call what follows, then whoever waits, if they still do."""
        for act in self.following:
            self.result.get_loop().call_soon(act)
        if self.result.done():
            return
        if isinstance(self.outcome, Exception):
            self.result.set_exception(self.outcome)
        else:
            self.result.set_result(self.outcome)


def failed(results: Iterable["asyncio.Future[Any]"], error: Exception) -> list[Answer]:
    """The same failure for each; an error of ours as one of its own for each, since raising adds to it."""
    return [Answer(result, error.again() if isinstance(error, Trouble) else error) for result in results]


def deliver(answers: Sequence[Answer]) -> None:
    """Tell each event loop its answers, in their order; a loop that is closed has nobody waiting."""
    loops: defaultdict[asyncio.AbstractEventLoop, list[Answer]] = defaultdict(list)
    for one in answers:
        loops[one.result.get_loop()].append(one)
    for loop, theirs in loops.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell, theirs)


def _tell(answers: Sequence[Answer]) -> None:
    for one in answers:
        one.tell()
