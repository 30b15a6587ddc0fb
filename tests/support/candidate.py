"""A process that stands for leader: `python -m support.candidate <nats url> <user> <password> <ttl>`; says each change of its office.

While it leads it writes `leads <token>` every 10 ms with the boot clock's time, as an act that only the leader may do."""

import asyncio
import sys
from datetime import timedelta

from hulk.runtime.bus import Address, connect
from hulk.runtime.state import Bucket, leader
from hulk.runtime.state.lease import awake


async def main(nats: str, user: str, password: str, ttl: str) -> None:
    """Stand until killed."""
    async with (
        connect(Address(urls=(nats,), user=user, password=password)) as bus,
        leader(Bucket(bus, "leaders", str), "chief", ttl=timedelta(seconds=float(ttl))) as office,
    ):
        print("stands", flush=True)
        while True:
            now = awake()  # before the office is asked: who is stopped between the two finds that it has ended
            if (token := office.token) is not None:
                print(f"leads {token} {now:.6f}", flush=True)
            await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
