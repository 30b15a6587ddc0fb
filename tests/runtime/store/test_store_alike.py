"""Changes and questions that are alike and come together cost one statement, and nobody can tell but by the time. On both databases."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from hulk.kernel.errors import Refused, Unavailable
from hulk.runtime.store import Alike, Store, Transaction, among

coin = Table("test_coin", MetaData(), Column("id", String(20), primary_key=True), Column("value", Integer, nullable=False))
TAKE = update(coin).where(coin.c.value > 0).values(value=coin.c.value - 1)
WRITTEN: list[int] = []
"""How many were written at once, each time."""


@pytest.fixture(autouse=True)
def table(store: Store) -> None:
    """No coins yet."""
    coin.create(store.engine, checkfirst=True)
    WRITTEN.clear()


async def minted(store: Store, *ids: int) -> None:
    await store.commit(lambda tx: tx.execute(insert(coin), [{"id": f"coin_{one:02}", "value": 1} for one in ids]).rowcount)


def take(tx: Transaction, ids: Sequence[str]) -> bool:
    WRITTEN.append(len(ids))
    return tx.each(TAKE.where(coin.c.id == bindparam("at")), [{"at": one} for one in ids]) == len(ids)


def mint(tx: Transaction, ids: Sequence[str]) -> bool:
    WRITTEN.append(len(ids))
    tx.insert_all(coin, [{"id": one, "value": 1} for one in ids])
    return True


def said(_: Transaction, one: str) -> str:
    return one


def taking(number: int, then: Callable[[Transaction, str], str] = said) -> Alike[str, str | None]:
    return Alike(f"coin_{number:02}", take, then, None)


def minting(number: int) -> Alike[str, str | None]:
    return Alike(f"coin_{number:02}", mint, said, None)


async def values(store: Store) -> dict[str, int]:
    return await store.read(lambda connection: {row.id: row.value for row in connection.execute(select(coin).order_by(coin.c.id))})


@asynccontextmanager
async def gathering(store: Store) -> AsyncIterator[asyncio.TaskGroup]:
    """What is committed inside waits together."""
    loop, release, begun = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def slow(_: Transaction) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    async with asyncio.TaskGroup() as group:
        group.create_task(store.commit(slow))
        await begun.wait()
        yield group
        await asyncio.sleep(0.02)
        release.set()


async def outcome(waiting: Any) -> Any:
    try:
        return await waiting
    except (Refused, IntegrityError) as error:
        return type(error)


async def test_changes_of_a_kind_that_wait_together_are_written_at_once_and_each_gets_its_own_result(store: Store) -> None:
    await minted(store, *range(50))
    async with gathering(store) as group:
        told = [group.create_task(store.commit(taking(number))) for number in range(50)]
    assert [task.result() for task in told] == [[f"coin_{number:02}"] for number in range(50)]
    assert WRITTEN == [50]
    assert set((await values(store)).values()) == {0}


async def test_a_change_that_goes_otherwise_is_told_so_and_the_others_are_written(store: Store) -> None:
    await minted(store, *range(10))
    async with gathering(store) as group:
        told = [group.create_task(store.commit(taking(number))) for number in (0, 1, 99, 2, 1)]
    assert [task.result() for task in told] == [["coin_00"], ["coin_01"], [None], ["coin_02"], [None]]
    assert [one for one, value in (await values(store)).items() if value == 0] == ["coin_00", "coin_01", "coin_02"]


async def test_a_change_that_cannot_be_written_harms_none_of_its_kind(store: Store) -> None:
    await minted(store, 3)
    async with gathering(store) as group:
        told = [group.create_task(outcome(store.commit(minting(number)))) for number in range(6)]
    assert [task.result() for task in told] == [[f"coin_{number:02}"] if number != 3 else IntegrityError for number in range(6)]
    assert len(await values(store)) == 6


async def test_what_follows_of_one_and_fails_undoes_that_one_only(store: Store) -> None:
    def refuse(_: Transaction, __: str) -> str:
        raise Refused("no")

    await minted(store, *range(6))
    async with gathering(store) as group:
        told = [group.create_task(outcome(store.commit(taking(number, refuse if number == 2 else said)))) for number in range(6)]
    assert [task.result() for task in told] == [[f"coin_{number:02}"] if number != 2 else Refused for number in range(6)]
    assert [one for one, value in (await values(store)).items() if value] == ["coin_02"]


async def test_a_change_among_others_of_its_commit_keeps_its_place(store: Store) -> None:
    async with gathering(store) as group:
        told = group.create_task(store.commit(minting(1), taking(1), taking(1)))
        group.create_task(store.commit(minting(2)))
    assert told.result() == ["coin_01", "coin_01", None]
    assert await values(store) == {"coin_01": 0, "coin_02": 1}


def coins(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    WRITTEN.append(len(ids))
    return {row.id: row.value for row in connection.execute(select(coin).where(among(coin.c.id, "ids")), {"ids": ids})}


async def test_who_asks_together_is_answered_by_few_queries_each_with_his_own(store: Store) -> None:
    await minted(store, *range(50))
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(store.look_up(coins, f"coin_{number:02}")) for number in range(60)]
    assert [task.result() for task in asked] == [1] * 50 + [None] * 10
    assert len(WRITTEN) < 10
    assert await store.look_up(coins, "coin_07") == 1


@pytest.mark.parametrize("bad", ["half of a pair: \ud800", "NUL: \0"])
async def test_a_text_that_no_database_takes_is_refused_and_none_who_asked_with_it(bad: str, store: Store) -> None:
    await minted(store, 1, 2)
    kept = store.dialect == "sqlite" and "\0" in bad
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(outcome(store.look_up(coins, one))) for one in ("coin_00", "coin_01", bad, "coin_02")]
    assert [task.result() for task in asked] == [None, 1, None if kept else Refused, 1]
    for act in (store.read(lambda connection: coins(connection, [bad])), store.commit(lambda tx: tx.execute(insert(coin), {"id": bad}))):
        assert (await outcome(act) is Refused) is not kept


def broken(_: Connection, __: Sequence[str]) -> dict[str, int]:
    raise Unavailable("not now")


async def test_a_query_that_fails_is_told_to_all_who_asked_and_the_next_is_asked_anew(store: Store) -> None:
    for _ in range(2):
        with pytest.raises(Unavailable, match="not now"):
            await store.look_up(broken, "coin_01")


async def test_who_stops_asking_harms_nobody(store: Store) -> None:
    await minted(store, 1)
    async with asyncio.TaskGroup() as group:
        gone, stays = (group.create_task(store.look_up(coins, "coin_01")) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
    assert stays.result() == 1
