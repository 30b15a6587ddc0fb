"""What a call would cost: the price that holds now, in the currency of the budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.kernel.time import Clock
from hulk.modules.finops.domain import OwnPrice, Priced, Rate, Tariff, free
from hulk.modules.finops.domain.exchange import usable
from hulk.modules.finops.domain.pricing import own_tariff, unpriced
from hulk.modules.finops.ports import Prices, Rates

RATE_DAYS = 7
"""How old a rate may be: none is published on weekends and holidays."""
_REMEMBERED = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a model costs: the operator's own price, else nothing when it is local, else the list's."""

    prices: Prices
    currency: str
    clock: Clock
    own: Mapping[str, Sequence[OwnPrice]] = field(default_factory=dict)
    """The operator's prices by provider, or by provider/model."""

    async def __call__(self, priced: Priced) -> Tariff:
        """The tariff, in whichever currency; raises `Refused` when the price is unknown or of other days."""
        today = self.clock().date()
        if (own := self._own(priced)) is not None:
            return own_tariff(own, priced, self.currency, today)
        if priced.local:
            return free(self.currency, "local")
        tariff = await self.prices.tariff(priced)
        if tariff is None:
            raise unpriced(priced)
        return tariff

    def _own(self, priced: Priced) -> Sequence[OwnPrice] | None:
        return [priced.own] if priced.own is not None else self.own.get(priced.name) or self.own.get(priced.provider)


@dataclass(slots=True)
class Exchange:
    """The rate from a price's currency to that of the budgets. One is remembered for half a minute."""

    rates: Rates | None
    currency: str
    clock: Clock
    most_days: int = RATE_DAYS
    _known: dict[str, tuple[datetime, Rate]] = field(default_factory=dict)

    async def __call__(self, base: str) -> Rate | None:
        """The newest, None when none is needed; raises `Refused` when there is none, or it is too old."""
        if base == self.currency:
            return None
        now = self.clock()
        at, rate = self._known.get(base, (None, None))
        if at is None or not timedelta(0) <= now - at < _REMEMBERED:
            found = None if self.rates is None else await self.rates.newest(base, self.currency)
            rate = usable(found, base, self.currency, now.date(), self.most_days)
            self._known[base] = (now, rate)
        return usable(rate, base, self.currency, now.date(), self.most_days)

    def forget(self) -> None:
        """Look anew the next time: a rate was set."""
        self._known.clear()
