"""Turns: of the processes that share a PostgreSQL one at a time acts, and nobody waits for one that is gone. SQLite is one process's."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, delete, insert, select

from hulk.kernel.errors import Unavailable
from hulk.runtime.store import Store, Turn
from support.patience import until_found
from support.stores import Another

todo = Table("test_todo", MetaData(), Column("id", Integer, primary_key=True))
KEY = 4711
only_postgresql = pytest.mark.parametrize("kind", ["postgresql"], indirect=True)


@pytest.fixture(autouse=True)
async def things(store: Store) -> None:
    """Three things to do."""
    todo.create(store.engine, checkfirst=True)
    await store.commit(*((lambda tx, n=n: tx.execute(insert(todo), {"id": n})) for n in range(3)))


def left(connection: Connection) -> list[int]:
    return list(connection.execute(select(todo.c.id).order_by(todo.c.id)).scalars())


def over(connection: Connection, done: Sequence[int]) -> None:
    connection.execute(delete(todo).where(todo.c.id.in_(done)))


class Acting:
    """Somebody who acts, as long as they are let; `done` is what they did."""

    def __init__(self, act: Callable[[], Awaitable[object]] | None = None) -> None:
        self.done: list[int] = []
        self.begun = asyncio.Event()
        self._act = act
        self.turn = Turn(KEY, left, self._acted, over)

    async def _acted(self, found: list[int]) -> None:
        self.begun.set()
        if self._act is not None:
            await self._act()
        self.done += found


async def test_what_was_read_is_acted_on_and_written_down(store: Store) -> None:
    one = Acting()
    assert await store.in_turn(one.turn) == [0, 1, 2]
    assert one.done == [0, 1, 2]
    assert await store.read(left) == []


async def test_nothing_is_done_when_there_is_nothing_to_do(store: Store) -> None:
    await store.commit(lambda tx: over(tx.connection, range(3)))
    one = Acting()
    assert await store.in_turn(one.turn) == []
    assert not one.begun.is_set()


async def test_of_what_failed_nothing_is_written_and_the_turn_is_free_again(store: Store) -> None:
    async def away() -> None:
        raise Unavailable("The bus is away.")

    with pytest.raises(Unavailable, match="The bus is away"):
        await store.in_turn(Acting(away).turn)
    assert await store.read(left) == [0, 1, 2]
    assert await store.in_turn(Acting().turn) == [0, 1, 2]


@only_postgresql
async def test_while_one_acts_another_does_not(store: Store, another: Another) -> None:
    let = asyncio.Event()
    one, two = Acting(let.wait), Acting()
    async with another() as other, asyncio.TaskGroup() as group:
        first = group.create_task(store.in_turn(one.turn))
        await one.begun.wait()
        assert await other.in_turn(two.turn) is None
        let.set()
        assert await first == [0, 1, 2]
        assert await other.in_turn(two.turn) == []
    assert (one.done, two.done) == ([0, 1, 2], [])


@only_postgresql
async def test_who_is_stopped_leaves_the_turn_to_another_at_once(store: Store, another: Another) -> None:
    one, two = Acting(asyncio.Event().wait), Acting()
    async with another() as other:
        async with asyncio.TaskGroup() as group:
            acting = group.create_task(store.in_turn(one.turn))
            await one.begun.wait()
            acting.cancel()
        assert await other.in_turn(two.turn) == [0, 1, 2]
    assert one.done == []


@only_postgresql
async def test_who_is_stopped_before_it_has_its_turn_leaves_it_too(store: Store) -> None:
    for _ in range(20):
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            acting = group.create_task(store.in_turn(Acting(asyncio.Event().wait).turn))
            await asyncio.sleep(0)
            acting.cancel()
    assert await store.in_turn(Acting().turn) == [0, 1, 2]


async def lost(turn: Awaitable[object]) -> bool:
    """Whether it ended because the database ended it."""
    try:
        await turn
    except Unavailable:
        return True
    return False


@only_postgresql
async def test_who_is_frozen_loses_its_turn_and_writes_nothing_down(store: Store, another: Another) -> None:
    thawed = asyncio.Event()
    one, two = Acting(thawed.wait), Acting()

    async def taken() -> bool:
        return bool(await other.in_turn(two.turn))

    async with another() as other, asyncio.TaskGroup() as group:
        late = group.create_task(lost(store.in_turn(one.turn)))
        await one.begun.wait()
        await until_found(taken)
        await store.commit(lambda tx: tx.execute(insert(todo), {"id": 0}))
        thawed.set()
        assert await late
    assert two.done == [0, 1, 2]
    assert await store.read(left) == [0]
