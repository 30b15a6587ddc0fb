"""What every place for conversations promises (`ports.Conversations`): in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hulk.kernel.errors import NotFound
from hulk.modules.channels.adapters.sql import SqlConversations
from hulk.modules.channels.domain import Conversation, Turn
from hulk.modules.channels.ports import Conversations
from hulk.runtime.store import Store
from support.channels import NOW
from support.stores import Another


@pytest.fixture
def conversations(store: Store) -> Conversations:
    """The conversations of each kind of store."""
    return SqlConversations(store)


def talk(name: str = "1", after: int = 0, **more: Any) -> Conversation:
    """A conversation in which somebody was heard so many minutes after `NOW`."""
    given = {
        "tenant": "default",
        "channel": "chat",
        "address": f"a{name}",
        "sender": "ana",
        "heard": NOW + timedelta(minutes=after),
        **more,
    }
    return Conversation(id=f"cnv_{name}", **given)


def turn(text: str, *, ours: bool = False) -> Turn:
    """Something that was said."""
    return Turn(text, ours=ours, at=NOW)


async def put(store: Store, conversations: Conversations, *all_: Conversation) -> None:
    await store.commit(*(conversations.put(one) for one in all_))


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(talk(), id="as most"),
        pytest.param(
            talk(group=True, language="pt", mode="person", by="person:bia", reply={"to": "+55", "at": [1, None]}, address="é/1 '; --"),
            id="with all there may be",
        ),
    ],
)
async def test_a_conversation_comes_back_as_it_was_kept(store: Store, conversations: Conversations, one: Conversation) -> None:
    await put(store, conversations, one)
    assert await conversations.get(one.id) == one
    assert await conversations.at("chat", one.address) == one
    assert await conversations.at("other", one.address) is None
    assert await conversations.at("chat", "nowhere") is None
    with pytest.raises(NotFound, match="cnv_404"):
        await conversations.get("cnv_404")


async def test_it_is_kept_as_it_is_now_but_for_who_answers_in_it(store: Store, conversations: Conversations) -> None:
    await put(store, conversations, talk())
    await store.commit(conversations.answered_by("cnv_1", "person", "person:bia"))
    now = talk(after=5, language="en", reply={"to": "x"}, group=True)
    await put(store, conversations, now)
    assert await conversations.get("cnv_1") == replace(now, mode="person", by="person:bia")


async def test_who_answers_changes_once_whoever_says_so_at_the_same_time(
    store: Store, conversations: Conversations, another: Another
) -> None:
    await put(store, conversations, talk())
    async with another() as there, asyncio.TaskGroup() as group:
        tries = [
            group.create_task(at.commit(SqlConversations(at).answered_by("cnv_1", "person", "person:bia"))) for at in [store, there] * 3
        ]
    assert sorted(task.result()[0] for task in tries) == [False] * 5 + [True]
    said = [conversations.answered_by("cnv_1", "person", who) for who in ("person:bia", "person:caio")]
    back = [conversations.answered_by(id_, "hulk", "") for id_ in ("cnv_1", "cnv_1", "cnv_none")]
    assert await store.commit(*said, *back) == [False, True, True, False, False]
    assert await conversations.get("cnv_1") == talk()


async def test_those_with_somebody_alone_are_found_the_last_first(store: Store, conversations: Conversations) -> None:
    first, last = talk("1", 1), talk("2", 2)
    others = [talk("3", group=True), talk("4", sender="bia"), talk("5", channel="other")]
    await put(store, conversations, first, last, *others)
    assert await conversations.of_sender("chat", "ana") == [last, first]
    assert await conversations.of_sender("chat", "nobody") == []


async def test_those_of_a_tenant_come_last_heard_first(store: Store, conversations: Conversations) -> None:
    old, handed, new = talk("1", 1), talk("2", 2, mode="person", by="person:bia"), talk("3", 3)
    await put(store, conversations, old, handed, new, talk("4", 9, tenant="acme", channel="theirs"))
    assert await conversations.recent("default", None, 10) == [new, handed, old]
    assert await conversations.recent("default", None, 1) == [new]
    assert await conversations.recent("default", "person", 10) == [handed]
    assert await conversations.recent("default", "hulk", 10) == [new, old]


async def test_the_newest_turns_are_told_oldest_first_each_once(store: Store, conversations: Conversations) -> None:
    said = [turn("Oi"), turn("Olá 👋", ours=True), turn("Quantos pedidos?")]
    await store.commit(*(conversations.said("cnv_1", one, f"t{place}") for place, one in enumerate(said)))
    await store.commit(conversations.said("cnv_1", turn("again"), "t0"), conversations.said("cnv_2", turn("elsewhere"), "t0"))
    assert await conversations.turns("cnv_1", 10) == said
    assert await conversations.turns("cnv_1", 2) == said[1:]
    assert await conversations.turns("cnv_none", 2) == []


async def test_what_was_said_is_something_else_or_nothing_from_now_on(store: Store, conversations: Conversations) -> None:
    for place, text in enumerate(["one", "two", "three"]):
        await store.commit(conversations.said("cnv_1", turn(text), f"t{place}"))
    await store.commit(conversations.said("cnv_2", turn("elsewhere"), "t0"))
    await store.commit(
        conversations.edited("cnv_1", "t0", "ONE"), conversations.edited("cnv_1", "t1", None), conversations.edited("cnv_1", "t9", "x")
    )
    assert [one.text for one in await conversations.turns("cnv_1", 10)] == ["ONE", "three"]
    assert [one.text for one in await conversations.turns("cnv_2", 10)] == ["elsewhere"]


async def test_all_that_was_said_in_one_is_forgotten_and_in_no_other(store: Store, conversations: Conversations) -> None:
    await put(store, conversations, talk())
    changes = [conversations.said(where, turn("x"), f"t{place}") for where in ("cnv_1", "cnv_2") for place in range(3)]
    await store.commit(*changes)
    assert await store.commit(conversations.forget("cnv_1"), conversations.forget("cnv_1")) == [3, 0]
    assert await conversations.turns("cnv_1", 10) == []
    assert len(await conversations.turns("cnv_2", 10)) == 3
    assert await conversations.get("cnv_1") == talk()


async def test_how_far_each_channel_was_heard_is_what_was_said_last(store: Store, conversations: Conversations) -> None:
    assert await conversations.marked("chat") == ""
    long = '{"at": 1, "seen": "é"}' * 500
    await store.commit(conversations.mark("chat", "1"), conversations.mark("other", "7"), conversations.mark("chat", long))
    assert (await conversations.marked("chat"), await conversations.marked("other")) == (long, "7")
