"""Waking those who wait for work, in this process."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bell:
    """Rings when there may be something to take. Of what other processes do nobody hears: who waits looks now and then, too."""

    _waiting: defaultdict[str, set[asyncio.Event]] = field(default_factory=lambda: defaultdict(set))

    def ring(self, tenant: str) -> None:
        """There may be work of that tenant."""
        for one in self._waiting.get(tenant, ()):
            one.set()

    async def heard(self, tenant: str, seconds: float) -> None:
        """Return when it rings for the tenant, or after that long."""
        one = asyncio.Event()
        self._waiting[tenant].add(one)
        try:
            async with asyncio.timeout(seconds):
                await one.wait()
        except TimeoutError:
            return
        finally:
            self._waiting[tenant].discard(one)
            if not self._waiting[tenant]:
                del self._waiting[tenant]
