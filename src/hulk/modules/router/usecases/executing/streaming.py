"""An answer piece by piece: of the first model of a chain that begins one."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from hulk.modules.router.domain.asked import Asked, Unmasked
from hulk.modules.router.domain.model import Delta, Ended
from hulk.modules.router.usecases.executing.attempts import Attempts
from hulk.modules.router.usecases.executing.ordering import first_of
from hulk.modules.router.usecases.executing.paying import Account, Bill
from hulk.modules.router.usecases.weighing import Able

_Begun: TypeAlias = tuple[Account, AsyncIterator[Delta], datetime]


@dataclass(slots=True)
class Streaming:
    """An answer that has begun. `bill` is whole when the last piece, `Ended`, was given."""

    able: Able
    bill: Bill
    deltas: AsyncIterator[Delta]


@dataclass(frozen=True, slots=True)
class Stream:
    """Ask the models of a chain in their order, until one begins to answer. From then on it is that one's answer."""

    attempts: Attempts

    @contextlib.asynccontextmanager
    async def __call__(self, asked: Asked, chain: Sequence[Able]) -> AsyncIterator[Streaming]:
        """The answer in the block. Entering raises as `Execute` does; iterating raises `Uncertain` when it breaks off. Leaving the block
        before the last piece gives up the rest, which is paid for in full."""
        async with AsyncExitStack() as stack:
            bill = Bill()
            first = await first_of(chain, partial(self._begun, stack, asked, bill))
            told = await stack.enter_async_context(aclosing(self._told(first.able, *first.answer)))
            yield Streaming(first.able, bill, told)

    async def _begun(self, stack: AsyncExitStack, asked: Asked, bill: Bill, able: Able, last: bool) -> _Begun:
        begun = self.attempts.clock()
        account, deltas = await stack.enter_async_context(self.attempts.stream(asked, able, bill, last=last))
        return account, deltas, begun

    async def _told(self, able: Able, account: Account, deltas: AsyncIterator[Delta], begun: datetime) -> AsyncGenerator[Delta]:
        """The same, with values back in their places; settled before the last piece is given."""
        unmasked = None if able.vault is None else Unmasked(able.vault)
        async for delta in deltas:
            if isinstance(delta, Ended):
                self.attempts.heard(able, delta.completion, (self.attempts.clock() - begun).total_seconds())
                await account.settle(delta.completion)
            for one in (delta,) if unmasked is None else unmasked.feed(delta):
                yield one
