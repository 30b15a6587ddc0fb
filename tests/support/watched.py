"""A watched event loop as a process of its own: `python -m support.watched <seconds> [<CPU seconds of each piece of work>]`.

Prints a line per alarm, and at the end that it has ended."""

import asyncio
import sys
import time

from hulk.runtime.engine import Watchdog, blocked_histogram
from hulk.runtime.telemetry import Metrics


def spin(seconds: float) -> None:
    """Use that much processor, however long it takes to get it."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def main(seconds: float, work: float) -> None:
    """Work in pieces, with the watchdog on."""
    until = time.monotonic() + seconds
    with Watchdog(blocked_histogram(Metrics())).watching():
        print("watching", flush=True)
        longest, began = 0.0, time.monotonic()
        while began < until:
            spin(work)
            await asyncio.sleep(0.01)
            longest, began = max(longest, time.monotonic() - began), time.monotonic()
    print(f"ended {longest}", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*map(float, sys.argv[1:])))
