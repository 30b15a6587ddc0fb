"""Charges and counts in the store.

All that is reserved, settled and released at the same moment, by whomever, is written at once (`Alike`): the counts are locked in the order
of their ids, read, and written once. In PostgreSQL the locks hold until the transaction ends, so processes never overspend together, nor
wait for each other in a circle; a change that commits together with others may, rarely, and is then tried again. SQLite has one writer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, bindparam, select

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, Exhausted, NotFound
from hulk.kernel.events import Trail
from hulk.modules.finops.adapters.sql import counts, daily, monthly
from hulk.modules.finops.adapters.sql.tables import charge_of, charge_table, moved_row, row_of, spending_table
from hulk.modules.finops.domain import Budget, Charge, Slot, Spending, Usage, assumed, released, settled
from hulk.modules.finops.domain.keeping import Entry, Move, Outcome, Page
from hulk.modules.finops.ports import SlotsOf
from hulk.runtime.store import Alike, Store, Transaction, among

_CHARGES = select(charge_table).where(among(charge_table.c.id, "ids")).order_by(charge_table.c.id).with_for_update()
_kept = spending_table
_COUNT = select(spending_table).where(spending_table.c.id == bindparam("at"))
_COUNTS = select(_kept.c.id, _kept.c.reserved, _kept.c.spent).where(among(_kept.c.id, "ids"))


class SqlLedger:
    """`Ledger` over the store. Without a `trail` nobody is told when a budget passes a threshold."""

    def __init__(self, store: Store, trail: Trail | None = None) -> None:
        self._store = store
        self._trail = trail
        self._known = counts.Known()
        self._writing: Callable[[Transaction, Sequence[Entry]], bool] = self._write

    def record(self, charge: Charge) -> Change[None]:
        """See `Ledger`."""

        def change(tx: Transaction) -> None:
            tx.insert_at_end(charge_table, row_of(charge))

        return change

    def reserve(self, charge: Charge, budget: Budget) -> Change[Charge | Exhausted]:
        """See `Ledger`."""
        return cast("Change[Charge | Exhausted]", self._change(Entry(charge.id, new=charge, own=budget)))

    def settle(self, id_: str, usage: Usage, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: settled(before, usage, at))

    def assume(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: assumed(before, at))

    def release(self, id_: str, at: datetime) -> Change[Charge]:
        """See `Ledger`."""
        return self._moved(id_, lambda before: released(before, at))

    async def of_intent(self, tenant: str, intent: str) -> Sequence[Charge]:
        """See `Ledger`."""
        wanted = select(charge_table).where(charge_table.c.tenant == tenant, charge_table.c.intent == intent)
        return await self._store.read(lambda c: _charges(c, wanted.order_by(charge_table.c.at, charge_table.c.id)))

    async def spending(self, slot: Slot) -> Spending | None:
        """See `Ledger`."""
        row = await self._store.read(lambda connection: connection.execute(_COUNT, {"at": slot.id}).one_or_none())
        used = Decimal(0) if row is None else row.reserved + row.spent
        if not used:  # a row of nothing is left by what was refused or released
            return None
        return Spending(tenant=slot.scope.tenant or "", period=slot.period, currency=slot.budget.currency, amount=used)

    async def standing(self, slots_of: SlotsOf) -> Sequence[tuple[Slot, Decimal]]:
        """See `Ledger`."""

        return await self._store.look_up(_standing, slots_of) or ()

    async def overdue(self, moment: datetime, most: int) -> Sequence[Charge]:
        """See `Ledger`."""
        wanted = select(charge_table).where(charge_table.c.status == "reserved", charge_table.c.deadline < moment)
        return await self._store.read(lambda c: _charges(c, wanted.order_by(charge_table.c.deadline, charge_table.c.id).limit(most)))

    def _moved(self, id_: str, move: Move) -> Change[Charge]:
        return cast("Change[Charge]", self._change(Entry(id_, move=move)))

    def _change(self, entry: Entry) -> Alike[Entry, Outcome | None]:
        return Alike(entry, self._writing, _outcome, None)

    def _write(self, tx: Transaction, entries: Sequence[Entry]) -> bool:
        """Write all of them, one after the other, as one act on the rows that they are about."""
        budgets = self._known(tx)
        ids = sorted({entry.id for entry in entries})
        page = Page(budgets, {row.id: charge_of(row) for row in tx.execute(_CHARGES, {"ids": ids})})
        page.counts = counts.held(tx, page.needs(entries))
        for entry in entries:
            tx.shared.memo[_place(entry)] = page.write(entry)
        self._keep(tx, page)
        return True

    def _keep(self, tx: Transaction, page: Page) -> None:
        """What has changed on the page."""
        new = [row_of(page.charges[id_]) for id_, before in page.before.items() if before is None]
        if not tx.insert_all_new(charge_table, new):
            raise Conflict("Another process is reserving the same call at this very moment. Ask again.")
        moved = [(before, page.charges[id_]) for id_, before in page.before.items() if before is not None]
        tx.update_each(charge_table, "id", [moved_row(after) for before, after in moved if before.status != "released"])
        for _, after in (one for one in moved if one[0].status == "released"):
            tx.put(charge_table, row_of(after))
        counts.write(tx, page.counts)
        moves = [(before, page.charges[id_]) for id_, before in page.before.items()]
        daily.keep(tx, moves)
        monthly.keep(tx, moves)
        if self._trail is not None and page.events:
            self._trail.append(*page.events)(tx)


def _standing(connection: Connection, asked: Sequence[SlotsOf]) -> Mapping[SlotsOf, Sequence[tuple[Slot, Decimal]]]:
    """What is used of the slots of each of those who ask."""
    holding = [counts.budget_of(row) for row in connection.execute(counts.HOLDING)]
    slots = {slots_of: slots_of(holding) for slots_of in asked}
    rows = connection.execute(_COUNTS, {"ids": list({slot.id for found in slots.values() for slot in found})})
    used = {row.id: row.reserved + row.spent for row in rows}
    return {slots_of: [(slot, used.get(slot.id, Decimal(0))) for slot in found] for slots_of, found in slots.items()}


def _place(entry: Entry) -> str:
    """Where the outcome of an entry is left in its transaction."""
    return f"finops:{id(entry)}"


def _outcome(tx: Transaction, entry: Entry) -> Outcome:
    """What became of it; raises `NotFound`."""
    found: Outcome = tx.shared.memo[_place(entry)]
    if isinstance(found, NotFound):
        raise found
    return found


def _charges(connection: Connection, wanted: Any) -> list[Charge]:
    return [charge_of(row) for row in connection.execute(wanted)]
