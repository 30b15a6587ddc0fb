"""Rows that are added to what is there: to the last digit, one by one or many at once, by several at the same time. On both databases."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, select

from hulk.runtime.store import Exact, Store, Transaction

sums = Table(
    "test_sums",
    MetaData(),
    Column("id", String(20), primary_key=True),
    Column("name", String(20)),
    Column("count", BigInteger),
    Column("sum", Exact),
)
SMALL, GREAT = Decimal("0.0000000000000000000000000001"), Decimal("12345678901234567890123456789.5")


@pytest.fixture(autouse=True)
def table(store: Store) -> None:
    """No rows yet."""
    sums.create(store.engine, checkfirst=True)


def add(*rows: tuple[str, int, Decimal]) -> Callable[[Transaction], None]:
    values = [{"id": id_, "name": f"{count} of {id_}", "count": count, "sum": amount} for id_, count, amount in rows]
    return lambda tx: tx.add_each(sums, values, ("count", "sum"))


async def found(store: Store) -> dict[str, Any]:
    return {row.id: tuple(row)[1:] for row in await store.read(lambda connection: connection.execute(select(sums)).all())}


async def test_what_is_there_grows_and_what_is_not_is_inserted(store: Store) -> None:
    await store.commit(add(("a", 1, SMALL)))
    await store.commit(add(("a", 2, GREAT), ("b", 1 << 40, Decimal(-3))), add(("b", -1, Decimal("0.5"))), add())
    exact = Decimal("12345678901234567890123456789.5000000000000000000000000001")
    assert await found(store) == {"a": ("1 of a", 3, exact), "b": (f"{1 << 40} of b", (1 << 40) - 1, Decimal("-2.5"))}


async def test_many_who_add_at_once_lose_nothing(store: Store) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(100):
            group.create_task(store.commit(add(("a", 1, SMALL), ("b", 2, Decimal(1)))))
    assert await found(store) == {"a": ("1 of a", 100, 100 * SMALL), "b": ("2 of b", 200, Decimal(100))}
