"""Hearing a channel at which we listen, for as long as this process leads there."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hulk.kernel.durable import Commit
from hulk.modules.channels.domain import Arrival
from hulk.modules.channels.ports import Conversations, Figures, Listens, Open
from hulk.modules.channels.usecases.again import Trouble, again_and_again, pause
from hulk.modules.channels.usecases.taking import TakeArrivals


@dataclass(slots=True, kw_only=True)
class Hear:
    """Keeps what one channel says."""

    open: Open
    take: TakeArrivals
    conversations: Conversations
    commit: Commit
    figures: Figures | None = None
    pause: Callable[[int], float] = pause
    _trouble: Trouble = field(init=False)

    def __post_init__(self) -> None:
        """Nobody has tried yet."""
        self._trouble = Trouble(self.open.name, "channel_not_heard")

    @property
    def why(self) -> str:
        """Why it cannot be heard; empty while it is, or nobody has tried yet."""
        return self._trouble.why

    async def __call__(self) -> None:
        """Listen, and begin again when the line is cut, later each time it cannot be opened. Ends only by cancellation, or at once where
        nobody listens."""
        if (listens := self.open.listens) is not None:
            await again_and_again(lambda: self._listen(listens), self._trouble, self.pause)

    async def _listen(self, listens: Listens) -> None:
        mark = await self.conversations.marked(self.open.name)
        await listens.listen(self._heard, mark, self._marked)

    async def _heard(self, arrivals: Sequence[Arrival]) -> None:
        """That nothing was said is heard, too."""
        began = time.monotonic()
        await self.take(self.open.channel, arrivals)
        self._trouble.why = ""
        if arrivals and self.figures is not None:
            self.figures.acknowledged(self.open.name, time.monotonic() - began)

    async def _marked(self, mark: str) -> None:
        await self.commit(self.conversations.mark(self.open.name, mark))
        self._trouble.why = ""
