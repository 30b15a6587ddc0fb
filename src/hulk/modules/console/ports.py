"""What the console needs of the rest of Hulk."""

from collections.abc import Sequence
from typing import Protocol

from hulk.kernel.events import Event


class Feed(Protocol):
    """What happens in tenants, as it is committed."""

    async def position(self, tenant: str) -> int:
        """Where the tenant's chain of events ends."""

    async def past(self, tenant: str, position: int) -> Sequence[tuple[int, Event]]:
        """Some of the tenant's events past that position, each with its own, oldest first."""

    async def heard(self, seconds: float) -> bool:
        """Return when something was committed in this process since the last call, or after that long; whether there was."""
