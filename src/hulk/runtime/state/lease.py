"""A lease: a key that nobody else has for as long as we renew it, and a number that fences off those who had it before.

The server lets the key expire `ttl` after it was last written. We count from before the request was sent, on a clock that
goes on while the process is stopped or the machine sleeps, so we know that it has ended before anybody else can have it.
"""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from hulk.kernel.errors import Conflict
from hulk.runtime.state.bucket import Bucket


def awake() -> float:
    """Seconds on a clock that also counts while the machine sleeps (CLOCK_BOOTTIME), which Python's monotonic one does not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Lease:
    """A lease we have taken; `holder` is a name that nobody else has. Its `token` is greater than that of every lease taken
    before in the same bucket."""

    bucket: Bucket[str]
    key: str
    holder: str
    ttl: timedelta
    token: int
    revision: int
    until: float = field(repr=False)

    @property
    def held(self) -> bool:
        """Whether it is ours at this moment."""
        return awake() < self.until

    async def renew(self) -> None:
        """Have it for another `ttl` from now. Raises `Conflict` when it has passed to another or has ended, `Unavailable`."""
        begun = awake()
        try:
            kept = await self.bucket.put(self.key, self.holder, self.ttl, revision=self.revision)
        except Conflict:
            last = await self.bucket.get(self.key)
            if last is None or last.value != self.holder:
                raise
            kept = await self.bucket.put(self.key, self.holder, self.ttl, revision=last.revision)  # ours, whose answer was lost
        self.revision = kept.revision
        self.until = begun + self.ttl.total_seconds()

    async def release(self) -> None:
        """Let others have it at once. Raises `Conflict` when they have it already, `Unavailable`."""
        self.until = 0.0
        await self.bucket.delete(self.key, revision=self.revision)


async def acquire(bucket: Bucket[str], key: str, holder: str, ttl: timedelta) -> Lease:
    """Take the lease; `ttl` is whole seconds, at least 1. Raises `Conflict` when another has it, `Unavailable`."""
    begun = awake()
    taken = await bucket.create(key, holder, ttl)
    return Lease(bucket, key, holder, ttl, taken.revision, taken.revision, begun + ttl.total_seconds())
