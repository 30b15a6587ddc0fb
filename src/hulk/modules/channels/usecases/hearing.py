"""Hearing a channel at which we listen, for as long as this process leads there."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from hulk.kernel.durable import Commit
from hulk.kernel.errors import HulkError, Unauthenticated
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Conversations, Figures, Open
from hulk.modules.channels.usecases.taking import TakeArrivals

log = structlog.get_logger(__name__)
_LONGEST_PAUSE = 60.0


def pause(failures: int) -> float:
    """Seconds until a line is opened again that was cut, or could not be opened so many times in a row."""
    return min(_LONGEST_PAUSE, 0.5 * 2.0 ** min(failures, 8)) * random.uniform(0.5, 1.0)  # noqa: S311  # jitter


@dataclass(slots=True, kw_only=True)
class Hear:
    """Keeps what one channel says. `why` is why it cannot be heard; empty while it is, or nobody has tried yet."""

    open: Open
    take: TakeArrivals
    conversations: Conversations
    commit: Commit
    figures: Figures | None = None
    pause: Callable[[int], float] = pause
    why: str = ""

    async def __call__(self) -> None:
        """Listen, and begin again when the line is cut, later each time it cannot be opened. Ends only by cancellation, or at once where
        nobody listens."""
        failures = 0
        while self.open.listens is not None:
            failures = 0 if await self._until_cut() else failures + 1
            await asyncio.sleep(self.pause(failures))

    async def _until_cut(self) -> bool:
        """Whether it was heard until then."""
        assert self.open.listens is not None  # noqa: S101  # who calls has looked
        try:
            mark = await self.conversations.marked(self.open.name)
            await self.open.listens.listen(self._heard, mark, self._marked)
        except HulkError as error:
            self.why = str(error)
            log.warning("channel_not_heard", channel=self.open.name, reason=self.why, again=not isinstance(error, Unauthenticated))
            return False
        except Exception as error:  # one that fails ends neither the others nor the program
            self.why = type(error).__name__
            log.exception("channel_not_heard", channel=self.open.name)
            return False
        return True

    async def _heard(self, arrivals: Sequence[Arrival]) -> None:
        """That nothing was said is heard, too."""
        began = time.monotonic()
        await self.take(self.open.channel, arrivals)
        self.why = ""
        if arrivals and self.figures is not None:
            self.figures.acknowledged(self.open.name, time.monotonic() - began)

    async def _marked(self, mark: str) -> None:
        await self.commit(self.conversations.mark(self.open.name, mark))
        self.why = ""
