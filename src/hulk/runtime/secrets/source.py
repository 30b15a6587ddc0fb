"""Where secrets are kept: the port that each place fills."""

from typing import Protocol

from hulk.kernel.errors import Unavailable


class Unreadable(Unavailable):
    """A secret cannot be read. Says what is wrong and what to do, and never holds any of what was read."""


class Source(Protocol):
    """A place of secrets."""

    @property
    def rest(self) -> float:
        """Seconds that must lie between two looks which are not due: what asks a service does not ask it for every refusal."""

    async def read(self, name: str) -> str:
        """The secret of that name as it is now, maybe empty; raises `Unreadable`."""
