"""Charges in the store. A tenant's spending per day and month is kept beside them and changes in the same transaction.

Amounts are text: SQLite has no exact decimal. The row of a period is locked while it is read and written, which makes
reserving safe with several writers (PostgreSQL); SQLite has one writer at a time.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, Dialect, Index, Integer, Row, String, Table, and_, bindparam, select, update
from sqlalchemy.types import TypeDecorator

from hulk.kernel.durable import Change
from hulk.kernel.errors import Exhausted, NotFound
from hulk.modules.finops.domain import (
    Budget,
    Charge,
    Spending,
    Tariff,
    Usage,
    allowed,
    assumed,
    limits,
    overrun,
    periods,
    released,
    settled,
)
from hulk.runtime.store import Moment, Store, Transaction, metadata


class Exact(TypeDecorator[Decimal]):
    """A decimal of any size, to its last digit."""

    impl = String(64)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's signature
        """As plain digits, never in exponents."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The reverse."""
        return None if value is None else Decimal(value)


charge_table = Table(
    "charge",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("intent", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reserved", Exact, nullable=False),
    Column("amount", Exact, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended", Moment),
    Column("provider", String(128)),
    Column("model", String(256)),
    Column("input_price", Exact),
    Column("output_price", Exact),
    Column("price_version", String(64)),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Index("ix_charge_tenant_intent", "tenant", "intent"),
    Index("ix_charge_status_at", "status", "at"),
)

spending_table = Table(
    "spending",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("currency", String(3), nullable=False),
    Column("amount", Exact, nullable=False),
)


class SqlLedger:
    """`Ledger` over the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(self, charge: Charge) -> Change[None]:
        """See `Ledger`."""

        def change(tx: Transaction) -> None:
            tx.insert_new(charge_table, _row(charge))

        return change

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """See `Ledger`."""

        def change(tx: Transaction) -> Charge | Exhausted:
            spent = {period: self._locked(tx, charge, period) for period in periods(charge.at)}
            existing = tx.execute(_CHARGE, {"at": charge.id}).one_or_none()
            if existing is not None and existing.status != "released":
                return _charge(existing)
            for period, limit in limits(budget, charge.at):
                if limit is not None and not allowed(spent[period], charge.reserved, limit):
                    return overrun(period, spent[period], charge.reserved, limit, charge.currency, charge.at)
            tx.put(charge_table, _row(charge))
            _count(tx, charge, charge.held, spent)
            return charge

        return change

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda tx: self._move(tx, (before := _found(tx, id_)), settled(before, usage, at))

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda tx: self._move(tx, (before := _found(tx, id_)), assumed(before, at))

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return lambda tx: self._move(tx, (before := _found(tx, id_)), released(before, at))

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """See `Ledger`."""
        wanted = select(charge_table).where(charge_table.c.tenant == tenant, charge_table.c.intent == intent)
        return await self._store.read(lambda c: _charges(c, wanted.order_by(charge_table.c.at, charge_table.c.id)))

    async def spending(self, tenant: str, period: str) -> Spending | None:
        """See `Ledger`."""
        wanted = select(spending_table).where(spending_table.c.tenant == tenant, spending_table.c.period == period)
        row = await self._store.read(lambda connection: connection.execute(wanted).one_or_none())
        if row is None or not row.amount:  # a row of nothing is left by what was refused or released
            return None
        return Spending(tenant=row.tenant, period=row.period, currency=row.currency, amount=row.amount)

    async def reserved_before(self, moment: datetime, most: int) -> Sequence[Charge]:
        """See `Ledger`."""
        wanted = select(charge_table).where(charge_table.c.status == "reserved", charge_table.c.at < moment)
        return await self._store.read(lambda c: _charges(c, wanted.order_by(charge_table.c.at, charge_table.c.id).limit(most)))

    def _locked(self, tx: Transaction, charge: Charge, period: str) -> Decimal:
        """What was spent in that period, its row held until the end of the transaction."""
        empty = {"tenant": charge.tenant, "period": period, "currency": charge.currency, "amount": Decimal(0)}
        tx.insert_new(spending_table, empty)
        return Decimal(tx.execute(_SPENT, {"at_tenant": charge.tenant, "at_period": period}).scalar_one())

    def _move(self, tx: Transaction, before: Charge, after: Charge) -> Charge:
        if after is before:
            return before
        spent = {period: self._locked(tx, before, period) for period in periods(before.at)}
        tx.execute(_MOVE, {"at_id": before.id, **_row(after)})
        _count(tx, before, after.held - before.held, spent)
        return after


def _count(tx: Transaction, charge: Charge, more: Decimal, spent: dict[str, Decimal]) -> None:
    for period, amount in spent.items():
        tx.execute(_SPEND, {"at_tenant": charge.tenant, "at_period": period, "amount": amount + more})


_CHARGE = select(charge_table).where(charge_table.c.id == bindparam("at"))
_MOVE = update(charge_table).where(charge_table.c.id == bindparam("at_id"))
_PERIOD = and_(spending_table.c.tenant == bindparam("at_tenant"), spending_table.c.period == bindparam("at_period"))
_SPENT = select(spending_table.c.amount).where(_PERIOD).with_for_update()
_SPEND = update(spending_table).where(_PERIOD)
_LOCKED_CHARGE = _CHARGE.with_for_update()


def _found(tx: Transaction, id_: str) -> Charge:
    row = tx.execute(_LOCKED_CHARGE, {"at": id_}).one_or_none()
    if row is None:
        raise NotFound("There is no charge {id}.", id=id_)
    return _charge(row)


def _charges(connection: Connection, wanted: Any) -> list[Charge]:
    return [_charge(row) for row in connection.execute(wanted)]


def _row(charge: Charge) -> dict[str, Any]:
    own = ("id", "tenant", "intent", "kind", "subject", "status", "reserved", "amount", "currency", "at", "ended", "provider", "model")
    tariff, usage = charge.tariff, charge.usage
    return {name: getattr(charge, name) for name in own} | {
        "input_price": tariff.input if tariff else None,
        "output_price": tariff.output if tariff else None,
        "price_version": tariff.version if tariff else None,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }


def _charge(row: Row[Any]) -> Charge:
    known = row.price_version is not None
    tariff = Tariff(input=row.input_price, output=row.output_price, currency=row.currency, version=row.price_version) if known else None
    return Charge(
        id=row.id,
        tenant=row.tenant,
        intent=row.intent,
        kind=row.kind,
        subject=row.subject,
        status=row.status,
        reserved=row.reserved,
        amount=row.amount,
        currency=row.currency,
        at=row.at,
        ended=row.ended,
        provider=row.provider,
        model=row.model,
        tariff=tariff,
        usage=Usage(input_tokens=row.input_tokens, output_tokens=row.output_tokens),
    )
