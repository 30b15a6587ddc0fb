"""Writing to runs under the epochs that hold them: what fences a holder that was overtaken (DESIGN §3, rule 2)."""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Update, and_, bindparam, literal_column, or_, update

from hulk.runtime.engine import FIRST, delivery_of
from hulk.runtime.store import Transaction, records
from hulk.runtime.workflows.tables import run_table

Hold: TypeAlias = tuple[str, int]
"""A run, and the epoch it is held under."""

_run = run_table.c
_BY = ("wake",)


def held(tx: Transaction, holds: Mapping[Hold, Mapping[str, Any]], now: datetime) -> bool:
    """Write to the runs what belongs to each, all of the same names, if they are held so; whether all are. In the order of the runs, so
    that no two processes wait for each other.

    Under an epoch of the first delivery that takes a run too, if nobody has; whoever comes later has another epoch, and 0 for `wake`,
    which is no wake-up's count."""
    rows = [{**_row(hold, now), **values} for hold, values in sorted(holds.items(), key=_by_hold)]
    names = tuple(rows[0])
    if tx.takes_all(rows):
        return tx.all_at_once(run_table, rows, records.updating(run_table, "id", names, by=_BY, only=_ALL)) == len(rows)
    return tx.each(_writing(names), [{f"at_{name}": value for name, value in row.items()} for row in rows]) == len(rows)


def _row(hold: Hold, now: datetime) -> dict[str, Any]:
    run, epoch = hold
    return {"id": run, "epoch": epoch, "wake": int(delivery_of(epoch) == FIRST), "touched": now, "status": "running"}


def _by_hold(hold: tuple[Hold, object]) -> Hold:
    return hold[0]


def _writable(epoch: ColumnElement[int], wake: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a run is held under that epoch, or can be taken under it."""
    return or_(and_(_run.epoch == epoch, _run.status == "running"), and_(_run.epoch == 0, _run.status == "pending", _run.wake == wake))


@functools.cache
def _writing(names: tuple[str, ...]) -> Update:
    """One row as `records.updating` writes many."""
    values = {name: bindparam(f"at_{name}", type_=_run[name].type) for name in names if name not in ("id", *_BY)}
    writable = _writable(bindparam("at_epoch"), bindparam("at_wake"))
    return update(run_table).where(_run.id == bindparam("at_id"), writable).values(values)


_ALL = records.sql(_writable(literal_column("given.epoch"), literal_column("given.wake")))
