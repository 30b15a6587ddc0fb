"""Statements to PostgreSQL are counted by what they do, in all threads; those to SQLite are not."""

import asyncio
import re

import pytest
from sqlalchemy import delete, func, insert, select, text, update

from hulk.runtime.outbox import head_table
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics

ROW = {"tenant": "acme", "position": 0, "hash": "h", "seal": "s"}


def counted(metrics: Metrics) -> dict[str, float]:
    found = re.findall(r'^postgres_queries_total{operation="(\w+)"} ([0-9.]+)$', metrics.render().decode(), re.MULTILINE)
    return {operation: float(count) for operation, count in found}


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
async def test_statements_are_counted_by_what_they_do(store: Store) -> None:
    metrics = Metrics()
    store.measure(metrics)
    assert counted(metrics) == {}
    await store.commit(
        lambda tx: tx.execute(insert(head_table), ROW).rowcount,
        lambda tx: tx.execute(update(head_table).values(position=1)).rowcount,
        lambda tx: tx.execute(delete(head_table)).rowcount,
        lambda tx: tx.execute(text("set local work_mem = '4MB'")).rowcount,
    )
    many = [{**ROW, "tenant": str(number)} for number in range(50)]
    await store.commit(lambda tx: tx.execute(insert(head_table), many).rowcount)
    async with asyncio.TaskGroup() as group:
        for _ in range(200):
            group.create_task(store.read(lambda connection: connection.execute(select(func.count(head_table.c.tenant))).scalar_one()))
    assert counted(metrics) == {"insert": 2, "update": 1, "delete": 1, "other": 1, "select": 200}


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_what_sqlite_does_is_nobody_s_traffic(store: Store) -> None:
    metrics = Metrics()
    store.measure(metrics)
    await store.commit(lambda tx: tx.execute(insert(head_table), ROW).rowcount)
    assert b"postgres_queries" not in metrics.render()
