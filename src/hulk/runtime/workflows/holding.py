"""Writing to runs under the epochs that hold them: what fences a holder that was overtaken (DESIGN §3, rule 2)."""

import functools
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Update, and_, bindparam, or_, update

from hulk.runtime.engine import FIRST, delivery_of
from hulk.runtime.store import Transaction, records
from hulk.runtime.workflows.tables import run_table

Hold: TypeAlias = tuple[str, int]
"""A run, and the epoch it is held under."""

_run = run_table.c
_BY = ("wake",)
_ONLY = "(run.epoch = given.epoch and run.status = 'running' or run.epoch = 0 and run.status = 'pending' and run.wake = given.wake)"


def held(tx: Transaction, holds: Mapping[Hold, Mapping[str, Any]], now: datetime) -> bool:
    """Write to the runs what belongs to each, all of the same names, if they are held so; whether all are. In the order of the runs, so
    that no two processes wait for each other.

    Under an epoch of the first delivery that takes a run too, if nobody has; whoever comes later has another epoch, and 0 for `wake`,
    which is no wake-up's count."""
    rows = [{**_row(hold, now), **values} for hold, values in sorted(holds.items(), key=_by_hold)]
    names = tuple(rows[0])
    if len(rows) > 1 and tx.connection.dialect.name == "postgresql":
        writing = records.updating(run_table, "id", names, by=_BY, only=_ONLY)
        return tx.execute(writing, {records.ROWS: records.written(run_table, rows)}).rowcount == len(rows)
    return tx.each(_writing(names), [{f"at_{name}": value for name, value in row.items()} for row in rows]) == len(rows)


def _row(hold: Hold, now: datetime) -> dict[str, Any]:
    run, epoch = hold
    return {"id": run, "epoch": epoch, "wake": int(delivery_of(epoch) == FIRST), "touched": now, "status": "running"}


def _by_hold(hold: tuple[Hold, object]) -> Hold:
    return hold[0]


@functools.cache
def _writing(names: tuple[str, ...]) -> Update:
    """What `_ONLY` and the rest of `records.updating` say, for one row."""
    holds = and_(_run.epoch == bindparam("at_epoch"), _run.status == "running")
    new = and_(_run.epoch == 0, _run.status == "pending", _run.wake == bindparam("at_wake"))
    values = {name: bindparam(f"at_{name}", type_=_run[name].type) for name in names if name not in ("id", *_BY)}
    return update(run_table).where(_run.id == bindparam("at_id"), or_(holds, new)).values(values)
