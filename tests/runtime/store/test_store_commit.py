"""Group commit: many writers, one transaction, nobody pays for another's mistake. On both databases."""

import asyncio
import json
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError

from hulk.kernel.errors import Exhausted, Refused, Unavailable
from hulk.kernel.time import utc_now
from hulk.runtime.store import Document, Moment, Store, Transaction
from support.stores import Another

note = Table(
    "test_note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", String(100), nullable=False),
    Column("data", Document),
    Column("moment", Moment),
)


@pytest.fixture(autouse=True)
def table(store: Store) -> None:
    """A table to write to."""
    note.create(store.engine, checkfirst=True)


def written(number: int, text: str = "") -> Callable[[Transaction], int]:
    def change(tx: Transaction) -> int:
        tx.execute(insert(note), {"id": number, "text": text})
        return number

    return change


async def numbers(store: Store) -> list[int]:
    return await store.read(lambda connection: list(connection.execute(select(note.c.id).order_by(note.c.id)).scalars()))


async def outcomes(*waiting: Any) -> list[Any]:
    """What each gave or raised."""

    async def outcome(one: Any) -> Any:
        try:
            return await one
        except (Refused, Unavailable, SQLAlchemyError, RuntimeError, ValueError) as error:
            return error

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(outcome(one)) for one in waiting]
    return [task.result() for task in tasks]


async def test_a_thousand_commits_at_once_are_all_there_and_each_gets_its_own_results(store: Store) -> None:
    got = await outcomes(*(store.commit(written(number), written(number + 10_000)) for number in range(1000)))
    assert got == [[number, number + 10_000] for number in range(1000)]
    assert len(await numbers(store)) == 2000


async def test_the_changes_of_a_commit_are_all_written_or_none(store: Store) -> None:
    def refuse(_: Transaction) -> None:
        raise Refused("no")

    got = await outcomes(store.commit(written(1), refuse, written(2)), store.commit(written(3)))
    assert isinstance(got[0], Refused)
    assert await numbers(store) == [3]


def _refused(_: Transaction) -> None:
    raise Refused("not this one")


def _exhausted(_: Transaction) -> None:
    raise Exhausted("the budget is used up")


def _broken(_: Transaction) -> None:
    raise RuntimeError("a bug")


def _unknown_table(tx: Transaction) -> None:
    tx.execute(select(Table("no_such_table", MetaData(), Column("x", Integer))))


def _nan(tx: Transaction) -> None:
    tx.execute(insert(note), {"id": 9999, "text": "", "data": {"x": math.nan}})


@pytest.mark.parametrize(
    ("mistake", "error"),
    [
        pytest.param(_refused, Refused, id="refused by a rule"),
        pytest.param(_exhausted, Exhausted, id="unavailable by a rule, not by the database"),
        pytest.param(_broken, RuntimeError, id="a bug"),
        pytest.param(written(0), IntegrityError, id="a key that is there"),
        pytest.param(_unknown_table, SQLAlchemyError, id="a wrong statement"),
        pytest.param(_nan, (StatementError, ValueError), id="not a number"),
    ],
)
async def test_a_failing_change_harms_nobody_who_commits_beside_it(
    store: Store, mistake: Callable[[Transaction], Any], error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    await store.commit(written(0))
    waiting = [store.commit(mistake) if number % 10 == 5 else store.commit(written(number)) for number in range(1, 101)]
    got = await outcomes(*waiting)
    assert all(isinstance(one, error) for one in got[4::10])
    assert await numbers(store) == [number for number in range(101) if number % 10 != 5]


async def test_a_wrong_statement_is_not_told_as_the_database_being_away(store: Store) -> None:
    (error,) = await outcomes(store.commit(_unknown_table))
    assert not isinstance(error, Unavailable)


async def test_what_is_to_be_done_after_a_commit_is_done_in_order_on_the_loop_once_the_rows_are_there(store: Store) -> None:
    loop, seen = asyncio.get_running_loop(), list[int]()

    def noted(number: int) -> None:
        assert asyncio.get_running_loop() is loop
        seen.append(number)

    def noting(number: int) -> Callable[[Transaction], None]:
        def change(tx: Transaction) -> None:
            written(number)(tx)
            tx.after(lambda: noted(number))

        return change

    def undone(tx: Transaction) -> None:
        tx.after(lambda: seen.append(-1))
        raise Refused("no")

    await outcomes(*(store.commit(undone) if number == 50 else store.commit(noting(number)) for number in range(100)))
    assert seen == [number for number in range(100) if number != 50]


async def test_who_stops_waiting_does_not_stop_the_store_nor_what_follows_the_commit(store: Store) -> None:
    done = asyncio.Event()

    def change(tx: Transaction) -> None:
        written(1)(tx)
        tx.after(done.set)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(store.commit(change))
        await asyncio.sleep(0)
        task.cancel()
    async with asyncio.timeout(5):
        await done.wait()
    await store.commit(written(2))
    assert await numbers(store) == [1, 2]


async def test_an_error_in_what_follows_a_commit_is_reported_and_harms_nobody(store: Store) -> None:
    reported = list[Any]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def change(tx: Transaction) -> None:
        written(1)(tx)
        tx.after(lambda: [].pop())

    await outcomes(store.commit(change), store.commit(written(2)))
    assert await numbers(store) == [1, 2]
    assert [type(one) for one in reported] == [IndexError]


async def test_what_changes_share_is_made_once_per_database_transaction_and_anew_when_one_is_tried_again(store: Store) -> None:
    made, closed = list[list[int]](), list[list[int]]()

    def make() -> list[int]:
        made.append([])
        return made[-1]

    def shared(number: int) -> Callable[[Transaction], None]:
        def change(tx: Transaction) -> None:
            tx.once("shared", make, lambda one: closed.append(list(one))).append(number)
            if number == 25:
                raise Refused("no")

        return change

    release = asyncio.Event()

    def slow(tx: Transaction) -> None:
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        group.create_task(store.commit(slow))
        await asyncio.sleep(0.05)  # the writer is busy, so that all that follows gathers behind it
        rest = group.create_task(outcomes(*(store.commit(shared(number)) for number in range(50))))
        await asyncio.sleep(0.05)
        release.set()
    assert isinstance(rest.result()[25], Refused)
    assert closed == [[number for number in range(50) if number != 25]]
    assert len(made) == 2


async def test_reads_go_on_beside_a_long_write_and_see_only_what_is_committed(store: Store) -> None:
    loop, release, begun = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def slow(tx: Transaction) -> None:
        written(1)(tx)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(store.commit(slow))
        await begun.wait()
        async with asyncio.timeout(2):
            assert [await numbers(store) for _ in range(10)] == [[]] * 10
        release.set()
        await writing
    assert await numbers(store) == [1]


async def test_closing_commits_what_waits_and_refuses_what_comes_later(store: Store, another: Another) -> None:
    async with another() as other, asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(other.commit(written(number)))
        await asyncio.sleep(0)
    assert len(await numbers(store)) == 300
    with pytest.raises(Unavailable, match="closed"):
        await other.commit(written(1000))


async def test_two_processes_writing_the_same_rows_in_opposite_order_both_get_through(store: Store, another: Another) -> None:
    await store.commit(*(written(number) for number in range(20)))

    def touched(rows: list[int]) -> Callable[[Transaction], None]:
        def change(tx: Transaction) -> None:
            for row in rows:
                tx.execute(note.update().where(note.c.id == row).values(text=f"{random.random()}"))

        return change

    async with another() as other:
        there, back = list(range(20)), list(reversed(range(20)))
        got = await outcomes(*(one.commit(touched(rows)) for _ in range(60) for one, rows in ((store, there), (other, back))))
    assert got == [[None]] * 120


@pytest.mark.parametrize("kind", ["postgresql"], indirect=True)
@pytest.mark.parametrize("last", [1, 3], ids=["one", "many"])
async def test_a_process_frozen_in_a_transaction_does_not_hold_its_rows_for_ever(store: Store, another: Another, last: int) -> None:
    await store.commit(written(1))
    loop, thawed, frozen = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()

    def marked(text: str) -> Callable[[Transaction], int]:
        return lambda tx: tx.execute(note.update().where(note.c.id == 1).values(text=text)).rowcount

    def freezing(tx: Transaction) -> int:
        marked("the frozen one's")(tx)
        tx.insert_all_new(note, [{"id": 10 + number, "text": "too"} for number in range(last)])
        loop.call_soon_threadsafe(frozen.set)
        asyncio.run_coroutine_threadsafe(thawed.wait(), loop).result()
        return marked("the frozen one's, tried again")(tx)

    async with another() as other, asyncio.TaskGroup() as group:
        late = group.create_task(other.commit(freezing))
        await frozen.wait()
        async with asyncio.timeout(6):
            await store.commit(marked("the other's"))
        thawed.set()
        assert await late == [1]
    text = await store.read(lambda connection: connection.execute(select(note.c.text).where(note.c.id == 1)).scalar_one())
    assert text == "the frozen one's, tried again"


async def test_a_row_with_a_key_that_is_there_is_not_inserted_again(store: Store) -> None:
    row = {"id": 1, "text": "first"}
    assert await store.commit(lambda tx: tx.insert_new(note, row), lambda tx: tx.insert_new(note, row | {"text": "second"})) == [
        True,
        False,
    ]


async def test_a_row_that_is_put_takes_the_place_of_the_one_with_its_key(store: Store) -> None:
    await store.commit(lambda tx: tx.put(note, {"id": 1, "text": "first"}), lambda tx: tx.put(note, {"id": 1, "text": "second"}))
    assert await store.read(lambda connection: connection.execute(select(note.c.id, note.c.text)).all()) == [(1, "second")]


async def test_of_a_row_that_is_put_some_columns_stay_as_they_are_there(store: Store) -> None:
    await store.commit(lambda tx: tx.put(note, {"id": 1, "text": "first"}, stays=["text"]))
    await store.commit(lambda tx: tx.put(note, {"id": 1, "text": "second"}, stays=["text"]))
    assert await store.read(lambda connection: connection.execute(select(note.c.id, note.c.text)).all()) == [(1, "first")]


@pytest.mark.parametrize(
    ("ids", "all_new"),
    [
        pytest.param([], True, id="none"),
        pytest.param([2, 3], True, id="new ones"),
        pytest.param([1, 2], False, id="one that is there"),
        pytest.param([2, 2], False, id="the same twice"),
    ],
)
async def test_of_many_rows_those_with_new_keys_are_inserted(store: Store, ids: list[int], all_new: bool) -> None:
    await store.commit(written(1, "first"))
    rows = [{"id": one, "text": "second"} for one in ids]
    assert await store.commit(lambda tx: tx.insert_all_new(note, rows)) == [all_new]
    texts = await store.read(lambda connection: dict(connection.execute(select(note.c.id, note.c.text)).all()))
    assert texts == dict.fromkeys(ids, "second") | {1: "first"}


def at_end(number: int, text: str | None) -> Callable[[Transaction], None]:
    return lambda tx: tx.insert_at_end(note, {"id": number, "text": text})


async def test_rows_for_the_end_are_inserted_with_all_that_commits_then_and_what_is_there_stays(store: Store) -> None:
    await store.commit(written(1, "first"))
    await store.commit(*(at_end(number, "second") for number in (1, 2, 3)))
    await outcomes(*(store.commit(at_end(number, "alone")) for number in range(10, 40)))
    texts = await store.read(lambda connection: dict(connection.execute(select(note.c.id, note.c.text)).all()))
    assert texts == {1: "first", 2: "second", 3: "second"} | dict.fromkeys(range(10, 40), "alone")


async def test_a_row_for_the_end_that_cannot_be_kept_is_its_own_groups_fault(store: Store) -> None:
    found = await outcomes(*(store.commit(at_end(number, None if number % 10 == 0 else "kept")) for number in range(1, 41)))
    assert [number for number, one in enumerate(found, 1) if one != [None]] == [10, 20, 30, 40]
    assert await numbers(store) == [number for number in range(1, 41) if number % 10]


MOMENTS = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=st.timezones())  # noqa: DTZ001  # hypothesis adds zones
LETTERS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | LETTERS, lambda inner: st.lists(inner) | st.dictionaries(LETTERS, inner), max_leaves=10
)


@settings(max_examples=40)
@given(moment=MOMENTS, data=DOCUMENTS)
async def test_moments_and_documents_come_back_as_they_were(store: Store, moment: datetime, data: Any) -> None:
    await store.commit(
        lambda tx: tx.execute(delete(note)).rowcount,
        lambda tx: tx.execute(insert(note), {"id": 1, "text": "", "data": data, "moment": moment}),
    )
    found = await store.read(lambda connection: connection.execute(select(note)).one())
    assert found.moment == moment.astimezone(UTC)
    assert found.moment.tzinfo is UTC
    assert json.dumps(found.data) == json.dumps(data)  # to the letter: 1.0 is not 1, and -0.0 not 0.0


@settings(max_examples=25)
@given(moments=st.lists(MOMENTS, min_size=2, max_size=8, unique=True))
async def test_moments_sort_by_time(store: Store, moments: list[datetime]) -> None:
    rows = [{"id": number, "text": "", "moment": moment} for number, moment in enumerate(moments)]
    await store.commit(lambda tx: tx.execute(delete(note)).rowcount, lambda tx: tx.execute(insert(note), rows).rowcount)
    found = await store.read(lambda connection: list(connection.execute(select(note.c.moment).order_by(note.c.moment)).scalars()))
    assert found == sorted(moment.astimezone(UTC) for moment in moments)  # in one zone Python compares what the clock on the wall says


async def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = utc_now().replace(tzinfo=None)
    with pytest.raises(StatementError, match="naive"):
        await store.commit(lambda tx: tx.execute(insert(note), {"id": 1, "text": "", "moment": naive}))
    assert await store.read(lambda connection: connection.execute(select(func.count()).select_from(note)).scalar_one()) == 0
