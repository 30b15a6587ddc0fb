"""An answer piece by piece: of the first model of a chain that begins one."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from hulk.kernel.errors import Forbidden, HulkError
from hulk.kernel.text import Text
from hulk.modules.router.domain.asked import Asked, Unmasked
from hulk.modules.router.domain.model import Delta, Ended
from hulk.modules.router.usecases.executing.attempts import Attempts
from hulk.modules.router.usecases.executing.paying import Account, Bill
from hulk.modules.router.usecases.weighing import Able, none_of

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Streaming:
    """An answer that has begun. `bill` is whole when the last piece, `Ended`, was given."""

    able: Able
    bill: Bill
    deltas: AsyncIterator[Delta]
    failed: list[Text] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stream:
    """Ask the models of a chain in their order, until one begins to answer. From then on it is that one's answer."""

    attempts: Attempts

    @contextlib.asynccontextmanager
    async def __call__(self, asked: Asked, chain: Sequence[Able]) -> AsyncIterator[Streaming]:
        """The answer in the block. Entering raises as `Execute` does; iterating raises `Uncertain` when it breaks off. Leaving the block
        before the last piece gives up the rest, which is paid for in full."""
        async with AsyncExitStack() as stack:
            streaming = await self._first(stack, asked, chain, Bill())
            yield streaming

    async def _first(self, stack: AsyncExitStack, asked: Asked, chain: Sequence[Able], bill: Bill) -> Streaming:
        errors: list[HulkError] = []
        for able in chain:
            try:
                begun = self.attempts.clock()
                opened = self.attempts.stream(asked, able, bill, last=able is chain[-1])
                account, deltas = await stack.enter_async_context(opened)
            except Forbidden:
                raise
            except HulkError as error:
                log.info("model_passed_over", model=able.model.name, reason=error.code)
                errors.append(error)
                continue
            told = await stack.enter_async_context(aclosing(self._told(able, account, deltas, begun)))
            return Streaming(able, bill, told, [error.text for error in errors])
        raise errors[0] if len(errors) == 1 else none_of(errors)

    async def _told(self, able: Able, account: Account, deltas: AsyncIterator[Delta], begun: datetime) -> AsyncGenerator[Delta]:
        """The same, with values back in their places; settled before the last piece is given."""
        unmasked = None if able.vault is None else Unmasked(able.vault)
        async for delta in deltas:
            if isinstance(delta, Ended):
                self.attempts.heard(able, delta.completion, (self.attempts.clock() - begun).total_seconds())
                await account.settle(delta.completion)
            for one in (delta,) if unmasked is None else unmasked.feed(delta):
                yield one
