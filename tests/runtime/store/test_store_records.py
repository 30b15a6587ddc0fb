"""Rows that are written together come back as rows that are written one by one. On both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Connection, Float, LargeBinary, MetaData, String, Table, select, text

from hulk.runtime.store import PLANNED_ANEW, Document, Moment, Store, Texts, Transaction, dumps

kept = Table(
    "test_kept",
    MetaData(),
    Column("id", String(20), primary_key=True),
    Column("count", BigInteger),
    Column("share", Float),
    Column("done", Boolean),
    Column("said", String(40)),
    Column("data", Document),
    Column("at", Moment),
    Column("many", Texts),
    Column("raw", LargeBinary),
)
FULL: dict[str, Any] = {
    "count": 1 << 60, "share": 1e-320, "done": False, "said": "ä “\\” \n 🙂 null", "many": ["a", '"', "{}", ""],
    "raw": b"\x00\xff\\x'\n",
    "data": {"n": 1e16, "zero": -0.0, "nul": "a\x00b", "half": "\\ud800", "deep": [[{}], None, True]},
    "at": datetime(2026, 11, 21, 22, 0, 0, 1, tzinfo=UTC),
}  # fmt: skip
ROWS: list[dict[str, Any]] = [
    {"id": "full", **FULL},
    {"id": "empty", **dict.fromkeys(FULL), "many": []},
    {"id": "first", **FULL, "at": datetime(1, 1, 1, tzinfo=UTC), "data": "text", "many": []},
    {"id": "last", **FULL, "at": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "data": [], "share": -1.5},
]


@pytest.fixture(autouse=True)
def table(store: Store) -> None:
    """No rows yet."""
    kept.create(store.engine, checkfirst=True)


async def rows(store: Store) -> list[dict[str, Any]]:
    found = {row.id: row._asdict() for row in await store.read(lambda connection: connection.execute(select(kept)).all())}
    return [found[row["id"]] for row in ROWS]


def stored(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    """As it comes back: SQLite has no type for many texts and gives the JSON that they are kept as."""
    return row if store.dialect == "postgresql" else {**row, "many": dumps(row["many"])}


async def test_rows_written_together_come_back_as_those_written_one_by_one(store: Store) -> None:
    assert await store.commit(lambda tx: tx.insert_all_new(kept, ROWS)) == [True]
    together = await rows(store)
    await store.commit(lambda tx: tx.execute(kept.delete()).rowcount)
    await store.commit(*(lambda tx, row=row: tx.insert_new(kept, row) for row in ROWS))
    assert together == await rows(store) == [stored(store, row) for row in ROWS]


async def test_what_is_there_stays_and_is_told(store: Store) -> None:
    await store.commit(lambda tx: tx.insert_new(kept, ROWS[0]))
    again = [{**ROWS[0], "count": 7}, *ROWS[1:]]
    assert await store.commit(lambda tx: tx.insert_all_new(kept, again)) == [False]
    assert [row["count"] for row in await rows(store)] == [row["count"] for row in ROWS]


@pytest.mark.parametrize("count", [pytest.param(1, id="one"), pytest.param(3, id="several")])
async def test_each_row_is_given_its_own_values_and_others_are_left_alone(store: Store, count: int) -> None:
    await store.commit(lambda tx: tx.insert_all_new(kept, ROWS))
    new = [{"id": row["id"], "count": place, "data": {"place": place}, "at": None} for place, row in enumerate(ROWS[:count])]
    await store.commit(lambda tx: tx.update_each(kept, "id", new))
    assert await rows(store) == [stored(store, {**row, **(new[place] if place < count else {})}) for place, row in enumerate(ROWS)]


async def test_none_is_nothing_to_do(store: Store) -> None:
    def nothing(tx: Transaction) -> bool:
        tx.update_each(kept, "id", [])
        return tx.insert_all_new(kept, [])

    assert await store.commit(nothing) == [True]


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)  # the one that prepares statements
async def test_what_is_planned_anew_is_never_prepared(store: Store) -> None:
    query = text("select 1 where 1 = any (cast(:some as int[]))")

    def prepared(connection: Connection) -> tuple[int, int]:
        known = text("select count(*) from pg_prepared_statements where statement like '%select 1 where 1 =%'")
        for _ in range(20):
            assert connection.execute(query, {"some": [1]}, execution_options=PLANNED_ANEW).scalar_one() == 1
        anew = connection.execute(known).scalar_one()
        for _ in range(20):
            connection.execute(query, {"some": [1]})
        return anew, connection.execute(known).scalar_one()

    assert await store.read(prepared) == (0, 1)
