"""What an attempt costs: reserved before, settled, counted in full or given back after, whatever becomes of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from hulk.kernel import ids
from hulk.kernel.durable import Change, Commit
from hulk.kernel.errors import HulkError
from hulk.kernel.money import Money
from hulk.modules.finops import Charge, Finops, Usage
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.model import Completion, Embedded, Uncertain
from hulk.modules.router.usecases.asking import planned
from hulk.modules.router.usecases.weighing import Able


@dataclass(slots=True)
class Bill:
    """What all attempts to answer have cost so far."""

    charges: list[Charge] = field(default_factory=list)
    attempts: int = 0

    @property
    def cost(self) -> Money:
        """Their sum; there is at least one."""
        total = Money.zero(self.charges[0].currency)
        for charge in self.charges:
            total += Money(charge.amount, charge.currency)
        return total


@dataclass(slots=True)
class Account:
    """One attempt's money."""

    pay: "Pay"
    bill: Bill
    charge: Charge
    begun: bool = False
    """Whether something of an answer has come: then it costs, whatever goes wrong."""
    open: bool = True

    async def settle(self, answer: Completion | Embedded) -> None:
        """The answer is whole: put its true cost in the place of the reserved one."""
        await self._end(self.pay.finops.settle(self.charge, _usage(answer)))

    async def assume(self) -> None:
        """It is not known what it cost: count it in full."""
        await self._end(self.pay.finops.assume(self.charge))

    async def release(self) -> None:
        """It did not take place."""
        if self.open:
            self.open = False
            await self.pay.commit(self.pay.finops.release(self.charge))

    async def _end(self, change: Change[Charge]) -> None:
        if self.open:
            self.open = False
            self.bill.charges.extend(await self.pay.commit(change))


@dataclass(frozen=True, slots=True)
class Pay:
    """Pay for attempts."""

    finops: Finops
    commit: Commit

    @contextlib.asynccontextmanager
    async def attempt(self, asked: Asked, able: Able, bill: Bill) -> AsyncIterator[Account]:
        """An attempt in the block, which settles it when the answer is whole. Its charge has an id of its own: when a step is executed
        again after a crash, that is another call. Raises `Exhausted` and `Refused` before the block."""
        bill.attempts += 1
        plan = planned(asked, able.model, able.prompt, f"{asked.key}/{ids.new('try')}", bill.attempts)
        account = Account(self, bill, await self.finops.reserve(plan))
        try:
            yield account
        except HulkError as error:
            await (account.assume() if account.begun or isinstance(error, Uncertain) else account.release())
            raise
        except BaseException:  # cancelled, left in the middle, or a mistake of ours: the model may have done its work
            await asyncio.shield(account.assume())
            raise
        await account.assume()  # left without a whole answer


def _usage(answer: Completion | Embedded) -> Usage:
    if isinstance(answer, Embedded):
        return Usage(input_tokens=answer.input_tokens)
    return Usage(
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        cached_read_tokens=answer.cache_read_tokens,
        cached_write_tokens=answer.cache_write_tokens,
        reasoning_tokens=answer.reasoning_tokens,
    )
