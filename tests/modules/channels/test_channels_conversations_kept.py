"""What every place for conversations promises (`ports.Conversations`): in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hulk.kernel.errors import NotFound
from hulk.modules.channels.adapters.sql import SqlConversations
from hulk.modules.channels.domain import Conversation, Ended, Turn
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


async def test_those_heard_before_a_moment_are_told_page_by_page(store: Store, conversations: Conversations) -> None:
    all_ = [talk(str(after), after, mode="person" if after % 2 else "hulk") for after in range(6)]
    await put(store, conversations, *all_, talk("theirs", tenant="acme", channel="theirs"))
    assert await conversations.recent("default", None, 2, all_[4].heard) == [all_[3], all_[2]]
    assert await conversations.recent("default", None, 9, all_[2].heard) == [all_[1], all_[0]]
    assert await conversations.recent("default", "person", 9, all_[5].heard) == [all_[3], all_[1]]
    assert await conversations.recent("default", None, 9, NOW) == []


@pytest.mark.parametrize("size", [1, 2, 3, 9])
async def test_page_by_page_all_are_told_once_also_those_of_the_same_moment(store: Store, conversations: Conversations, size: int) -> None:
    all_ = [talk(str(at), at // 4, mode="person" if at % 3 else "hulk") for at in range(9)]
    await put(store, conversations, *all_, talk("theirs", tenant="acme", channel="theirs"))
    told, page = list[Conversation](), await conversations.recent("default", None, size)
    while page:
        told += page
        page = await conversations.recent("default", None, size, after=Ended.read(page[-1].ended.written()))
    assert told == await conversations.recent("default", None, 99)
    assert {one.id for one in told} == {one.id for one in all_}
    assert await conversations.recent("default", "hulk", 9, after=all_[0].ended) == [all_[3]]


async def test_of_all_only_those_of_the_channels_that_may_be_seen_are_told(store: Store, conversations: Conversations) -> None:
    all_ = [talk(str(after), after, channel=("chat", "other", "third")[after % 3]) for after in range(6)]
    await put(store, conversations, *all_, talk("theirs", tenant="acme"))
    two = frozenset({"chat", "other"})
    assert await conversations.recent("default", None, 9, among=two) == [all_[place] for place in (4, 3, 1, 0)]
    assert await conversations.recent("default", "hulk", 9, all_[4].heard, two) == [all_[place] for place in (3, 1, 0)]
    assert await conversations.recent("default", "person", 9, among=two) == []
    assert await conversations.recent("default", None, 9, among=[]) == []


async def test_who_answers_is_swapped_only_while_it_is_who_was_seen(store: Store, conversations: Conversations) -> None:
    free, other = talk(), talk("2")
    bia, caio = replace(free, mode="person", by="person:bia"), replace(free, mode="person", by="person:caio")
    await put(store, conversations, free, other)
    assert await store.commit(conversations.swap(free, bia), conversations.swap(free, caio)) == [True, False]
    assert await conversations.get("cnv_1") == bia
    assert await store.commit(conversations.swap(caio, free), conversations.swap(replace(bia, mode="hulk"), free)) == [False, False]
    assert await conversations.get("cnv_1") == bia
    assert await store.commit(conversations.swap(bia, caio), conversations.swap(caio, free)) == [True, True]
    assert await conversations.get("cnv_1") == free
    assert await conversations.get("cnv_2") == other
    assert await store.commit(conversations.swap(talk("none"), bia)) == [False]


async def test_what_is_known_of_a_conversation_otherwise_stays_when_who_answers_is_swapped(
    store: Store, conversations: Conversations
) -> None:
    seen = talk()
    heard = talk(after=5, language="pt", reply={"to": "later"})
    await put(store, conversations, seen, heard)
    assert await store.commit(conversations.swap(seen, replace(seen, mode="person", by="person:bia"))) == [True]
    assert await conversations.get("cnv_1") == replace(heard, mode="person", by="person:bia")


async def test_of_many_who_take_a_conversation_at_once_one_has_it(store: Store, conversations: Conversations, another: Another) -> None:
    await put(store, conversations, talk())
    people = [f"person:{place}" for place in range(6)]
    async with another() as there, asyncio.TaskGroup() as group:
        tries = {
            who: group.create_task(at.commit(SqlConversations(at).swap(talk(), replace(talk(), mode="person", by=who))))
            for who, at in zip(people, [store, there] * 3, strict=True)
        }
    won = [who for who, task in tries.items() if task.result() == [True]]
    assert [(await conversations.get("cnv_1")).by] == won


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


async def test_what_was_said_long_ago_is_removed_so_many_at_a_time_and_the_rest_stays(store: Store, conversations: Conversations) -> None:
    await put(store, conversations, talk(), talk("2"))
    said = [(f"cnv_{1 + place % 2}", Turn(str(place), ours=False, at=NOW + timedelta(minutes=place))) for place in range(6)]
    await store.commit(*(conversations.said(where, one, f"t{one.text}") for where, one in said))
    before = NOW + timedelta(minutes=4)
    assert await store.commit(conversations.prune(NOW, 9), *(conversations.prune(before, 3) for _ in range(3))) == [0, 3, 1, 0]
    assert [one.text for id_ in ("cnv_1", "cnv_2") for one in await conversations.turns(id_, 9)] == ["4", "5"]
    assert [await conversations.get(f"cnv_{name}") for name in "12"] == [talk(), talk("2")]


async def test_how_far_each_channel_was_heard_is_what_was_said_last(store: Store, conversations: Conversations) -> None:
    assert await conversations.marked("chat") == ""
    long = '{"at": 1, "seen": "é"}' * 500
    await store.commit(conversations.mark("chat", "1"), conversations.mark("other", "7"), conversations.mark("chat", long))
    assert (await conversations.marked("chat"), await conversations.marked("other")) == (long, "7")
