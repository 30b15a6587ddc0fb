"""Vectors: of the first model of a chain that gives them."""

from collections.abc import Sequence
from dataclasses import dataclass

from hulk.kernel.errors import Refused
from hulk.modules.router.domain.asked import Asked
from hulk.modules.router.domain.model import Embedded
from hulk.modules.router.usecases.executing.attempts import Attempts
from hulk.modules.router.usecases.executing.ordering import in_order
from hulk.modules.router.usecases.executing.paying import Bill
from hulk.modules.router.usecases.weighing import Able


@dataclass(frozen=True, slots=True)
class Vectors:
    """Vectors: of which model, and what all of it cost."""

    able: Able
    embedded: Embedded
    bill: Bill


@dataclass(frozen=True, slots=True)
class Embed:
    """Have the models of a chain make vectors, in their order."""

    attempts: Attempts

    async def __call__(self, asked: Asked, chain: Sequence[Able], dimensions: int | None = None) -> Vectors:
        """The vectors of the first that makes some of that many `dimensions`; raises as `Execute`."""
        bill = Bill()

        async def ask(able: Able, last: bool) -> Embedded:
            return _of_size(able, await self.attempts.embed(asked, able, bill, dimensions, last=last), dimensions)

        first = await in_order(chain, ask, self.attempts.patience.hedge_after)
        return Vectors(first.able, first.answer, bill)


def _of_size(able: Able, embedded: Embedded, dimensions: int | None) -> Embedded:
    """Raises `Refused` for vectors of another size than was asked for: some servers do not heed it. They are paid for."""
    if dimensions is not None and embedded.size != dimensions:
        raise Refused(
            "{model} makes vectors of {size} dimensions, and not of {wanted}: leave dimensions out, or ask another model.",
            model=able.model.name, size=embedded.size, wanted=dimensions,
        )  # fmt: skip
    return embedded
