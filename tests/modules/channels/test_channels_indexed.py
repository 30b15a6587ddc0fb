"""What is asked of the store often, or of much, goes by an index, in SQLite and in PostgreSQL."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlGuessed, SqlInbox, SqlOutbox
from hulk.modules.channels.domain import Guesses, Turn
from hulk.modules.channels.ports import Kept
from hulk.runtime.store import Store
from support.channels import NOW, going, wrote

MANY = 300
Asks = Callable[[Store], Awaitable[object]]


@contextmanager
def asked(store: Store) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the store meanwhile."""
    found = list[tuple[str, Any]]()

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if "channel_" in statement:
            found.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", hear)
    yield found
    event.remove(store.engine, "before_cursor_execute", hear)


async def plan(store: Store, ask: Asks) -> str:
    """How the store goes about what is asked of it."""
    with asked(store) as statements:
        await ask(store)
    how = "explain query plan " if store.dialect == "sqlite" else "explain "

    def explained(connection: Any) -> str:
        rows = [row for statement, values in statements for row in connection.exec_driver_sql(how + statement, values)]
        return "\n".join(str(row[-1]) for row in rows)

    return await store.read(explained)


LONG_AGO = NOW - timedelta(days=31)


async def filled(store: Store) -> None:
    """Much of a busy channel's, little of a quiet one's; all of it new."""
    inbox, outbox, conversations, guessed = SqlInbox(store), SqlOutbox(store), SqlConversations(store), SqlGuessed()
    for place in range(MANY):
        channel = "quiet" if place == 0 else "busy"
        kept = Kept(id=f"arr_{place}", tenant="default", channel=channel, arrival=wrote(key=str(place)), received=NOW)
        sent = replace(going(name=str(place), channel=channel), state="sent", ended=NOW)
        await store.commit(
            inbox.take(kept), inbox.done(kept.id, "asked"), outbox.add(sent),
            conversations.said("cnv_1", Turn("Oi", ours=False, at=NOW), str(place)), guessed.put(channel, str(place), Guesses(1, NOW)),
            SqlContacts(store).invite("default", f"{place:064}", "usr_1", NOW),
        )  # fmt: skip
    if store.dialect == "postgresql":
        await store.commit(lambda tx: tx.connection.exec_driver_sql("analyze"))


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        pytest.param(lambda store: store.commit(SqlInbox(store).prune(LONG_AGO, 5)), "channel_arrival_done", id="pruning arrivals"),
        pytest.param(lambda store: store.commit(SqlOutbox(store).prune(LONG_AGO, 5)), "channel_message_ended", id="pruning messages"),
        pytest.param(lambda store: store.commit(SqlConversations(store).prune(LONG_AGO, 5)), "channel_turn_at", id="pruning turns"),
        pytest.param(lambda store: store.commit(SqlContacts(store).prune_codes(LONG_AGO, 5)), "channel_code_until", id="pruning codes"),
        pytest.param(lambda store: store.commit(SqlGuessed().prune(LONG_AGO, 5)), "channel_guess_at", id="pruning guesses"),
        pytest.param(lambda store: SqlInbox(store).recent("default", "quiet", 1), "channel_arrival_channel", id="the last arrival"),
        pytest.param(lambda store: SqlInbox(store).recent("default", None, 1, among=["quiet"]), "channel_arrival_channel", id="by rights"),
        pytest.param(lambda store: SqlOutbox(store).recent("default", "quiet", (), 1), "channel_message_channel", id="the last message"),
        pytest.param(lambda store: SqlOutbox(store).due("busy", NOW, 5), "channel_message_unsent", id="what is due"),
        pytest.param(lambda store: SqlOutbox(store).due("busy", NOW, 5), "channel_message_open", id="what is first of its address"),
        pytest.param(lambda store: SqlOutbox(store).left("busy", NOW, 5), "channel_message_unsent", id="what was left"),
        pytest.param(lambda store: SqlOutbox(store).next_due("busy"), "channel_message_unsent", id="when the next is due"),
        pytest.param(lambda store: SqlOutbox(store).counts("busy"), "channel_message_unsent", id="how many wait"),
        pytest.param(lambda store: SqlOutbox(store).shown("busy", 5), "channel_message_unsent", id="what stands"),
        pytest.param(lambda store: SqlOutbox(store).waiting("busy", "a", 5), "channel_message_open", id="what waits at an address"),
        pytest.param(lambda store: SqlInbox(store).unanswered("busy", LONG_AGO, 5), "channel_arrival_done", id="who waits"),
    ],
)
async def test_it_goes_by_an_index(store: Store, ask: Asks, index: str) -> None:
    await filled(store)
    found = await plan(store, ask)
    also = store.dialect == "postgresql" and "Seq Scan" not in found  # which of several is best it may know better
    assert index in found or also, found
