"""What a run was given, what its steps recorded, and what came of it: the values themselves, which the journal keeps as JSON."""

from typing import Literal, TypeAlias

from sqlalchemy import Connection, bindparam, select

from hulk.kernel.errors import NotFound
from hulk.kernel.records import Json
from hulk.runtime.store.columns import dumps
from hulk.runtime.workflows.queries.runs import the_run
from hulk.runtime.workflows.tables import step_table

Part: TypeAlias = int | Literal["input", "result"]
"""The index of a step, or what the run was given or resulted in."""


def payload_of(connection: Connection, run: str, part: Part) -> str:
    """As JSON text. Raises `NotFound` for a run, step or result that is not there."""
    row = the_run(connection, run)
    if part == "result" and row.result is None:
        raise NotFound("The run {run} has no result.", run=run)
    return dumps(_recorded(connection, run, part) if isinstance(part, int) else getattr(row, part))


def _recorded(connection: Connection, run: str, position: int) -> Json:
    step = connection.execute(_VALUE, {"at_run": run, "at_position": position}).one_or_none()
    if step is None:
        raise NotFound("The run {run} has recorded no step {step}.", run=run, step=position)
    value: Json = step.value
    return value


_VALUE = select(step_table.c.value).where(step_table.c.run == bindparam("at_run"), step_table.c.position == bindparam("at_position"))
