"""An amount of money in one currency. Exact: decimals, never floats."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from hulk.kernel.errors import Refused


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`Money(Decimal("0.0123"), "USD")`. The currency is an ISO 4217 code."""

    amount: Decimal
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency."""
        return cls(Decimal(0), currency)

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def exceeds(self, other: "Money") -> bool:
        """Whether this is more than `other`; raises `Refused` across currencies."""
        self._same(other)
        return self.amount > other.amount

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise Refused("{left} and {right} cannot be added or compared: convert one first.", left=self.currency, right=other.currency)

    def __str__(self) -> str:
        return f"{self.currency} {self.amount:f}"
