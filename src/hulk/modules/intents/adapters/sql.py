"""Intents and their plans in the store."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Computed,
    Connection,
    Index,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    select,
    text,
    update,
)

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import JsonObject, fields_of, from_json, to_json
from hulk.kernel.tenancy import Grant
from hulk.kernel.time import Clock, utc_now
from hulk.modules.intents.domain import Brief, Intent, Plan, Status
from hulk.modules.router import Turn
from hulk.modules.skills import Source
from hulk.runtime.store import Document, Moment, Store, Transaction, among, metadata

_APART = text("status in ('accepted', 'running', 'failed')")
"""What is looked for among many more intents that are completed, written out: a partial index serves only what it can see."""
_TRACED = text("trace_id is not null")

intent_table = Table(
    "intent",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("zone", String(64), nullable=False),
    Column("sources", Document, nullable=False),
    Column("key", String(200)),
    Column("digest", String(64), nullable=False),
    Column("run", String(64), nullable=False),
    Column("trace", String(64)),
    Column("trace_id", String(32), Computed("substr(trace, 4, 32)", persisted=True)),
    Column("agent", String(64)),
    Column("grants", Document, nullable=False),
    Column("channel", String(64), nullable=False),
    Column("turns", Document, nullable=False),
    Column("private", Boolean, nullable=False),
    Column("status", String(16), nullable=False),
    Column("decision", String(64)),
    Column("plan", String(64)),
    Column("answer", Text),
    Column("problem", Document),
    Column("created", Moment, nullable=False),
    Column("ended", Moment),
    UniqueConstraint("tenant", "key"),
    Index("ix_intent_tenant_created", "tenant", "created", "id"),
    Index("ix_intent_apart", "tenant", "status", "created", "id", sqlite_where=_APART, postgresql_where=_APART),
    Index("ix_intent_trace", "trace_id", "id", sqlite_where=_TRACED, postgresql_where=_TRACED),
)

plan_table = Table(
    "plan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("intent", String(64), nullable=False),
    Column("skill", String(128), nullable=False),
    Column("arguments", Document, nullable=False),
    Column("tickets", Document, nullable=False),
    Column("created", Moment, nullable=False),
    Index("ix_plan_intent", "intent"),
)


class SqlIntents:
    """`ports.Intents` in SQLite or PostgreSQL."""

    def __init__(self, store: Store, clock: Clock = utc_now) -> None:
        self._store = store
        self._clock = clock

    def add(self, intent: Intent) -> Change[bool]:
        """Keep a new intent; False when its tenant has one under the same key already."""
        row = fields_of(Intent, intent)
        row |= {name: to_json(row[name]) for name in ("sources", "grants", "turns")}

        def change(tx: Transaction) -> bool:
            return tx.insert_new(intent_table, row)

        return change

    def decided(self, intent: str, decision: str) -> Change[None]:
        """The intent is running, on that decision."""
        return self._updated(intent, status="running", decision=decision)

    def planned(self, intent: str, plan: Plan) -> Change[None]:
        """Keep the plan of the intent."""
        point = self._updated(intent, plan=plan.id)

        def change(tx: Transaction) -> None:
            row = {
                "id": plan.id, "intent": intent, "skill": plan.skill, "arguments": dict(plan.arguments), "tickets": dict(plan.tickets),
                "created": self._clock(),
            }  # fmt: skip
            tx.insert_new(plan_table, row)
            point(tx)

        return change

    def _updated(self, intent: str, **values: Any) -> Change[None]:
        def change(tx: Transaction) -> None:
            tx.execute(_UPDATE, {"at": intent, **values})

        return change

    def end(self, intent: str, status: Status, *, answer: str, problem: JsonObject | None = None) -> Change[bool]:
        """The intent is completed or failed; False when it was ended before, and nothing was changed."""

        def change(tx: Transaction) -> bool:
            values: dict[str, Any] = {"status": status, "answer": answer, "problem": problem, "ended": self._clock()}
            values |= {"turns": []} if status == "completed" else {}
            return tx.execute(_UPDATE, {"at": intent, **values}).rowcount == 1

        return change

    def reopen(self, intent: str) -> Change[bool]:
        """See `Intents`."""
        return lambda tx: tx.execute(_REOPEN, {"at": intent}).rowcount == 1

    async def get(self, intent: str) -> Intent:
        """The intent; raises `NotFound`."""
        row = await self._store.look_up(_rows, intent)
        if row is None:
            raise NotFound("There is no intent {id}.", id=intent)
        return _intent(row)

    async def by_key(self, tenant: str, key: str) -> Intent:
        """The intent of that tenant under that idempotency key; raises `NotFound`."""
        at = {"at_tenant": tenant, "at_key": key}
        row = await self._store.read(lambda connection: connection.execute(_BY_KEY, at).one_or_none())
        if row is None:
            raise NotFound("No intent was accepted under the idempotency key “{key}”.", key=key)
        return _intent(row)

    async def by_trace(self, trace: str, tenant: str | None) -> Intent:
        """See `Intents`."""
        query = select(intent_table).where(intent_table.c.trace_id == trace)
        query = query if tenant is None else query.where(intent_table.c.tenant.concat("") == tenant)  # not by the index of all its intents
        newest = query.order_by(intent_table.c.id.desc()).limit(1)
        row = await self._store.read(lambda connection: connection.execute(newest).one_or_none())
        if row is None:
            raise NotFound("There is no intent with the trace {trace}.", trace=trace)
        return _intent(row)

    async def recent(
        self, tenant: str, *, status: Status | None, limit: int, within: Collection[str] | None = None, before: str | None = None
    ) -> list[Brief]:
        """The newest intents of a tenant."""
        query = select(*_BRIEF).where(intent_table.c.tenant == tenant)
        query = query if status is None else query.where(intent_table.c.status == status)
        query = query if status in (None, "completed") else query.where(_APART)
        query = query if within is None else query.where(intent_table.c.namespace.in_(within))
        query = query if before is None else query.where(_behind(tenant, before))
        query = query.order_by(intent_table.c.created.desc(), intent_table.c.id.desc()).limit(limit)
        return await self._store.read(lambda connection: [Brief(**row) for row in connection.execute(query).mappings()])


_UPDATE = update(intent_table).where(intent_table.c.id == bindparam("at"), intent_table.c.status.in_(("accepted", "running")))
_REOPEN = (
    update(intent_table)
    .where(intent_table.c.id == bindparam("at"), intent_table.c.status == "failed")
    .values(status="running", answer=None, problem=None, ended=None)
)
_BRIEF = [intent_table.c[name] for name in Brief.__dataclass_fields__]
_BY_ID = select(intent_table).where(among(intent_table.c.id, "ids"))
_BY_KEY = select(intent_table).where(intent_table.c.tenant == bindparam("at_tenant"), intent_table.c.key == bindparam("at_key"))


def _behind(tenant: str, intent: str) -> ColumnElement[bool]:
    its = intent_table.c
    last = select(its.created).where(its.tenant == tenant, its.id == intent).scalar_subquery()
    return (its.created < last) | ((its.created == last) & (its.id < intent))


def _rows(connection: Connection, ids: Sequence[str]) -> dict[str, Row[Any]]:
    return {row.id: row for row in connection.execute(_BY_ID, {"ids": ids})}


def _intent(row: Row[Any]) -> Intent:
    fields = fields_of(Intent, row)
    lists = {"sources": Source, "grants": Grant, "turns": Turn}
    return Intent(**fields | {name: tuple(from_json(list[kind], getattr(row, name))) for name, kind in lists.items()})  # type: ignore[valid-type]
