"""Reasoning in the store: rows are only ever added. The task's row is locked while something is, so that places follow one another."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, Row, String, Table, Text, bindparam, select

from hulk.kernel.durable import Change
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.modules.agents.domain.reasoning import Case, Decision, Evidence, Hypothesis, Inference, Kind, Noted, Object, Review, unknown
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

case_table = Table("agent_case", metadata, Column("tenant", String(64), primary_key=True), Column("task", String(64), primary_key=True))
"""Tasks of which something was noted: what is locked while more is."""

object_table = Table(
    "agent_reasoning",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("task", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("what", Document, nullable=False),
    Column("labels", Document, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("intent", String(64)),
    Index("ix_agent_reasoning_task", "tenant", "task", "place", unique=True),
)
"""Hypotheses, evidence, inferences and decisions."""

review_table = Table(
    "agent_review",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("task", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("place", Integer, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ticket", String(64)),
    Index("ix_agent_review_task", "tenant", "task", "place", unique=True),
)
"""What people said of them."""

_KINDS: dict[Kind, type[Object]] = {"hypothesis": Hypothesis, "evidence": Evidence, "inference": Inference, "decision": Decision}
_objects, _reviews = object_table.c, review_table.c
_LOCK = select(case_table.c.task).where(case_table.c.tenant == bindparam("of"), case_table.c.task == bindparam("one")).with_for_update()
_OBJECTS = select(object_table).where(_objects.tenant == bindparam("of"), _objects.task == bindparam("one")).order_by(_objects.place)
_REVIEWS = select(review_table).where(_reviews.tenant == bindparam("of"), _reviews.task == bindparam("one")).order_by(_reviews.place)
_TASK = select(_objects.task).where(_objects.tenant == bindparam("of"), _objects.id == bindparam("one"))


class SqlCases:
    """`Cases` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, tenant: str, task: str, add: Callable[[Case], Sequence[Noted]]) -> Change[Sequence[Noted]]:
        """See `Cases`."""

        def change(tx: Transaction) -> Sequence[Noted]:
            new = add(_locked(tx, tenant, task))
            tx.insert_all(object_table, [_row(one) for one in new])
            return new

        return change

    def review(self, tenant: str, task: str, judge: Callable[[Case], Review]) -> Change[Review]:
        """See `Cases`."""

        def change(tx: Transaction) -> Review:
            review = judge(_locked(tx, tenant, task))
            tx.insert_all(review_table, [fields_of(Review, review)])
            return review

        return change

    async def get(self, tenant: str, task: str) -> Case:
        """See `Cases`."""
        return await self._store.read(lambda connection: _case(connection, tenant, task))

    async def task_of(self, tenant: str, object_: str) -> str:
        """See `Cases`."""
        found = await self._store.read(lambda connection: connection.execute(_TASK, {"of": tenant, "one": object_}).scalar_one_or_none())
        if found is None:
            raise unknown(object_)
        return str(found)


def _locked(tx: Transaction, tenant: str, task: str) -> Case:
    tx.insert_new(case_table, {"tenant": tenant, "task": task})
    tx.execute(_LOCK, {"of": tenant, "one": task})
    return _case(tx.connection, tenant, task)


def _case(connection: Connection, tenant: str, task: str) -> Case:
    its = {"of": tenant, "one": task}
    noted = [_noted(row) for row in connection.execute(_OBJECTS, its).all()]
    return Case.of(tenant, task, noted, [Review(**fields_of(Review, row)) for row in connection.execute(_REVIEWS, its).all()])


def _row(noted: Noted) -> dict[str, Any]:
    return {**fields_of(Noted, noted), "kind": noted.kind, "what": to_json(noted.what), "labels": list(noted.labels)}


def _noted(row: Row[Any]) -> Noted:
    what = from_json(_KINDS[row.kind], row.what)
    return Noted(**{**fields_of(Noted, row), "what": what, "labels": tuple(row.labels)})
