"""What intents cost in a month: kept in the transaction in which calls end, compared with the charges, and made anew from them.

Whoever changes a sum holds the count of its tenant's day (`counts.held`), so that only who counts another day of the same intent may wait
for it: for a moment, since all take them in one order."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Float, Row, Select, String, bindparam, cast, delete, func, select

from hulk.modules.finops.adapters.sql.tables import charge_table, intent_cost_table
from hulk.modules.finops.domain import Charge, Wanted
from hulk.modules.finops.domain.daily import DONE, Month, monthly
from hulk.runtime.store import Transaction

_its, _sums = charge_table.c, intent_cost_table.c
_SETTLED = func.sum(cast(_its.amount, Float))
_WITHIN = _its.day.between(bindparam("first"), bindparam("last"))
_CHARGED: Select[Any] = (
    select(bindparam("at_month", type_=String).label("month"), _its.tenant, _its.intent, _its.currency, _SETTLED.label("settled"))
    .where(_its.kind == "model", _its.status.in_(DONE), _WITHIN)
    .group_by(_its.tenant, _its.intent, _its.currency)
    .having(_SETTLED != 0)
)
_KEPT = select(intent_cost_table).where(_sums.month == bindparam("at_month"))
_DELETE = delete(intent_cost_table).where(_sums.month == bindparam("at_month"))
_FIRST = select(func.min(_its.day)).where(_its.kind == "model", _WITHIN)


def keep(tx: Transaction, moves: Iterable[tuple[Charge | None, Charge]]) -> None:
    """Have the sums say what has become of those charges, each given as it was and as it is."""
    found = monthly(moves)
    tx.add_each(intent_cost_table, [{**month._asdict(), "settled": found[month]} for month in sorted(found)], ("settled",))


def dearest(connection: Connection, wanted: Wanted, most: int) -> list[tuple[str, str]]:
    """The intents that cost the most, with the currency, where the sums of months tell that: so many, else none."""
    if wanted.by != ("intent",) or wanted.only or wanted.tenant is None or not wanted.month:
        return []
    query = select(_sums.intent, _sums.currency).where(_sums.tenant == wanted.tenant, _sums.month == wanted.month)
    rows = connection.execute(query.order_by(_sums.settled.desc(), _sums.intent, _sums.currency).limit(most)).all()
    return [(row.intent, row.currency) for row in rows] if len(rows) == most else []


def differing(connection: Connection, day: str) -> list[Month]:
    """The sums of that day's month that are not what its charges say; they are looked at with the first day of which there are any."""
    about = _about(day)
    if connection.execute(_FIRST, about).scalar() not in (day, None):
        return []
    kept, right = (_read(connection.execute(query, about).all()) for query in (_KEPT, _CHARGED))
    return sorted(one for one in {*kept, *right} if not math.isclose(kept.get(one, 0.0), right.get(one, 0.0), rel_tol=1e-9, abs_tol=1e-12))


def mend(tx: Transaction, day: str) -> list[Month]:
    """Make them anew if some are wrong; gives which were. Whoever calls it holds everybody else up."""
    if wrong := differing(tx.connection, day):
        about = _about(day)
        tx.execute(_DELETE, about)
        tx.insert_all(intent_cost_table, [row._asdict() for row in tx.execute(_CHARGED, about)])
    return wrong


def _about(day: str) -> dict[str, str]:
    month = day[:7]
    return {"at_month": month, "first": f"{month}-01", "last": f"{month}-31"}


def _read(rows: Sequence[Row[Any]]) -> dict[Month, float]:
    return {Month(row.month, row.tenant, row.intent, row.currency): row.settled for row in rows}
