"""Quotas in the store: one row per tenant, which the changes of a transaction read and write once together.

The row is locked from the first that needs it to the end of the transaction, so limits hold exactly across processes: counts by
themselves, intents per minute as far as the processes' clocks agree."""

from typing import Any

from sqlalchemy import BigInteger, Column, Row, String, Table, bindparam, select, update

from hulk.kernel.durable import Change
from hulk.kernel.errors import OverQuota
from hulk.kernel.time import Clock, utc_now
from hulk.modules.quotas.domain import Counted, Limits, Own, Standing, from_plain, plain
from hulk.modules.quotas.ports import UnderWay
from hulk.runtime.store import Document, Moment, Store, Transaction, metadata

quota_table = Table(
    "quota",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("own", Document, nullable=False),
    Column("full", Moment),
    Column("open_tickets", BigInteger, nullable=False),
    Column("storage", BigInteger, nullable=False),
)
"""A tenant's own limits, when its bucket of intents is full again, and what is counted of it."""

file_table = Table(
    "quota_file",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("blob", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
)
"""The files that each tenant keeps: who sends one twice has it counted once."""

_ROW = select(quota_table).where(quota_table.c.tenant == bindparam("of"))
_HELD = _ROW.with_for_update()
_FILE = select(file_table.c.size).where(file_table.c.tenant == bindparam("of"), file_table.c.blob == bindparam("at"))
_WRITE = update(quota_table).where(quota_table.c.tenant == bindparam("of"))


class SqlQuotas:
    """Keeps `Quotas`' promises in SQLite and PostgreSQL."""

    def __init__(self, store: Store, defaults: Limits, under_way: UnderWay, clock: Clock = utc_now) -> None:
        self._store = store
        self._defaults = defaults
        self._under_way = under_way
        self._clock = clock

    @property
    def defaults(self) -> Limits:
        """See `Quotas`."""
        return self._defaults

    def admit(self, tenant: str) -> Change[OverQuota | None]:
        """See `Quotas`."""

        def change(tx: Transaction) -> OverQuota | None:
            standing = self._standing(tx, tenant)
            limits = self._defaults.of(standing.own)
            return standing.admit(limits, lambda: self._under_way(tx.connection, tenant), self._clock())

        return change

    def take(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """See `Quotas`."""

        def change(tx: Transaction) -> None:
            standing = self._standing(tx, tenant)
            if over := standing.add(name, getattr(self._defaults.of(standing.own), name), amount):
                raise over

        return change

    def give_back(self, tenant: str, name: Counted, amount: int) -> Change[None]:
        """See `Quotas`."""
        return lambda tx: self._standing(tx, tenant).less(name, amount)

    def keep_file(self, tenant: str, blob: str, size: int) -> Change[bool]:
        """See `Quotas`."""
        count = self.take(tenant, "storage", size)

        def change(tx: Transaction) -> bool:
            if not tx.insert_new(file_table, {"tenant": tenant, "blob": blob, "size": size}):
                return False
            count(tx)
            return True

        return change

    async def keeps_file(self, tenant: str, blob: str) -> bool:
        """See `Quotas`."""
        at = {"of": tenant, "at": blob}
        return await self._store.read(lambda connection: connection.execute(_FILE, at).first() is not None)

    def change(self, tenant: str, own: Own) -> Change[tuple[Own, Own]]:
        """See `Quotas`."""

        def change(tx: Transaction) -> tuple[Own, Own]:
            standing = self._standing(tx, tenant)
            before, standing.own, standing.changed = standing.own, dict(own), True
            return before, own

        return change

    async def standing(self, tenant: str) -> Standing:
        """See `Quotas`."""

        def read(connection: Any) -> Standing:
            row = connection.execute(_ROW, {"of": tenant}).one_or_none()
            standing = Standing(tenant) if row is None else _standing(row)
            standing.running = self._under_way(connection, tenant)
            return standing

        return await self._store.read(read)

    def _standing(self, tx: Transaction, tenant: str) -> Standing:
        return tx.once(f"quota:{tenant}", lambda: self._held(tx, tenant), lambda standing: _write(tx, standing))

    def _held(self, tx: Transaction, tenant: str) -> Standing:
        """The tenant's row, locked against other processes until this transaction ends."""
        row = tx.execute(_HELD, {"of": tenant}).one_or_none()
        if row is None:
            tx.insert_new(quota_table, {"tenant": tenant, "own": {}, "full": None, "open_tickets": 0, "storage": 0})
            row = tx.execute(_HELD, {"of": tenant}).one()
        return _standing(row)


def _standing(row: Row[Any]) -> Standing:
    return Standing(row.tenant, from_plain(row.own), row.full, row.open_tickets, row.storage)


def _write(tx: Transaction, standing: Standing) -> None:
    if standing.changed:
        values = {"own": plain(standing.own), "full": standing.full, "open_tickets": standing.open_tickets, "storage": standing.storage}
        tx.execute(_WRITE, {"of": standing.tenant, **values})
