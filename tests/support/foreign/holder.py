"""Mounts the hostile server in a process of its own, says the server's process id, and waits to be killed: `python holder.py <folder>`."""

import asyncio
import sys
from pathlib import Path

from support.foreign.mounting import call, hostile, serve


async def main() -> None:
    """Until killed."""
    async with serve(hostile(Path(sys.argv[1]))) as server:
        data = (await call(server, "spawn")).data or {}
        print("pid", data["own"], flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
