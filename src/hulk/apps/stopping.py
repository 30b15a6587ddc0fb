"""How a program that serves ends: in order at the first signal, at once at a second. SIGHUP has it read its secrets anew instead."""

import asyncio
import contextlib
import os
import signal
import stat
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _has_terminal() -> bool:
    """Whether there is a terminal that controls this process (tty(4))."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _speak_to_nobody() -> None:
    """To write to a terminal that is closed would fail, in the middle of an orderly stop."""
    nobody = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        if stat.S_ISCHR(os.fstat(stream).st_mode):
            os.dup2(nobody, stream)
    os.close(nobody)


@dataclass(slots=True)
class Stopping:
    """Hears the signals: the first asks for an orderly stop, a second one does not wait for it, nor does one before `ready`."""

    main: "asyncio.Task[object] | None" = field(default_factory=asyncio.current_task)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    ready: bool = False
    read_again: Callable[[], None] = lambda: None
    """What SIGHUP asks for, once there is something to read again."""
    terminal: bool = field(default_factory=lambda: signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _has_terminal())
    """Whether to end with the terminal that this was started in: with one, and not with nohup."""

    def hear(self) -> None:
        """A signal came."""
        if self.main is not None and (self.asked.is_set() or not self.ready):
            self.main.cancel()
        self.asked.set()

    def hang_up(self) -> None:
        """SIGHUP came: from an operator, or because the terminal that this was started in is closed."""
        if self.terminal and not _has_terminal():
            _speak_to_nobody()
            self.hear()
        else:
            self.read_again()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Hear them while the block lasts."""
        loop = asyncio.get_running_loop()
        for name in _SIGNALS:
            loop.add_signal_handler(name, self.hear)
        loop.add_signal_handler(signal.SIGHUP, self.hang_up)
        try:
            yield
        finally:
            for name in (*_SIGNALS, signal.SIGHUP):
                loop.remove_signal_handler(name)


async def until_stopped(serving: Callable[[Stopping], Awaitable[int]]) -> int:
    """The exit code of `serving`, which is told of SIGINT, SIGTERM and SIGHUP; raises `HulkError`."""
    stopping = Stopping()
    with stopping.listening():
        try:
            return await serving(stopping)
        except asyncio.CancelledError:
            return 130
