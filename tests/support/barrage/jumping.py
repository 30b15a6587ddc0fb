"""`hulk` on a machine whose clock somebody sets: `python -m support.barrage.jumping FILE up …`.

FILE holds how many seconds the clock is wrong by (a double, see `Wrong`), and may change at any moment. Only what tells the time of day is
wrong, for this program only: time that passes (`time.monotonic`, timers, CLOCK_BOOTTIME) goes on as it does when an operator sets a clock.
libfaketime would do the same to the C library, but it is in no Python package, and Go (the NATS server) does not ask the C library: so it
would reach nothing more of Hulk, whose whole idea of the time of day comes from the functions replaced here, before Hulk is imported.
"""

import mmap
import struct
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Wrong:
    """A file that says by how many seconds a clock is wrong."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(bytes(8))
        with file.open("r+b") as opened:
            self._bytes = mmap.mmap(opened.fileno(), 8)

    def set(self, seconds: float) -> None:
        """From now on."""
        self._bytes[:] = struct.pack("d", seconds)

    def get(self) -> float:
        """At this moment."""
        return float(struct.unpack("d", self._bytes[:])[0])


def wrong_clock(wrong: Wrong) -> None:
    """The time of day is wrong from now on, in this process."""
    from hulk.kernel import time as clocks  # which imports nothing of Hulk, and is imported by all that asks for the time

    right, right_ns = time.time, time.time_ns
    time.time = lambda: right() + wrong.get()
    time.time_ns = lambda: right_ns() + int(wrong.get() * 1e9)
    clocks.utc_now = lambda: datetime.now(UTC) + timedelta(seconds=wrong.get())


def main() -> None:
    """Hulk's own."""
    wrong_clock(Wrong(Path(sys.argv.pop(1))))
    sys.argv[0] = "hulk"
    from hulk.apps.hulk import main as program

    program()


if __name__ == "__main__":
    main()
