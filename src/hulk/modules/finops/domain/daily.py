"""The sums of a day: what calls that have ended cost, by all that reports add up by, but for the intent, which has one of its month. Pure
rules.

Each call is in two sums: with all its names but the person's, and with the person's alone. So there are few of the first, however many
people ask; of the second there are as many as people. What is still reserved is in neither, since it changes soon."""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import NamedTuple

from hulk.modules.finops.domain.budgets import digest
from hulk.modules.finops.domain.charges import Charge, Status

_EXACT = Context(prec=100)
DONE: tuple[Status, ...] = ("settled", "assumed")
"""What has ended and was not released."""


class Place(NamedTuple):
    """Which sum. Of a `personal` one only the person has a name, of any other all but the person. Names that a call has not are empty."""

    day: str
    tenant: str
    currency: str
    provider: str
    model: str
    agent: str
    channel: str
    personal: bool
    person: str

    @property
    def id(self) -> str:
        """The same in all processes: a digest, since people and models have long names."""
        return digest(*self)


class Month(NamedTuple):
    """The sum of an intent in a month of UTC, as in 2026-11. It is only to find the dearest, so a float will do."""

    month: str
    tenant: str
    intent: str
    currency: str


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """To its last digit, of which a sum may have more than Python would keep."""
    return functools.reduce(_EXACT.add, amounts, Decimal(0))


@dataclass(slots=True)
class Sum:
    """What calls did cost; the part of it that is not known for sure (`assumed`); and the tokens they took."""

    calls: int = 0
    settled: Decimal = Decimal(0)
    assumed: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def add(self, charge: Charge) -> None:
        """One more call."""
        self._count(charge, 1, charge.amount)

    def take(self, charge: Charge) -> None:
        """One call less."""
        self._count(charge, -1, -charge.amount)

    def merge(self, other: "Sum") -> None:
        """All that the other has, too."""
        self.settled, self.assumed = _EXACT.add(self.settled, other.settled), _EXACT.add(self.assumed, other.assumed)
        self.calls += other.calls
        self.input_tokens += other.input_tokens
        self.output_tokens += other.output_tokens
        self.cached_tokens += other.cached_tokens
        self.reasoning_tokens += other.reasoning_tokens

    def _count(self, charge: Charge, calls: int, amount: Decimal) -> None:
        used = charge.usage
        self.calls += calls
        self.settled = _EXACT.add(self.settled, amount)
        if charge.status == "assumed":
            self.assumed = _EXACT.add(self.assumed, amount)
        self.input_tokens += calls * used.input_tokens
        self.output_tokens += calls * used.output_tokens
        self.cached_tokens += calls * (used.cached_read_tokens + used.cached_write_tokens)
        self.reasoning_tokens += calls * used.reasoning_tokens


def changes(moves: Iterable[tuple[Charge | None, Charge]]) -> dict[Place, Sum]:
    """What comes to the sums when those charges become others, each given as it was and as it is. One that has ended stays so."""
    found: dict[Place, Sum] = {}
    for before, after in moves:
        for place in places(after) if _ended(after) else ():
            sum_ = found.setdefault(place, Sum())
            sum_.add(after)
            if before is not None and _ended(before):
                sum_.take(before)
    return found


def monthly(moves: Iterable[tuple[Charge | None, Charge]]) -> dict[Month, float]:
    """What comes to the sums of intents when those charges become others; nothing for calls that cost nothing."""
    found: dict[Month, Decimal] = {}
    for before, after in moves:
        more = (after.amount if _ended(after) else 0) - (before.amount if before is not None and _ended(before) else 0)
        month = Month(after.day[:7], after.tenant, after.intent, after.currency)
        found[month] = found.get(month, Decimal(0)) + more
    return {month: float(more) for month, more in found.items() if more}


def places(charge: Charge) -> tuple[Place, Place]:
    """The sums that a charge is in: they are the same from its reservation on."""
    day, tenant, currency = charge.day, charge.tenant, charge.currency
    names = (charge.provider or "", charge.model or "", charge.agent or "", charge.channel or "")
    return Place(day, tenant, currency, *names, False, ""), Place(day, tenant, currency, "", "", "", "", True, charge.person or "")


def of_names(place: Place) -> tuple[Place, Place]:
    """The sums that calls with all those names are in."""
    return place._replace(personal=False, person=""), place._replace(provider="", model="", agent="", channel="", personal=True)


def _ended(charge: Charge) -> bool:
    return charge.kind == "model" and charge.status in DONE
