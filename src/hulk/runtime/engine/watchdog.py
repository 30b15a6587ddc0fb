"""Sees when the event loop does not answer, and names who holds it up: everything else of this process waits meanwhile.

A thread asks the loop for an answer ten times a second. When none comes, it adds up for how long the loop has really been held
up, so that a process that is merely starved or was frozen raises no alarm: while the loop's thread waits for the processor only
the time counts in which it had one, and so it is while this thread itself is late.

What the loop is doing is read from its stack, of which `sys._current_frames` gives a picture.
"""

import asyncio
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import structlog
from prometheus_client import Histogram

from hulk.runtime.telemetry import Metrics

log = structlog.get_logger(__name__)

TOO_LONG = 0.25
"""Seconds that the loop may be held up by one piece of work."""
EVERY = 0.1
TICK = 0.05
LATE = 2.0
"""This thread is late when a tick takes that many times as long as it should."""
NOBODY = "-"
BUCKETS = (0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Culprit:
    """Which run holds the loop up, and in which step; empty when it is between two."""

    run: str
    workflow: str
    step: str


Look: TypeAlias = Callable[[FrameType], Culprit | None]
"""What the frame at the end of a stack, with those before it, says of whose work it is."""


def _nobody(_: FrameType) -> Culprit | None:
    return None


@dataclass(frozen=True, slots=True)
class _Thread:
    """The loop's thread, as the system sees it."""

    ident: int
    native: int
    clock: int

    @classmethod
    def current(cls) -> "_Thread":
        return cls(threading.get_ident(), threading.get_native_id(), time.pthread_getcpuclockid(threading.get_ident()))

    def used(self) -> float:
        """Seconds of processor that it has had."""
        return time.clock_gettime(self.clock)

    def runnable(self) -> bool:
        """Whether it has a processor, or wants one (state R in proc(5)); else it sleeps, say in a blocking call."""
        try:
            stat = Path(f"/proc/self/task/{self.native}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:  # pragma: no cover - the loop's thread has ended between two looks
            return False
        return stat.rpartition(")")[2].split()[0] == "R"


@dataclass(slots=True)
class Blockage:
    """How long the loop has been held up since it was last asked, in seconds; adds up what ticks say."""

    seconds: float = 0.0

    def add(self, passed: float, used: float, *, late: bool, runnable: bool) -> None:
        """A tick that took `passed` seconds of the clock and in which the loop's thread had `used` seconds of a processor.

        A thread that sleeps is held up by what it waits for; one that wants to run and may not is starved, as this one is if
        `late`: then only what it had counts."""
        self.seconds += min(used, passed) if late or runnable else passed


def locked(passed: float, used: float) -> float:
    """Seconds for which the loop's thread held the interpreter's lock, as some library calls do, so that the watchdog could not
    even ask: what that thread has used of a processor after the watchdog was to wake up. Had it let go of the lock, the
    watchdog would have had its turn, starved or not."""
    return max(used - EVERY, 0.0) if passed > EVERY * LATE else 0.0


@dataclass(slots=True)
class Watchdog:
    """Watches the loop that it is started on."""

    blocked: Histogram
    look: Look = _nobody
    too_long: float = TOO_LONG
    _end: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the loop that runs here until the block ends."""
        watch = threading.Thread(target=self._watch, args=(asyncio.get_running_loop(), _Thread.current()), name="watchdog", daemon=True)
        watch.start()
        try:
            yield
        finally:
            self._end.set()

    def _watch(self, loop: asyncio.AbstractEventLoop, thread: _Thread) -> None:
        at, used = time.monotonic(), thread.used()
        while not self._end.wait(EVERY):
            blockage = Blockage(locked(time.monotonic() - at, thread.used() - used))
            answered = threading.Event()
            try:
                loop.call_soon_threadsafe(answered.set)
            except RuntimeError:  # the loop is closed
                return
            self._until(answered, thread, blockage)
            at, used = time.monotonic(), thread.used()

    def _until(self, answered: threading.Event, thread: _Thread, blockage: Blockage) -> None:
        """Wait for the answer; name who keeps it from coming."""
        at, used = time.monotonic(), thread.used()
        culprit = self._named(thread, blockage.seconds) if blockage.seconds >= self.too_long else None
        while not answered.wait(TICK) and not self._end.is_set():
            now, used_now = time.monotonic(), thread.used()
            blockage.add(now - at, used_now - used, late=now - at > TICK * LATE, runnable=thread.runnable())
            at, used = now, used_now
            if culprit is None and blockage.seconds >= self.too_long:
                culprit = self._named(thread, blockage.seconds)
        if culprit is not None:
            self.blocked.labels(workflow=culprit.workflow).observe(blockage.seconds)

    def _named(self, thread: _Thread, seconds: float) -> Culprit:
        frame = sys._current_frames().get(thread.ident)  # noqa: SLF001  # the documented way to see another thread's stack
        found = (frame and self.look(frame)) or Culprit(run="", workflow=NOBODY, step="")
        log.warning(
            "event_loop_blocked", run=found.run, workflow=found.workflow, step=found.step, seconds=round(seconds, 3),
            at=place(frame) if frame else "",
            advice="Do it in a thread (kernel.durable.plain, asyncio.to_thread), or make the workflow of a plain function.",
        )  # fmt: skip
        return found


def blocked_histogram(metrics: Metrics) -> Histogram:
    """What the watchdog counts in."""
    return metrics.histogram(
        "hulk_event_loop_blocked_seconds", "How long one piece of work held the event loop up, if 0.25 s or more, by workflow.",
        ["workflow"], BUCKETS,
    )  # fmt: skip


def place(frame: FrameType) -> str:
    """`file:line in function` of the last frame that is no library's, or else of the last."""
    own = next((one for one in frames(frame) if not one.f_code.co_filename.startswith((*_LIBRARIES, "<"))), frame)
    return f"{own.f_code.co_filename}:{own.f_lineno} in {own.f_code.co_name}"


def frames(frame: FrameType) -> Iterator[FrameType]:
    """The frame and those that called it, one after the other."""
    at: FrameType | None = frame
    while at is not None:
        yield at
        at = at.f_back
