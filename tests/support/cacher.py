"""A process with a cache, which tells when what it holds was removed by another: `python -m support.cacher <folder> <nats url> <user>
<password>`.

Says "held", then for each key that is gone from its memory the key and the wall-clock second, one line each; ends at SIGTERM."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import structlog

from hulk.runtime.bus import Address, connect
from hulk.runtime.cache import Cache, opened
from hulk.runtime.config import CacheSettings

KEYS = [f"k{number}" for number in range(50)]


async def main(folder: str, nats: str, user: str, password: str) -> None:
    """Hold all keys, and watch them."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    async with (
        connect(Address(urls=(nats,), user=user, password=password)) as bus,
        opened(CacheSettings(), Path(folder), bus) as caches,
    ):
        cache: Cache[str] = caches.named("shared")
        await asyncio.sleep(0.2)  # the other's first beat is heard
        for key in KEYS:
            await cache.set(key, "old", tags=[key])
        print("held", flush=True)
        held = set(KEYS)
        while not ending.is_set():
            for key in sorted(held):
                if await cache.get(key) is None:
                    held.discard(key)
                    print(key, time.time(), flush=True)
            await asyncio.sleep(0.001)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
