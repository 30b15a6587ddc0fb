"""What is asked of the store again and again reads what waits, however much was sent and came in before."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from hulk.modules.channels.adapters.sql import SqlInbox, SqlOutbox
from hulk.runtime.store import Store
from support.channels import NOW, going
from support.postgres import Postgres
from support.stores import a_store


@pytest.fixture
async def store(tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    """SQLite, which plans a statement by its words; PostgreSQL knows how many rows there are of what."""
    async with a_store("sqlite", tmp_path, postgres) as made:
        yield made


@contextmanager
def planned(store: Store) -> Iterator[list[str]]:
    """How the store goes about what is asked of it: a line for each table of a statement."""
    found = list[str]()

    def hear(connection: Any, _: Any, statement: str, parameters: Any, *__: Any) -> None:
        if "channel_" in statement:
            rows = connection.connection.driver_connection.execute(f"explain query plan {statement}", parameters)
            found.extend(row[3] for row in rows if row[3].startswith(("SCAN", "SEARCH")))

    event.listen(store.engine, "before_cursor_execute", hear)
    yield found
    event.remove(store.engine, "before_cursor_execute", hear)


async def test_who_sends_reads_only_what_is_not_sent_yet(store: Store) -> None:
    outbox, message = SqlOutbox(store), going()
    with planned(store) as plans:
        await outbox.due("chat", NOW, 9)
        await outbox.left("chat", NOW, 9)
        await outbox.waiting("chat", "a", 9)
        await outbox.next_due("chat")
        await store.commit(outbox.abandon("chat", "me", NOW), outbox.settle(message, "me"))
    few = ("channel_message_open", "channel_message_unsent", "id=?")
    assert [one for one in plans if not any(index in one for index in few)] == []
    assert len(plans) == 8


async def test_who_shows_work_reads_only_what_came_since(store: Store) -> None:
    with planned(store) as plans:
        await SqlInbox(store).unanswered("chat", NOW - timedelta(minutes=10), 9)
    assert ["channel_arrival_done (received>?)" in plans[0], "channel_message_intent (intent=?)" in plans[1]] == [True, True]
