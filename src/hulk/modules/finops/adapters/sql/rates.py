"""Rates between currencies in the store, one of each day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, bindparam, select

from hulk.kernel.durable import Change
from hulk.modules.finops.adapters.sql.tables import rate_table
from hulk.modules.finops.domain import Rate
from hulk.runtime.store import Store, Transaction

_its = rate_table.c
_NEWEST = select(rate_table).order_by(_its.day.desc())
_BETWEEN = _NEWEST.where(_its.base == bindparam("of_base"), _its.quote == bindparam("of_quote")).limit(1)
_SAME_DAY = select(rate_table).where(
    _its.base == bindparam("of_base"), _its.quote == bindparam("of_quote"), _its.day == bindparam("of_day")
)


class SqlRates:
    """`Rates` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, rate: Rate) -> Change[Rate | None]:
        """See `Rates`."""

        def change(tx: Transaction) -> Rate | None:
            day = rate.day.isoformat()
            row = tx.execute(_SAME_DAY, {"of_base": rate.base, "of_quote": rate.quote, "of_day": day}).one_or_none()
            tx.put(rate_table, {"base": rate.base, "quote": rate.quote, "day": day, "value": rate.value, "source": rate.source})
            return None if row is None else _rate(row)

        return change

    async def newest(self, base: str, quote: str) -> Rate | None:
        """See `Rates`."""
        of = {"of_base": base, "of_quote": quote}
        row = await self._store.read(lambda connection: connection.execute(_BETWEEN, of).one_or_none())
        return None if row is None else _rate(row)

    async def recent(self, most: int) -> Sequence[Rate]:
        """See `Rates`."""
        wanted = _NEWEST.order_by(_its.base, _its.quote).limit(most)
        return await self._store.read(lambda connection: [_rate(row) for row in connection.execute(wanted)])


def _rate(row: Row[Any]) -> Rate:
    return Rate(base=row.base, quote=row.quote, value=row.value, day=date.fromisoformat(row.day), source=row.source)
