"""One leader among processes, by a lease: who holds it leads, and knows when that ends."""

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

import structlog

from hulk.kernel import ids
from hulk.kernel.errors import Conflict, Unavailable
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.state.bucket import Bucket
from hulk.runtime.state.lease import Lease, acquire

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Office:
    """The leader's office as one process sees it. Ask `held` before each act that only the leader may do; an act that may be
    stopped in its middle and wake up later must be fenced with `token` besides: no clock protects it."""

    bucket: Bucket[str]
    key: str
    holder: str
    ttl: timedelta
    _lease: Lease | None = None
    _taken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> bool:
        """Whether this process leads at this moment."""
        return self._lease is not None and self._lease.held

    @property
    def token(self) -> int | None:
        """The fencing token of our term, greater than those of all terms before; None when we do not lead."""
        return self._lease.token if self._lease is not None and self._lease.held else None

    async def won(self) -> int:
        """Wait until this process leads; gives the token."""
        while (token := self.token) is None:
            self._taken.clear()
            await self._taken.wait()
        return token

    async def stand(self) -> NoReturn:
        """Take the office whenever it is free and keep it, until cancelled."""
        while True:
            try:
                await (self._run() if self._lease is None else self._lease.renew())
            except Conflict:
                self._leave("lost")
            except Unavailable as error:
                if self._lease is not None and not self._lease.held:
                    self._leave(str(error))
            await asyncio.sleep(self.ttl.total_seconds() / 3 * random.uniform(0.8, 1.0))  # noqa: S311 - jitter

    async def _run(self) -> None:
        self._lease = await acquire(self.bucket, self.key, self.holder, self.ttl)
        log.info("leading", office=self.key, holder=self.holder, token=self._lease.token)
        self._taken.set()

    def _leave(self, reason: str) -> None:
        if self._lease is not None:
            log.warning("leads_no_more", office=self.key, holder=self.holder, reason=reason)
        self._lease = None

    async def resign(self) -> None:
        """Leave the office to another at once, as far as the bus can be reached."""
        if self._lease is not None:
            with contextlib.suppress(Conflict, Unavailable):
                await self._lease.release()
        self._lease = None


@asynccontextmanager
async def leader(bucket: Bucket[str], key: str, *, ttl: timedelta) -> AsyncIterator[Office]:
    """Stand for the office while the block lasts, then leave it to another. After a kill it is free again in `ttl` and a third."""
    office = Office(bucket, key, f"{ids.process()}:{secrets.token_hex(4)}", ttl)
    try:
        async with meanwhile(office.stand()):
            yield office
    finally:
        await office.resign()
