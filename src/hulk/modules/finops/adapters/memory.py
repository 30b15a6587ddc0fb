"""A ledger in memory, and a price list given by hand: for tests and for trying things out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, NotFound
from hulk.modules.finops.domain import (
    Budget,
    Charge,
    Priced,
    Spending,
    Tariff,
    Usage,
    allowed,
    assumed,
    limits,
    overrun,
    periods,
    released,
    settled,
)


class MemoryLedger:
    """Keeps `Ledger`'s promises in this process: a change runs whole, because nothing in it waits."""

    def __init__(self) -> None:
        self._charges: dict[str, Charge] = {}

    def record(self, charge: Charge) -> Change[None]:
        """See `Ledger`."""

        def change(_: Any) -> None:
            self._charges.setdefault(charge.id, charge)

        return change

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """See `Ledger`."""

        def change(_: Any) -> Charge | Exhausted:
            existing = self._charges.get(charge.id)
            if existing and existing.status != "released":
                return existing
            for period, limit in limits(budget, charge.at):
                spent = self._sum(charge.tenant, period)
                if limit is not None and not allowed(spent, charge.reserved, limit):
                    return overrun(period, spent, charge.reserved, limit, charge.currency, charge.at)
            self._charges[charge.id] = charge
            return charge

        return change

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda _: self._put(settled(self._get(id_), usage, at))

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda _: self._put(assumed(self._get(id_), at))

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda _: self._put(released(self._get(id_), at))

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """See `Ledger`."""
        rows = [charge for charge in self._charges.values() if (charge.tenant, charge.intent) == (tenant, intent)]
        return sorted(rows, key=lambda charge: (charge.at, charge.id))

    async def spending(self, tenant: str, period: str) -> Spending | None:
        """See `Ledger`."""
        rows, amount = self._of_period(tenant, period), self._sum(tenant, period)
        return Spending(tenant=tenant, period=period, currency=rows[0].currency, amount=amount) if amount else None

    async def reserved_before(self, moment: datetime, most: int) -> Sequence[Charge]:
        """See `Ledger`."""
        rows = [charge for charge in self._charges.values() if charge.status == "reserved" and charge.at < moment]
        return sorted(rows, key=lambda charge: (charge.at, charge.id))[:most]

    def _of_period(self, tenant: str, period: str) -> list[Charge]:
        return [c for c in self._charges.values() if c.tenant == tenant and c.kind == "model" and period in periods(c.at)]

    def _sum(self, tenant: str, period: str) -> Decimal:
        return sum((charge.held for charge in self._of_period(tenant, period)), Decimal(0))

    def _get(self, id_: str) -> Charge:
        if id_ not in self._charges:
            raise NotFound("There is no charge {id}.", id=id_)
        return self._charges[id_]

    def _put(self, charge: Charge) -> Charge:
        self._charges[charge.id] = charge
        return charge


class PriceTable:
    """Tariffs by the provider's and the model's name."""

    def __init__(self, tariffs: Mapping[tuple[str, str], Tariff]) -> None:
        self._tariffs = dict(tariffs)

    async def tariff(self, priced: Priced) -> Tariff | None:
        """See `Prices`."""
        return self._tariffs.get((priced.provider, priced.model))
