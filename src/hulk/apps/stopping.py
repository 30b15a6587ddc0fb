"""How a program that serves ends: in order at the first signal, at once at a second."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass(slots=True)
class Stopping:
    """Hears the signals: the first asks for an orderly stop, a second one does not wait for it, nor does one before `ready`."""

    main: "asyncio.Task[object] | None" = field(default_factory=asyncio.current_task)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ready: bool = False

    def hear(self) -> None:
        """A signal came."""
        if self.main is not None and (self.asked.is_set() or not self.ready):
            self.main.cancel()
        self.asked.set()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear them while the block lasts."""
        loop = asyncio.get_running_loop()
        for name in _SIGNALS:
            loop.add_signal_handler(name, self.hear)
        try:
            yield
        finally:
            for name in _SIGNALS:
                loop.remove_signal_handler(name)


async def until_stopped(serving: Callable[[Stopping], Awaitable[int]]) -> int:
    """The exit code of `serving`, which is told of SIGINT and SIGTERM; raises `HulkError`."""
    stopping = Stopping()
    with stopping.listening():
        try:
            return await serving(stopping)
        except asyncio.CancelledError:
            return 130
