"""Decisions and receipts in the store."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, Index, Row, String, Table, bindparam, literal, select, tuple_

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of
from hulk.kernel.text import Text
from hulk.modules.router.domain.capability import Receipt
from hulk.modules.router.domain.decision import Decision
from hulk.runtime.store import Alike, Document, Moment, Store, Transaction, metadata

decision_table = Table(
    "decision",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("intent", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("name", String(128)),
    Column("reasons", Document, nullable=False),
    Column("sensitivity", String(16), nullable=False),
    Column("labels", Document, nullable=False),
    Column("language", String(2), nullable=False),
    Column("candidates", Document, nullable=False),
    Column("score", Float, nullable=False),
    Column("margin", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_decision_tenant_intent", "tenant", "intent"),
    Index("ix_decision_tenant_at", "tenant", "at", "id"),
)

receipt_table = Table(
    "model_receipt",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("decision", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("host", String(260), nullable=False),
    Column("local", Boolean, nullable=False),
    Column("payload", String(64), nullable=False),
    Column("body", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("seal", String(64), nullable=False),
    Index("ix_model_receipt_decision", "tenant", "decision"),
)

_PLAIN = ("id", "tenant", "intent", "kind", "name", "sensitivity", "language", "score", "margin", "threshold", "at")


class SqlDecisions:
    """`Decisions` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, decision: Decision) -> Change[None]:
        """See `Decisions`."""
        row = {name: getattr(decision, name) for name in _PLAIN} | {
            "reasons": [reason.to_json() for reason in decision.reasons],
            "labels": list(decision.labels),
            "candidates": list(decision.candidates),
        }

        def change(tx: Transaction) -> None:
            tx.insert_at_end(decision_table, row)

        return change

    async def get(self, decision: str) -> Decision:
        """See `Decisions`."""
        row = await self._store.read(lambda connection: connection.execute(_BY_ID, {"at": decision}).one_or_none())
        if row is None:
            raise NotFound("There is no decision {id}.", id=decision)
        return _decision(row)

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Decision]:
        """See `Decisions`."""
        at = {"at_tenant": tenant, "at_intent": intent}
        return await self._store.read(lambda connection: [_decision(row) for row in connection.execute(_OF_INTENT, at)])

    async def recent(self, tenant: str, before: str | None, most: int) -> Sequence[Decision]:
        """See `Decisions`."""
        return await self._store.read(lambda connection: _recent(connection, tenant, before, most))


def _recent(connection: Connection, tenant: str, before: str | None, most: int) -> Sequence[Decision]:
    its = decision_table.c
    query = select(decision_table).where(its.tenant == tenant).order_by(its.at.desc(), its.id.desc()).limit(most)
    if before is not None:
        at = connection.scalar(select(its.at).where(its.id == before, its.tenant == tenant))
        if at is None:
            raise NotFound("There is no decision {id}.", id=before[:80])
        query = query.where(tuple_(its.at, its.id) < tuple_(literal(at, its.at.type), literal(before)))
    return [_decision(row) for row in connection.execute(query)]


_BY_ID = select(decision_table).where(decision_table.c.id == bindparam("at"))
_OF_INTENT = (
    select(decision_table)
    .where(decision_table.c.tenant == bindparam("at_tenant"), decision_table.c.intent == bindparam("at_intent"))
    .order_by(decision_table.c.at, decision_table.c.id)
)


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        **{name: getattr(row, name) for name in _PLAIN},
        reasons=tuple(Text.from_json(reason) for reason in row.reasons),
        labels=tuple(row.labels),
        candidates=tuple(row.candidates),
    )


class SqlReceipts:
    """`Receipts` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, receipt: Receipt) -> Change[None]:
        """See `Receipts`."""
        return Alike(receipt, _keep, _kept, None)

    async def of_decision(self, tenant: str, decision: str) -> Sequence[Receipt]:
        """See `Receipts`."""
        at = {"whose": tenant, "which": decision}
        return await self._store.read(lambda connection: [Receipt(**fields_of(Receipt, row)) for row in connection.execute(_RECEIPTS, at)])


def _keep(tx: Transaction, receipts: Sequence[Receipt]) -> bool:
    return tx.insert_all_new(receipt_table, [fields_of(Receipt, one) for one in receipts])


def _kept(_: Transaction, __: Receipt) -> None:
    """Nothing more is done about it."""


_RECEIPTS = (
    select(receipt_table)
    .where(receipt_table.c.tenant == bindparam("whose"), receipt_table.c.decision == bindparam("which"))
    .order_by(receipt_table.c.at, receipt_table.c.id)
)
