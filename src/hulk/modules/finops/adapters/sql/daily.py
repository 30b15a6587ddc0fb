"""The sums of days in the store: kept in the transaction in which calls end, compared with the charges, and made anew from them.

Whoever changes a sum holds the count of its tenant's day (`counts.held`), so nobody waits for a sum."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, TypeAlias

from sqlalchemy import CompoundSelect, Connection, String, bindparam, case, delete, false, func, literal, select, true, union_all

from hulk.modules.finops.adapters.sql import counts
from hulk.modules.finops.adapters.sql.tables import charge_table, cost_table
from hulk.modules.finops.domain import Charge
from hulk.modules.finops.domain.daily import DONE, Place, Sum, changes, of_names
from hulk.runtime.store import Exact, Transaction, sum_exact

Sums: TypeAlias = dict[Place, Sum]
_sums, _its = cost_table.c, charge_table.c
_SUMMED = tuple(field.name for field in fields(Sum))
_NAMES = tuple(func.coalesce(_its[name], literal("", String)).label(name) for name in Place._fields if name != "personal")
_CHARGED = (
    select(
        false().label("kept"),
        true().label("personal"),
        *_NAMES,
        func.count().label("calls"),
        sum_exact(_its.amount).label("settled"),
        func.coalesce(sum_exact(case((_its.status == "assumed", _its.amount))), "0", type_=Exact()).label("assumed"),
        func.sum(_its.input_tokens).label("input_tokens"),
        func.sum(_its.output_tokens).label("output_tokens"),
        func.sum(_its.cached_read_tokens + _its.cached_write_tokens).label("cached_tokens"),
        func.sum(_its.reasoning_tokens).label("reasoning_tokens"),
    )
    .where(_its.kind == "model", _its.status.in_(DONE), _its.day == bindparam("at_day"))
    .group_by(*(_its[one.name] for one in _NAMES))
)
_KEPT = select(true(), _sums.personal, *(_sums[one.name] for one in _NAMES), *(_sums[name] for name in _SUMMED))
_BOTH: CompoundSelect[Any] = union_all(_CHARGED, _KEPT.where(_sums.day == bindparam("at_day")))
"""In one statement, so that no call ends in between."""
_DELETE = delete(cost_table).where(_sums.day == bindparam("at_day"))


def keep(tx: Transaction, moves: Iterable[tuple[Charge | None, Charge]]) -> None:
    """Have the sums say what has become of those charges, each given as it was and as it is."""
    found = changes(moves)
    tx.add_each(cost_table, sorted((_row(place, sum_) for place, sum_ in found.items()), key=lambda row: row["id"]), _SUMMED)


def differing(connection: Connection, day: str) -> list[Place]:
    """The sums of that day that are not what its charges say."""
    return _unlike(*_both(connection, day))


def mend(tx: Transaction, day: str) -> list[Place]:
    """Make the sums of that day anew if some are wrong; gives which were. Until the transaction ends no call begins or ends."""
    counts.head(tx, alone=True)
    kept, right = _both(tx.connection, day)
    if wrong := _unlike(kept, right):
        tx.execute(_DELETE, {"at_day": day})
        tx.insert_all(cost_table, [_row(place, sum_) for place, sum_ in right.items()])
    return wrong


def _unlike(kept: Sums, right: Sums) -> list[Place]:
    return sorted(place for place in {*kept, *right} if kept.get(place) != right.get(place))


def _both(connection: Connection, day: str) -> tuple[Sums, Sums]:
    """The sums of a day as they are kept, and as its charges say."""
    kept: Sums = {}
    right: Sums = {}
    for row in connection.execute(_BOTH, {"at_day": day}):
        place = Place(**{name: getattr(row, name) for name in Place._fields})
        for one in [place] if row.kept else of_names(place):
            (kept if row.kept else right).setdefault(one, Sum()).merge(Sum(**{name: getattr(row, name) for name in _SUMMED}))
    return kept, right


def _row(place: Place, sum_: Sum) -> dict[str, Any]:
    return {"id": place.id, **place._asdict(), **{name: getattr(sum_, name) for name in _SUMMED}}
