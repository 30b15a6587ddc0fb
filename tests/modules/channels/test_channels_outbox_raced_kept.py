"""What every outbox promises when several processes are at it at once (`ports.Outbox`): in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hulk.modules.channels.adapters.sql import SqlOutbox
from hulk.modules.channels.domain import HELD
from hulk.modules.channels.ports import Outbox
from hulk.runtime.store import Store
from support.channels import NOW, going
from support.outboxes import added, brought
from support.stores import Another

SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of each kind of store."""
    return SqlOutbox(store)


async def test_of_many_that_race_for_a_message_one_has_it(store: Store, outbox: Outbox, another: Another) -> None:
    message = going()
    await added(store, outbox, message)
    async with another() as there:
        async with asyncio.TaskGroup() as group:
            tries = {
                f"holder {place}": group.create_task(one.commit(SqlOutbox(one).claim(message.id, f"holder {place}", SOON)))
                for place, one in enumerate([store, there] * 4)
            }
        won = [name for name, task in tries.items() if task.result() == [True]]
        assert len(won) == 1
        for name in tries:
            settled = await there.commit(SqlOutbox(there).settle(replace(message, state="sent", ended=NOW), name))
            assert settled == [name == won[0]]
    assert (await outbox.get(message.id)).attempts == 1


async def test_of_many_that_adopt_one_that_is_left_one_has_it(store: Store, outbox: Outbox, another: Another) -> None:
    message, past = going(), SOON + timedelta(seconds=1)
    await added(store, outbox, message)
    await store.commit(outbox.claim(message.id, "one", SOON))
    async with another() as there, asyncio.TaskGroup() as group:
        tries = {
            f"holder {place}": group.create_task(at.commit(SqlOutbox(at).adopt(message.id, f"holder {place}", past, past + HELD)))
            for place, at in enumerate([store, there] * 4)
        }
    [new] = [name for name, task in tries.items() if task.result() == [True]]
    sent = replace(message, state="sent", ended=NOW)
    settled = await store.commit(*(outbox.settle(sent, who) for who in ("one", *(name for name in tries if name != new), new)))
    assert settled == [False] * 8 + [True]


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param({"state": "unknown"}, id="in another state"),
        pytest.param({"attempts": 2}, id="tried another time"),
        pytest.param({"created": SOON}, id="made again"),
        pytest.param({"due": SOON}, id="due at another time"),
        pytest.param({"ended": SOON}, id="ended at another time"),
        pytest.param({"ended": None}, id="not ended"),
        pytest.param({"sent_id": "v2"}, id="called something else"),
    ],
)
async def test_nothing_is_put_in_place_of_one_that_is_not_as_it_was_seen(store: Store, outbox: Outbox, seen: dict[str, Any]) -> None:
    failed = await brought(store, outbox, going(), "failed", problem={"code": "refused"}, sent_id="v1")
    now = await outbox.get(failed.id)
    assert await store.commit(outbox.swap(replace(now, **seen), replace(now, state="waiting", text="Outro"))) == [False]
    assert await outbox.get(failed.id) == now


async def test_of_many_people_who_decide_on_one_message_at_once_one_does(store: Store, outbox: Outbox, another: Another) -> None:
    before = await outbox.get((await brought(store, outbox, going(), "unknown")).id)
    waits, gone = replace(before, state="waiting", ended=None, attempts=0), replace(before, state="withdrawn", ended=LATER)
    wanted = [waits, gone] * 3
    async with another() as there, asyncio.TaskGroup() as group:
        tries = [
            group.create_task(at.commit(SqlOutbox(at).swap(before, after)))
            for at, after in zip([store, there, there] * 2, wanted, strict=True)
        ]
    assert sorted(task.result()[0] for task in tries) == [False] * 5 + [True]
    assert await outbox.get(before.id) == next(after for after, task in zip(wanted, tries, strict=True) if task.result() == [True])
