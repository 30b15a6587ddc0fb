"""Asking one model, as often as makes sense."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeAlias, TypeVar

import stamina

from hulk.kernel.time import Clock
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.capability import Capability
from hulk.modules.router.domain.model import (
    Completion,
    Counted,
    Delta,
    Embedded,
    Limits,
    Model,
    Prompt,
    Uncertain,
    Unsent,
    most_input_tokens,
)
from hulk.modules.router.usecases.executing.paying import Account, Bill, Pay
from hulk.modules.router.usecases.sending import GiveLeave, Send
from hulk.modules.router.usecases.weighing import Able, Seen

T = TypeVar("T", Completion, Embedded)
Way: TypeAlias = Callable[[Capability, Model, Prompt], Awaitable[T]]
"""One of the ways of `Send` in which all comes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a model is asked for one answer, and the longest wait between in seconds: who wants a longer one is not waited for.
    Where another can answer, `others` is for all but the last."""

    attempts: int = 3
    others: int = 2
    wait: float = 20.0
    hedge_after: timedelta | None = None
    """After which a second model is asked besides, if the first has not answered; the one that comes first counts, both cost."""

    def of(self, *, last: bool) -> int:
        """Attempts at a model."""
        return self.attempts if last else self.others

    def again(self, error: Exception) -> bool | float:
        """Whether a failed attempt is followed by another, and after how many seconds when the provider said."""
        if not isinstance(error, (Unsent, Uncertain)):
            return False
        if error.retry_after is None:
            return True
        return error.retry_after if error.retry_after <= self.wait else False


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts at a model: by leave, paid for, with what was learnt of its provider taken note of."""

    give_leave: GiveLeave
    send: Send
    pay: Pay
    clock: Clock
    seen: Seen = field(default_factory=Seen)
    patience: Patience = field(default_factory=Patience)

    async def complete(self, asked: Asked, able: Able, bill: Bill, *, last: bool) -> Completion:
        """The answer; raises the last attempt's error."""
        return await self._whole(asked, able, bill, self.send, last=last)

    async def embed(self, asked: Asked, able: Able, bill: Bill, dimensions: int | None, *, last: bool) -> Embedded:
        """The vectors; raises the last attempt's error."""
        return await self._whole(asked, able, bill, partial(self.send.embed, dimensions=dimensions), last=last)

    async def _whole(self, asked: Asked, able: Able, bill: Bill, way: Way[T], *, last: bool) -> T:
        leave = self.leave(asked, able)
        async for attempt in self._repeated(last=last):
            with attempt:
                return await self._once(asked, able, leave, bill, way)
        raise AssertionError("stamina gives at least one attempt")

    @asynccontextmanager
    async def stream(self, asked: Asked, able: Able, bill: Bill, *, last: bool) -> AsyncIterator[tuple[Account, AsyncIterator[Delta]]]:
        """The answer, which has begun to come when the block is entered: until then it is asked for again."""
        leave = self.leave(asked, able)
        async with AsyncExitStack() as stack:
            yield await self._begun_once(stack, asked, able, leave, bill, last=last)

    def leave(self, asked: Asked, able: Able) -> Capability:
        """Leave to send that prompt as far as it may go."""
        return self.give_leave(decision=asked.decision, tenant=asked.tenant, prompt=able.prompt, reach=able.reach)

    async def _once(self, asked: Asked, able: Able, leave: Capability, bill: Bill, way: Way[T]) -> T:
        async with self.pay.attempt(asked, able, bill) as account:
            begun = self.clock()
            with self._noted(able):
                answer = await way(leave, able.model, able.prompt)
            account.begun = True
            self.heard(able, answer, (self.clock() - begun).total_seconds())
            await account.settle(answer)
            return answer

    async def _begun_once(
        self, stack: AsyncExitStack, asked: Asked, able: Able, leave: Capability, bill: Bill, *, last: bool
    ) -> tuple[Account, AsyncIterator[Delta]]:
        async for attempt in self._repeated(last=last):
            with attempt:
                async with AsyncExitStack() as trial:
                    begun = await self._begun(trial, asked, able, leave, bill)
                    stack.push_async_exit(trial.pop_all())
                    return begun
        raise AssertionError("stamina gives at least one attempt")

    async def _begun(
        self, trial: AsyncExitStack, asked: Asked, able: Able, leave: Capability, bill: Bill
    ) -> tuple[Account, AsyncIterator[Delta]]:
        """The attempt's account, and the answer whose first piece has come."""
        account = await trial.enter_async_context(self.pay.attempt(asked, able, bill))
        with self._noted(able):
            deltas = await trial.enter_async_context(self.send.stream(leave, able.model, able.prompt))
            first = await _shown(deltas, account)
        return account, _from(first, deltas)

    def heard(self, able: Able, answer: Completion | Embedded, seconds: float) -> None:
        """Take note of what an answer tells of its provider."""
        name, now = able.model.name, self.clock()
        self.seen.pace.heard(name, answer.limits, now)
        self.seen.speeds.took(name, seconds, now)

    @contextmanager
    def _noted(self, able: Able) -> Iterator[None]:
        """What is sent in the block is counted, and a provider's wish to be left alone taken note of."""
        self.seen.pace.sent(able.model.name, most_input_tokens(able.model, able.prompt))
        try:
            yield
        except Unsent as error:
            self._refused(able.model.name, error)
            raise

    def _refused(self, name: str, error: Unsent) -> None:
        now = self.clock()
        self.seen.pace.heard(name, error.limits, now)
        if error.retry_after is not None and error.limits == Limits():
            self.seen.pace.rest(name, error.retry_after, now)

    def _repeated(self, *, last: bool) -> AsyncIterator[stamina.Attempt]:
        wait_max = timedelta(seconds=self.patience.wait)
        return stamina.retry_context(
            on=self.patience.again, attempts=self.patience.of(last=last), timeout=None, wait_max=wait_max
        ).__aiter__()


async def _shown(deltas: AsyncIterator[Delta], account: Account) -> list[Delta]:
    """Up to the first piece that would be shown: till then another model may answer without anybody's noticing."""
    pieces: list[Delta] = []
    async for delta in deltas:
        account.begun = True
        pieces.append(delta)
        if not isinstance(delta, Counted):
            break
    return pieces


async def _from(pieces: Sequence[Delta], deltas: AsyncIterator[Delta]) -> AsyncIterator[Delta]:
    for delta in pieces:
        yield delta
    async for delta in deltas:
        yield delta
