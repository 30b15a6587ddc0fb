"""Adding up what was spent, by the database: exact in both, a page at a time in the order of the keys."""

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, String, case, cast, func, literal, select, tuple_

from hulk.modules.finops.adapters.sql.tables import charge_table
from hulk.modules.finops.domain import By, Cost, Costs, Wanted
from hulk.modules.finops.domain.reports import key_of, written_key
from hulk.runtime.store import Store, sum_exact

_its = charge_table.c
_NONE = literal("", String)
_KEYS: dict[By, ColumnElement[str]] = {
    "day": _its.day,
    "tenant": _its.tenant,
    "agent": func.coalesce(_its.agent, _NONE),
    "model": func.coalesce(_its.provider, _NONE) + "/" + func.coalesce(_its.model, _NONE),
    "intent": _its.intent,
    "channel": func.coalesce(_its.channel, _NONE),
    "person": func.coalesce(_its.person, _NONE),
}


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


def _rows(connection: Connection, wanted: Wanted, after: str | None, most: int) -> list[Row[Any]]:
    keys = [*(_KEYS[name] for name in wanted.by), _its.currency]
    waiting, done = _its.status == "reserved", _its.status != "reserved"
    query = (
        select(
            *keys,
            func.count(),
            sum_exact(case((done, _its.amount))),
            sum_exact(case((_its.status == "assumed", _its.amount))),
            sum_exact(case((waiting, _its.reserved))),
            func.sum(_its.input_tokens),
            func.sum(_its.output_tokens),
            func.sum(_its.cached_read_tokens + _its.cached_write_tokens),
            func.sum(_its.reasoning_tokens),
        )
        .where(*_only(wanted))
        .group_by(*keys)
        .order_by(*_order(wanted), *keys)
        .limit(most)
    )
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*map(literal, key_of(after, len(keys)))))
    return list(connection.execute(query))


def _order(wanted: Wanted) -> list[ColumnElement[Any]]:
    """What cost the most first, roughly: the sums that are told are exact."""
    spent = func.coalesce(func.sum(cast(case((_its.status != "reserved", _its.amount)), Float)), 0.0)
    return [spent.desc()] if wanted.order == "cost" else []


def _only(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [_its.kind == "model", _its.status != "released", _its.day.between(wanted.since.isoformat(), wanted.until.isoformat())]
    found += [] if wanted.tenant is None else [_its.tenant == wanted.tenant]
    return found + [_KEYS[name] == value for name, value in wanted.only.items()]


def _cost(row: Row[Any], keys: int) -> Cost:
    currency, calls, settled, assumed, reserved, *tokens = row[keys:]
    nothing = Decimal(0)
    input_, output, cached, reasoning = map(int, tokens)
    return Cost(
        key=tuple(row[:keys]), currency=currency, calls=calls, settled=settled or nothing, assumed=assumed or nothing,
        reserved=reserved or nothing, input_tokens=input_, output_tokens=output, cached_tokens=cached, reasoning_tokens=reasoning,
    )  # fmt: skip
