"""A statement that is executed again gives what it gave when SQLAlchemy executed it, in every way that results are read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, Integer, bindparam, delete, event, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.schema import Column, Table

from hulk.runtime.store import Document, Moment, Store, Transaction, among, opened
from hulk.runtime.store.columns import metadata
from hulk.runtime.store.quick import Done, Found

THEN = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
thing = Table(
    "quick_thing",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("data", Document),
    Column("at", Moment),
    Column("made", Integer, default=7),
)
metadata.remove(thing)  # of these tests only
_ROW = {"data": {"é": [1.0, None]}, "at": THEN, "made": 1}

_ADD = insert(thing)
_ADD_BACK = insert(thing).returning(thing.c.id)
_ONE = select(thing).where(thing.c.id == bindparam("one"))
_SOME = select(thing.c.id).where(among(thing.c.id, "these")).order_by(thing.c.id)
_IN = select(thing.c.id).where(thing.c.id.in_(bindparam("these", expanding=True))).order_by(thing.c.id)
_LIMITED = select(thing.c.id, func.count().over()).where(thing.c.made == 1).order_by(thing.c.id.desc()).limit(2)
_CHANGE = update(thing).where(thing.c.id == bindparam("one")).values(data=bindparam("new", type_=thing.c.data.type), made=thing.c.made + 1)
_BACK = _CHANGE.returning(thing.c.data, thing.c.at)
_GONE = delete(thing).where(thing.c.id == bindparam("one"))
_WORDS = text("select id, made from quick_thing where id <= :most order by id")


@pytest.fixture
async def store(tmp_path: Path) -> Any:
    """SQLite, with three things."""
    async with opened("", tmp_path) as made:
        thing.create(made.engine)
        await made.commit(lambda tx: tx.each(_ADD, [{"id": number, **_ROW} for number in (1, 2, 3)]))
        yield made


async def executed(store: Store, statement: Executable, parameters: Any, times: int) -> tuple[Any, type]:
    """What the last of so many executions of a statement tells, each undone, and what it came as."""
    last: list[tuple[Any, type]] = []

    def change(tx: Transaction) -> None:
        for _ in range(times):
            tx.connection.exec_driver_sql("savepoint before")
            found: Any = tx.connection.execute(statement, parameters)
            last[:] = [([tuple(row) for row in found.all()] if found.returns_rows else found.rowcount, type(found))]
            tx.connection.exec_driver_sql("rollback to before")

    await store.commit(change)
    return last[0]


QUICK = [
    pytest.param(_ADD, {"id": 9, **_ROW}, id="one row is inserted"),
    pytest.param(_ADD, [{"id": 8, **_ROW}, {"id": 9, **_ROW}], id="rows are inserted"),
    pytest.param(_ADD_BACK, {"id": 9, **_ROW}, id="a row is inserted and its key given"),
    pytest.param(_ONE, {"one": 2}, id="a row is found"),
    pytest.param(_ONE, {"one": 99}, id="no row is found"),
    pytest.param(_SOME, {"these": [1, 3, 4]}, id="rows are found by a list as one parameter"),
    pytest.param(_LIMITED, None, id="the statement has its own values"),
    pytest.param(_CHANGE, {"one": 1, "new": None}, id="a row is changed"),
    pytest.param(_CHANGE, [{"one": 1, "new": [1]}, {"one": 5, "new": [2]}], id="some of the rows are there to be changed"),
    pytest.param(_BACK, {"one": 1, "new": {"a": -0.0}}, id="a row is changed and given"),
    pytest.param(_GONE, {"one": 3}, id="a row is deleted"),
    pytest.param(_WORDS, {"most": 2}, id="it is written in SQL"),
]
SLOW = [
    pytest.param(_ADD, {"id": 9, "data": None, "at": None}, id="a default is made here"),
    pytest.param(_ADD_BACK, [{"id": 8, **_ROW}, {"id": 9, **_ROW}], id="rows are inserted and their keys given"),
    pytest.param(_IN, {"these": [1, 3]}, id="a list is filled in"),
]


@pytest.mark.parametrize(("statement", "parameters"), [*QUICK, *SLOW])
async def test_a_statement_gives_the_same_whichever_way_it_goes(store: Store, statement: Executable, parameters: Any) -> None:
    heard = list[str]()

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        heard.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)  # who listens is told: then all goes SQLAlchemy's way
    slow, _ = await executed(store, statement, parameters, 3)
    event.remove(store.engine, "before_cursor_execute", hear)
    assert sum("quick_thing" in one for one in heard) == 3
    again, _ = await executed(store, statement, parameters, 3)
    assert again == slow


@pytest.mark.parametrize(("statement", "parameters"), QUICK)
async def test_a_simple_statement_is_quick_from_its_second_time_on(store: Store, statement: Executable, parameters: Any) -> None:
    _, kind = await executed(store, statement, parameters, 2)
    assert kind in (Done, Found)


async def test_a_row_that_was_found_quickly_is_read_as_any(store: Store) -> None:
    def look(connection: Any) -> Any:
        connection.execute(_ONE, {"one": 1}).one()
        return connection.execute(_ONE, {"one": 1}).one()

    row = await store.read(look)
    assert (row.id, row.data, row.at, row[3], row._mapping["made"], row._asdict()["id"]) == (
        1,
        {"é": [1.0, None]},
        THEN,
        1,
        1,
        1,
    )
    counted = await store.read(lambda connection: [connection.execute(_SOME, {"these": [1, 2]}).scalars().all() for _ in range(2)])
    assert counted == [[1, 2], [1, 2]]


async def test_what_the_database_refuses_is_told_in_the_same_words(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
            await store.commit(lambda tx: tx.execute(_ADD, {"id": 1, **_ROW}))
        with pytest.raises(OperationalError, match="no such table"):
            await store.read(lambda connection: connection.execute(_NOWHERE))
        with pytest.raises(StatementError, match="A value is required"):
            await store.read(lambda connection: connection.execute(_ONE, {"other": 1}).all())
        with pytest.raises(StatementError, match="naive"):
            await store.commit(lambda tx: tx.execute(_ADD, {"id": 9, **_ROW, "at": datetime(2026, 1, 1)}))  # noqa: DTZ001  # the mistake
    assert await store.read(lambda connection: connection.execute(_SOME, {"these": [1, 9]}).scalars().all()) == [1]


_NOWHERE = text("select 1 from nowhere")
