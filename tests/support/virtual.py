"""An event loop whose time is virtual: when nothing is ready it is at once the moment of the next timer. Hours take milliseconds."""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class _Leap(selectors.SelectSelector):
    """Waits for nothing: moves the loop's time on instead."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Nothing ever arrives from outside."""
        if timeout is None:
            raise RuntimeError("All tasks wait, and none for a moment: they would wait for ever.")
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines that wait for each other and for time only: no threads, no sockets."""

    def __init__(self) -> None:
        self._leap = _Leap()
        super().__init__(self._leap)

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self._leap.now

    def call_exception_handler(self, context: Mapping[str, Any]) -> None:
        """What nobody waited for is a bug of the test or of what it tests."""
        raise AssertionError(context)


def virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
