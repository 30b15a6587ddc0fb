"""A bus on a real embedded nats-server, for tests of whatever runs over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hulk.runtime.bus import Bus, connect, embedded


@asynccontextmanager
async def a_bus(folder: Path, *, max_tasks: int = 100_000) -> AsyncIterator[Bus]:
    """A bus of its own, with the streams, in `folder / "nats"`; usable in about 0.1 s, gone with the block."""
    async with embedded(folder / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=max_tasks)
        yield bus
