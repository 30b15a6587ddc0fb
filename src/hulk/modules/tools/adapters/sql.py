"""Calls, rules and virtual servers in the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Boolean, Column, Index, Row, Select, String, Table, Text, bindparam, delete, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.kernel.records import fields_of, from_json, to_json
from hulk.kernel.tenancy import Grant
from hulk.modules.tools.domain import Call, Ending, Output, Rule, Server
from hulk.modules.tools.domain.call import ended, taken
from hulk.modules.tools.domain.server import missing
from hulk.modules.tools.ports import WantedCalls
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

call_table = Table(
    "tool_call",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("key", Text, nullable=False),
    Column("tool", String(128), nullable=False),
    Column("arguments", Document, nullable=False),
    Column("actor", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("intent", String(64)),
    Column("at", Moment, nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("status", String(16), nullable=False),
    Column("rules", Document, nullable=False),
    Column("ticket", String(64)),
    Column("output", Document),
    Column("labels", Document, nullable=False),
    Column("error", Document),
    Column("ended", Moment),
    Column("grants", Document, nullable=False),
    Column("namespace", String(64)),
    Column("p0", Boolean, nullable=False),
)
"""Every call of a tool: reads once they have ended, without what they gave."""
Index("tool_call_newest", call_table.c.tenant, call_table.c.at.desc(), call_table.c.id)
Index(
    "tool_call_running",
    call_table.c.deadline,
    sqlite_where=call_table.c.status == "running",
    postgresql_where=call_table.c.status == "running",
)

named_table = Table(
    "tool_named",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("what", Document, nullable=False),
)
"""Rules and virtual servers of tenants."""

_its = call_table.c
_ONE = select(call_table).where(_its.tenant == bindparam("of"), _its.id == bindparam("one"))
_HELD = _ONE.with_for_update()
_CHANGE = update(call_table).where(_its.tenant == bindparam("of"), _its.id == bindparam("one"))
_ENDINGS = ("status", "output", "labels", "error", "ended")
_OVERDUE = select(call_table).where(_its.status == "running", _its.deadline < bindparam("moment")).order_by(_its.deadline)
_NAMED = select(named_table).where(named_table.c.tenant == bindparam("of"), named_table.c.kind == bindparam("sort"))
_ONE_NAMED = _NAMED.where(named_table.c.name == bindparam("called")).with_for_update()


class SqlCalls:
    """`Calls` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, call: Call) -> Change[tuple[Call, bool]]:
        """See `Calls`."""

        def change(tx: Transaction) -> tuple[Call, bool]:
            if tx.insert_new(call_table, _row(call)):
                return call, True
            return _held(tx, call.tenant, call.id), False

        return change

    def take(self, tenant: str, id_: str, deadline: datetime, *, idempotent: bool) -> Change[Call | None]:
        """See `Calls`."""

        def change(tx: Transaction) -> Call | None:
            found = taken(_held(tx, tenant, id_), deadline, idempotent=idempotent)
            if found is not None:
                tx.execute(_CHANGE, {"of": tenant, "one": id_, "status": found.status, "deadline": found.deadline})
            return found

        return change

    def ask(self, tenant: str, id_: str, ticket: str) -> Change[Call]:
        """See `Calls`."""

        def change(tx: Transaction) -> Call:
            tx.execute(_CHANGE, {"of": tenant, "one": id_, "ticket": ticket})
            return _held(tx, tenant, id_)

        return change

    def end(self, tenant: str, id_: str, ending: Ending) -> Change[tuple[Call, bool]]:
        """See `Calls`."""

        def change(tx: Transaction) -> tuple[Call, bool]:
            before = _held(tx, tenant, id_)
            after = ended(before, ending)
            if after is before:
                return before, False
            row = _row(after)
            tx.execute(
                _CHANGE, {"of": tenant, "one": id_, **{name: row[name] for name in ("status", "output", "labels", "error", "ended")}}
            )
            return after, True

        return change

    async def get(self, tenant: str, id_: str) -> Call:
        """See `Calls`."""
        row = await self._store.read(lambda connection: connection.execute(_ONE, {"of": tenant, "one": id_}).one_or_none())
        return _call(row, id_)

    async def find(self, wanted: WantedCalls) -> Sequence[Call]:
        """See `Calls`."""
        found = await self._store.read(lambda connection: connection.execute(_found(wanted)).all())
        return [_call(row) for row in found]

    async def overdue(self, moment: datetime, most: int) -> Sequence[Call]:
        """See `Calls`."""
        found = await self._store.read(lambda connection: connection.execute(_OVERDUE.limit(most), {"moment": moment}).all())
        return [_call(row) for row in found]


N = TypeVar("N", Rule, Server)


class SqlNamed(Generic[N]):
    """`Named` over the store, of one kind."""

    def __init__(self, store: Store, kind: type[N]) -> None:
        self._store = store
        self._kind: type[N] = kind
        self._sort = kind.__name__.lower()

    def put(self, tenant: str, one: N) -> Change[N | None]:
        """See `Named`."""

        def change(tx: Transaction) -> N | None:
            before = self._held(tx, tenant, one.name)
            tx.put(named_table, {"tenant": tenant, "kind": self._sort, "name": one.name, "what": to_json(one)})
            return before

        return change

    def remove(self, tenant: str, name: str) -> Change[N]:
        """See `Named`."""

        def change(tx: Transaction) -> N:
            before = self._held(tx, tenant, name)
            if before is None:
                raise missing(self._kind, name)
            its = named_table.c
            tx.execute(delete(named_table).where(its.tenant == tenant, its.kind == self._sort, its.name == name))
            return before

        return change

    async def of(self, tenant: str) -> Sequence[N]:
        """See `Named`."""
        ordered = _NAMED.order_by(named_table.c.name)
        rows = await self._store.read(lambda connection: connection.execute(ordered, {"of": tenant, "sort": self._sort}).all())
        return [from_json(self._kind, row.what) for row in rows]

    def _held(self, tx: Transaction, tenant: str, name: str) -> N | None:
        row = tx.execute(_ONE_NAMED, {"of": tenant, "sort": self._sort, "called": name}).one_or_none()
        return None if row is None else from_json(self._kind, row.what)


def _found(wanted: WantedCalls) -> Select[Any]:
    same = {"actor": wanted.actor, "tool": wanted.tool, "status": wanted.status}
    found = select(call_table).where(
        _its.tenant == wanted.tenant, *(_its[name] == value for name, value in same.items() if value is not None)
    )
    if wanted.before is not None:
        last = select(_its.at).where(_its.tenant == wanted.tenant, _its.id == wanted.before).scalar_subquery()
        found = found.where((_its.at < last) | ((_its.at == last) & (_its.id > wanted.before)))
    return found.order_by(_its.at.desc(), _its.id).limit(wanted.most)


def _held(tx: Transaction, tenant: str, id_: str) -> Call:
    return _call(tx.execute(_HELD, {"of": tenant, "one": id_}).one_or_none(), id_)


def _row(call: Call) -> dict[str, Any]:
    row = {name: getattr(call, name) for name in call_table.c.keys()}  # noqa: SIM118  # a collection of columns, not a dict
    output = None if call.output is None else to_json(call.output)
    return {**row, "rules": list(call.rules), "labels": list(call.labels), "output": output, "grants": to_json(call.grants)}


def _call(row: Row[Any] | None, id_: str = "") -> Call:
    if row is None:
        raise NotFound("There is no call {id}.", id=id_[:80])
    fields = fields_of(Call, row)
    output = None if row.output is None else from_json(Output, row.output)
    grants = from_json(tuple[Grant, ...], row.grants)
    return Call(**{**fields, "rules": tuple(row.rules), "labels": tuple(row.labels), "output": output, "grants": grants})
