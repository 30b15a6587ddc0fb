"""An event loop whose time is virtual: when nothing is ready it is at once the moment of the next timer. Hours take milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from math import inf
from typing import Any, TypeVar

T = TypeVar("T")
STANDS_STILL = 100_000
"""After so many rounds without time passing the program is one that goes round in circles."""


class _Leap(selectors.SelectSelector):
    """Waits for nothing, since nothing arrives from outside: moves the loop's time on instead."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self.now = 0.0
        self._most = most
        self._still = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Passes the time until the next timer; raises `RuntimeError` when the program would never end."""
        if timeout is None:
            raise RuntimeError("all tasks wait, and none for a moment: they would wait for ever")
        self._still = 0 if timeout > 0 else self._still + 1
        if self._still > STANDS_STILL:
            raise RuntimeError(f"the tasks go round in circles at {self.now} s")
        self.now += max(timeout, 0.0)
        if self.now > self._most:
            raise RuntimeError(f"not at an end after {self._most} s")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines that wait for each other and for time only: no threads, no sockets."""

    def __init__(self, most: float = inf) -> None:
        self._leap = _Leap(most)
        super().__init__(self._leap)

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._leap.now

    def call_exception_handler(self, context: Mapping[str, Any]) -> None:
        """What nobody waited for is a bug of the test or of what it tests."""
        raise AssertionError(context)


def virtually(main: Callable[[], Coroutine[Any, Any, T]], *, most: float = inf) -> T:
    """Run to the end on virtual time; raises `RuntimeError` when that takes more than `most` virtual seconds, or for ever."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(most)) as runner:
        return runner.run(main())
