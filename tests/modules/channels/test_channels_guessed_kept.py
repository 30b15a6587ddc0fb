"""What every place for codes that were not right promises (`ports.Guessed`): in SQLite and in PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from hulk.kernel.durable import Change
from hulk.modules.channels.adapters.sql import SqlGuessed
from hulk.modules.channels.domain import Guesses
from hulk.modules.channels.ports import Guessed
from hulk.runtime.store import Store
from support.channels import NOW
from support.stores import Another


@pytest.fixture
def guessed() -> Guessed:
    """Guesses of each kind of store."""
    return SqlGuessed()


async def test_they_are_counted_by_channel_and_sender_until_they_are_forgotten(store: Store, guessed: Guessed) -> None:
    one, other, all_ = Guesses(3, NOW), Guesses(7, NOW + timedelta(hours=1)), Guesses(10, NOW)
    await store.commit(guessed.put("chat", "ana", Guesses(1, NOW)), guessed.put("chat", "ana", one))
    await store.commit(guessed.put("zap", "ana", other), guessed.put("chat", "", all_))
    asked = [guessed.of(*at) for at in (("chat", "ana"), ("zap", "ana"), ("chat", ""), ("chat", "bia"))]
    assert await store.commit(*asked) == [one, other, all_, None]
    await store.commit(guessed.forget("chat", "ana"), guessed.forget("chat", "bia"))
    assert await store.commit(*asked) == [None, other, all_, None]


async def test_of_many_at_once_in_two_processes_each_is_counted(store: Store, guessed: Guessed, another: Another) -> None:
    def one_more() -> Change[None]:
        of = guessed.of("chat", "ana")

        def change(tx: Any) -> None:
            before = of(tx)
            assert before is not None
            guessed.put("chat", "ana", before.one_more(NOW))(tx)

        return change

    await store.commit(guessed.put("chat", "ana", Guesses(1, NOW)))
    async with another() as there, asyncio.TaskGroup() as group:
        for at in [store, there] * 5:
            group.create_task(at.commit(one_more()))
    assert await store.commit(guessed.of("chat", "ana")) == [Guesses(11, NOW)]


async def test_the_oldest_are_removed_some_at_a_time(store: Store, guessed: Guessed) -> None:
    await store.commit(*(guessed.put("chat", str(hours), Guesses(1, NOW - timedelta(hours=hours))) for hours in range(5)))
    assert await store.commit(guessed.prune(NOW - timedelta(hours=1), 2), guessed.prune(NOW - timedelta(hours=1), 2)) == [2, 1]
    left = await store.commit(*(guessed.of("chat", str(hours)) for hours in range(5)))
    assert [one is not None for one in left] == [True, True, False, False, False]
