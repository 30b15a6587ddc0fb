"""An event loop whose time is virtual: nothing ever waits, the clock jumps to what is due next. An hour of sleeps takes milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Idle(selectors.DefaultSelector):
    """A selector that passes time instead of waiting for it."""

    def __init__(self, passed: Callable[[float], None]) -> None:
        super().__init__()
        self._passed = passed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; the time is said to have passed."""
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing is due and nothing will happen: the program waits for ever")
        if not ready and timeout:
            self._passed(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """`loop.time()` is 0.0 at first, and moves only when all wait."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Idle(self._pass))

    def time(self) -> float:
        """The virtual time in seconds."""
        return self._now

    def _pass(self, seconds: float) -> None:
        self._now += max(seconds, 1e-9)


def virtually(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())
