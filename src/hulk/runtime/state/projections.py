"""Projections: tables derived from facts, kept up with in the same store, rebuilt from the first fact whenever wanted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from hulk.kernel.durable import Change
from hulk.runtime.state.aggregates import Kept, kept
from hulk.runtime.state.tables import fact_table, projection_table
from hulk.runtime.store import Store, Transaction

BATCH = 500


@dataclass(frozen=True, slots=True)
class Projection:
    """`project` writes what a fact means; `clear` empties what it wrote. Both touch nothing but the transaction.

    Facts come as they were kept: a projection that reads old forms upcasts them with its `Kind`."""

    name: str
    project: Callable[[Transaction, Kept], None]
    clear: Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class Projector:
    """Brings projections up to date. The place reached commits with what was written, so each fact is projected once, and
    processes that do it at the same time wait for each other."""

    store: Store

    async def catch_up(self, projection: Projection) -> int:
        """Project all facts that it has not seen; gives how many. Raises what it raises, with that batch undone."""
        total = 0
        while done := (await self.store.commit(_some(projection)))[0]:
            total += done
        return total

    async def rebuild(self, projection: Projection) -> int:
        """Clear it, and project all facts from the first; gives how many."""
        await self.store.commit(_cleared(projection))
        return await self.catch_up(projection)

    async def behind(self, projection: Projection) -> int:
        """How many facts it has not seen."""
        return await self.store.read(lambda connection: _behind(connection, projection.name))


def _some(projection: Projection) -> Change[int]:
    def change(tx: Transaction) -> int:
        facts = _after(tx.connection, _place(tx, projection.name))
        for fact in facts:
            projection.project(tx, fact)
        if facts:
            _move(tx, projection.name, facts[-1].sequence)
        return len(facts)

    return change


def _cleared(projection: Projection) -> Change[None]:
    def change(tx: Transaction) -> None:
        _place(tx, projection.name)
        projection.clear(tx)
        _move(tx, projection.name, 0)

    return change


def _place(tx: Transaction, name: str) -> int:
    """How far it has read, locked against other processes until this transaction ends."""
    tx.insert_new(projection_table, {"name": name, "sequence": 0})
    reached = select(projection_table.c.sequence).where(projection_table.c.name == name).with_for_update()
    return int(tx.execute(reached).scalar_one())


def _move(tx: Transaction, name: str, sequence: int) -> None:
    tx.execute(update(projection_table).where(projection_table.c.name == name).values(sequence=sequence))


def _after(connection: Connection, sequence: int) -> Sequence[Kept]:
    query = select(fact_table).where(fact_table.c.sequence > sequence).order_by(fact_table.c.sequence).limit(BATCH)
    return [kept(row) for row in connection.execute(query)]


def _behind(connection: Connection, name: str) -> int:
    reached = connection.execute(select(projection_table.c.sequence).where(projection_table.c.name == name)).scalar_one_or_none() or 0
    last = connection.execute(select(fact_table.c.sequence).order_by(fact_table.c.sequence.desc()).limit(1)).scalar_one_or_none() or 0
    return int(last - reached)
