"""The counts of budgets: held while they are read and written, added up anew where a budget is younger than the period it counts."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, bindparam, or_, select

from hulk.modules.finops.adapters.sql import spent
from hulk.modules.finops.adapters.sql.tables import budget_table, head_table, spending_table
from hulk.modules.finops.domain import DIMENSIONS, Budget, Count, Scope, Slot, Used
from hulk.modules.finops.domain.keeping import InForce
from hulk.runtime.store import Transaction, among, sum_exact

_HEAD = select(head_table.c.version).where(head_table.c.id == 1).with_for_update(read=True)
_ALONE = select(head_table.c.version).where(head_table.c.id == 1).with_for_update()
HOLDING = select(budget_table).where(budget_table.c.until.is_(None)).order_by(budget_table.c.owner, budget_table.c.name)
_COUNTS = select(spending_table).where(among(spending_table.c.id, "ids")).order_by(spending_table.c.id).with_for_update()


class Known:
    """The budgets that hold, read anew when the head says that they have changed."""

    def __init__(self) -> None:
        self._version = -1
        self._found = InForce.of(())

    def __call__(self, tx: Transaction) -> InForce:
        """Those; none changes before the transaction ends."""
        return tx.once("finops:budgets", lambda: self._current(tx), lambda _: None)

    def _current(self, tx: Transaction) -> InForce:
        version = head(tx)
        if version != self._version:
            self._found, self._version = InForce.of([budget_of(row) for row in tx.execute(HOLDING)]), version
        return self._found


def head(tx: Transaction, *, alone: bool = False) -> int:
    """The version of the budgets, which holds until the transaction ends: shared with others, or `alone`."""
    wanted = _ALONE if alone else _HEAD
    found = tx.execute(wanted).scalar_one_or_none()
    if found is None:
        tx.insert_new(head_table, {"id": 1, "version": 0})
        found = tx.execute(wanted).scalar_one()
    return cast("int", found)


def held(tx: Transaction, slots: Mapping[str, Slot]) -> dict[str, Count]:
    """The counts of those slots, held until the transaction ends, always in the order of their ids, so that nobody waits in a circle."""
    ids = sorted(slots)
    found = {row.id: count_of(row) for row in tx.execute(_COUNTS, {"ids": ids})}
    if missing := [id_ for id_ in ids if id_ not in found]:
        tx.insert_all_new(spending_table, [_empty(id_, slots[id_]) for id_ in missing])
        for row in tx.execute(_COUNTS, {"ids": missing}):
            found[row.id] = _added_up(tx, slots[row.id]) if row.spent is None else count_of(row)
    return found


def _empty(id_: str, slot: Slot) -> dict[str, Any]:
    """A count that is not added up yet. Whoever else wants it waits until it is: the row is ours from now on."""
    budget = slot.budget
    return {
        "id": id_, "tenant": slot.scope.tenant, "owner": budget.owner, "budget": budget.name, "epoch": budget.epoch,
        "scope": list(slot.values), "period": slot.period, "currency": budget.currency, "limit": None, "reserved": None, "spent": None,
        "told": 0, "foretold": False,
    }  # fmt: skip


def _added_up(tx: Transaction, slot: Slot) -> Count:
    """What was reserved and spent there before there was this count."""
    if slot.whole:
        return Count(changed=True)
    about = [name for name in DIMENSIONS if getattr(slot.scope, name) is not None]
    rows = spent.spent((), about, partial(_in, slot))
    found = tx.execute(select(sum_exact(rows.c.reserved).label("reserved"), sum_exact(rows.c.settled).label("spent"))).one()
    return Count(reserved=found.reserved or Decimal(0), spent=found.spent or Decimal(0), changed=True)


def _in(slot: Slot, named: spent.Named) -> list[ColumnElement[bool]]:
    """What is counted there."""
    scope, model = slot.scope, slot.scope.model
    found = [named(name) == value for name in ("tenant", "agent", "channel", "person") if (value := getattr(scope, name)) is not None]
    found += [] if model is None else [or_(named("provider") == model, spent.name_of(named, "model") == model)]
    when = named("day").between(f"{slot.period}-01"[:10], f"{slot.period}-31"[:10])
    return [when, named("currency") == slot.budget.currency, *found]


def write(tx: Transaction, counts: Mapping[str, Count]) -> None:
    """Those that have changed."""
    rows = [
        {"id": id_, "limit": one.limit, "reserved": one.reserved, "spent": one.spent, "told": one.told, "foretold": one.foretold}
        for id_, one in sorted(counts.items())
        if one.changed
    ]
    tx.update_each(spending_table, "id", rows)


def count_of(row: Row[Any]) -> Count:
    """A count as it is kept."""
    return Count(reserved=row.reserved, spent=row.spent, limit=row.limit, told=row.told, foretold=row.foretold)


def used_of(row: Row[Any], budget: Budget) -> Used:
    """A count of that budget, which has a limit."""
    return Used(
        id=row.id, budget=budget, values=tuple(row.scope), period=row.period, limit=row.limit, reserved=row.reserved, spent=row.spent,
        foretold=row.foretold,
    )  # fmt: skip


def budget_of(row: Row[Any]) -> Budget:
    """A budget as it is kept."""
    same = ("owner", "name", "version", "epoch", "since", "currency", "daily", "monthly", "origin")
    return Budget(**{name: getattr(row, name) for name in same}, scope=Scope(**row.scope))


OF_PERIOD = select(spending_table).where(spending_table.c.period == bindparam("at_period"), spending_table.c.limit.is_not(None))
