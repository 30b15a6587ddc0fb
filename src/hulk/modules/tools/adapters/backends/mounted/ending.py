"""Why a session with a server ended, or is to end."""

import asyncio

from hulk.kernel.text import Text


class Ending:
    """The first reason that somebody gives counts."""

    def __init__(self) -> None:
        self.why: Text | None = None
        self._given = asyncio.Event()

    def because(self, why: Text) -> None:
        """It ends."""
        self.why = self.why or why
        self._given.set()

    @property
    def over(self) -> bool:
        """Whether it has ended, or is about to."""
        return self._given.is_set()

    async def wait(self) -> None:
        """Until then."""
        await self._given.wait()
