"""Adding up what was spent, by the database: exact in both, a page at a time in the order of the keys."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, String, Subquery, cast, func, literal, select, tuple_, union

from hulk.kernel.durable import Change
from hulk.modules.finops.adapters.sql import daily, monthly, spent
from hulk.modules.finops.adapters.sql.tables import charge_table, cost_table
from hulk.modules.finops.domain import By, Cost, Costs, Wanted
from hulk.modules.finops.domain.daily import Month, Place
from hulk.modules.finops.domain.reports import key_of, written_key
from hulk.runtime.store import Store, sum_exact

_MANY: frozenset[By] = frozenset({"intent", "person"})
"""Of which there are so many that exact sums are made only of those that are told."""
_DAYS = union(select(charge_table.c.day).where(charge_table.c.kind == "model"), select(cost_table.c.day)).order_by("day")


class SqlCosts:
    """`CostBook` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def costs(self, wanted: Wanted, after: str | None, most: int) -> Costs:
        """See `CostBook`."""
        rows = await self._store.read(lambda connection: _rows(connection, wanted, after, most + 1))
        page = [_cost(row, len(wanted.by)) for row in rows[:most]]
        more = len(rows) > most and wanted.order == "name"
        return Costs(page, written_key((*page[-1].key, page[-1].currency)) if more else None)

    async def days(self) -> Sequence[str]:
        """See `CostBook`."""
        return await self._store.read(lambda connection: list(connection.execute(_DAYS).scalars()))

    async def differing(self, day: str) -> Sequence[Place | Month]:
        """See `CostBook`."""
        return await self._store.read(lambda connection: [*daily.differing(connection, day), *monthly.differing(connection, day)])

    def mended(self, day: str) -> Change[Sequence[Place | Month]]:
        """See `CostBook`."""
        return lambda tx: [*daily.mend(tx, day), *monthly.mend(tx, day)]


def _rows(connection: Connection, wanted: Wanted, after: str | None, most: int) -> list[Row[Any]]:
    few = _dearest(connection, wanted, most)
    its = spent.spent(wanted.by, wanted.only, partial(_where, wanted, few))
    keys = _keys(wanted, its)
    amounts = [sum_exact(its.c[name]) for name in ("settled", "assumed", "reserved")]
    sums = [func.sum(its.c.calls), *amounts, *(func.sum(its.c[name]) for name in spent.TOKENS)]
    query = select(*keys, *sums).group_by(*keys).order_by(*_order(wanted, its), *keys).limit(most)
    query = query if few is None else query.where(tuple_(*keys).in_(few))
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*map(literal, key_of(after, len(keys)))))
    return list(connection.execute(query))


def _dearest(connection: Connection, wanted: Wanted, most: int) -> list[tuple[str, ...]] | None:
    """Which are told where there are many and only the dearest are wanted; None where all are gone through anyway."""
    if wanted.order != "cost" or not _MANY.intersection(wanted.by):
        return None
    if found := monthly.dearest(connection, wanted, most):
        return list(found)
    its = spent.spent(wanted.by, wanted.only, partial(_where, wanted, None))
    keys = _keys(wanted, its)
    return [tuple(row) for row in connection.execute(select(*keys).group_by(*keys).order_by(*_order(wanted, its), *keys).limit(most))]


def _keys(wanted: Wanted, its: Subquery) -> list[ColumnElement[str]]:
    return [*(its.c[f"by_{name}"] for name in wanted.by), its.c.currency]


def _where(wanted: Wanted, few: Sequence[tuple[str, ...]] | None, named: spent.Named) -> list[ColumnElement[bool]]:
    found = [] if wanted.tenant is None else [named("tenant") == wanted.tenant]
    found += [spent.is_called(named, name, value) for name, value in wanted.only.items()]
    day: ColumnElement[str] = named("day")
    if few is not None and wanted.tenant is not None and "intent" in wanted.by:  # by their own index: the days are not gone through again
        at = wanted.by.index("intent")
        found.append(named("intent").in_(sorted({key[at] for key in few})))
        day = func.coalesce(day, literal("", String))
    return [*found, day.between(wanted.since.isoformat(), wanted.until.isoformat())]


def _order(wanted: Wanted, its: Subquery) -> list[ColumnElement[Any]]:
    """What cost the most first, roughly: the sums that are told are exact."""
    return [func.coalesce(func.sum(cast(its.c.settled, Float)), 0.0).desc()] if wanted.order == "cost" else []


def _cost(row: Row[Any], keys: int) -> Cost:
    currency, calls, settled, assumed, reserved, *tokens = row[keys:]
    nothing = Decimal(0)
    input_, output, cached, reasoning = map(int, tokens)
    return Cost(
        key=tuple(row[:keys]), currency=currency, calls=int(calls), settled=settled or nothing, assumed=assumed or nothing,
        reserved=reserved or nothing, input_tokens=input_, output_tokens=output, cached_tokens=cached, reasoning_tokens=reasoning,
    )  # fmt: skip
