"""What every place for what came in promises (`ports.Inbox`): in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.channels.adapters.sql import SqlContacts, SqlConversations, SqlInbox, SqlOutbox
from hulk.modules.channels.domain import Arrival, Attached, Contact, Conversation, Sender, Turn
from hulk.modules.channels.ports import Inbox, Kept, Scene
from hulk.modules.channels.settings import ChannelsSettings
from hulk.runtime.store import Store
from support.channels import NOW, going, wrote
from support.stores import Another


@pytest.fixture
def inbox(store: Store) -> Inbox:
    """The inbox of each kind of store."""
    return SqlInbox(store)


def kept(arrival: Arrival | None = None, *, channel: str = "chat", tenant: str = "default", after: float = 0.0, **more: Any) -> Kept:
    """It came in so many minutes after `NOW`."""
    arrival = replace(arrival or wrote(), **more)
    id_ = ids.derived("arr", tenant, channel, arrival.key)
    return Kept(id=id_, tenant=tenant, channel=channel, arrival=arrival, received=NOW + timedelta(minutes=after))


async def taken(store: Store, inbox: Inbox, *all_: Kept) -> list[Any]:
    return await store.commit(*(inbox.take(one) for one in all_))


_WHOLE = Arrival(
    key="k" * 200, kind="message", address="-1001/17", at=NOW, id="55", about="54", text="ação “x” 👍🏽 \u202e; drop table --\n" * 500,
    sender=Sender(id="BR.1", name="Zé", phone="+55", email="ze@example.com", language="pt", robot=True),
    files=(Attached(ref="f", name="a.ogg", media_type="audio/ogg", size=3, sha256="0" * 64, voice=True),), group=True, addressed=False,
    reply={"to": "55", "nested": {"list": [1, None, True]}},
)  # fmt: skip
_OTHER = Arrival(
    key="r", kind="receipt", address="a", sender=Sender(id="x"), at=NOW, emoji="👍", removed=True, pressed="g.1", handle="msg_1",
    fate="failed", problem="blocked", moved="y",
)  # fmt: skip


@pytest.mark.parametrize("arrival", [pytest.param(_WHOLE, id="a message with all there may be"), pytest.param(_OTHER, id="all the rest")])
async def test_an_arrival_comes_back_as_it_came(store: Store, inbox: Inbox, arrival: Arrival) -> None:
    one = kept(arrival)
    assert await taken(store, inbox, one) == [True]
    assert await inbox.get(one.id) == one
    assert await store.commit(inbox.found(one.id), inbox.found("arr_none")) == [one, None]


async def test_an_arrival_is_seen_with_what_is_known_around_it(store: Store, inbox: Inbox) -> None:
    first, contacts, conversations = kept(), SqlContacts(store), SqlConversations(store)
    await taken(store, inbox, first)
    assert await inbox.scene(first.id, 9) == Scene(kept=first, contact=None, conversation=None, turns=())
    who = Contact(channel="chat", sender=first.arrival.sender.id, tenant="default", seen=NOW)
    where = Conversation(id="cnv_1", tenant="default", channel="chat", address=first.arrival.address, sender=who.sender, heard=NOW)
    said = [Turn(text, ours=False, at=NOW) for text in ("one", "two", "three")]
    await store.commit(contacts.put(who), conversations.put(where), *(conversations.said("cnv_1", one, one.text) for one in said))
    await store.commit(*elsewhere(contacts, conversations, who, where, said[0]))
    assert await inbox.scene(first.id, 2) == Scene(kept=first, contact=who, conversation=where, turns=tuple(said[1:]))
    with pytest.raises(NotFound, match="arr_404"):
        await inbox.scene("arr_404", 2)


def elsewhere(contacts: SqlContacts, conversations: SqlConversations, who: Contact, where: Conversation, said: Turn) -> list[Change[Any]]:
    """The same sender and address at another channel, another sender and address at the same."""
    return [
        contacts.put(replace(who, channel="mail")), contacts.put(replace(who, sender="other")),
        conversations.put(replace(where, id="cnv_2", channel="mail")), conversations.put(replace(where, id="cnv_3", address="other")),
        conversations.said("cnv_2", said, "a"), conversations.said("cnv_3", said, "b"),
    ]  # fmt: skip


async def test_what_is_not_there_is_not_found(inbox: Inbox) -> None:
    with pytest.raises(NotFound, match="arr_404"):
        await inbox.get("arr_404")


async def test_a_key_comes_in_once_by_a_channel_and_the_first_stays(store: Store, inbox: Inbox) -> None:
    first, again = kept(), kept(text="changed")
    assert await taken(store, inbox, first, again, kept(channel="other"), kept(tenant="acme"), kept(key="2")) == [
        True, False, True, True, True,
    ]  # fmt: skip
    assert (await inbox.get(first.id)).arrival.text == "Oi"


async def test_of_many_processes_that_take_one_key_at_once_one_has_it(store: Store, inbox: Inbox, another: Another) -> None:
    async with another() as there:
        async with asyncio.TaskGroup() as group:
            tries = [group.create_task(taken(one, SqlInbox(one), kept(text=str(place)))) for place, one in enumerate([store, there] * 4)]
        assert sorted(task.result()[0] for task in tries) == [False] * 7 + [True]
    won = next(place for place, task in enumerate(tries) if task.result() == [True])
    assert (await inbox.get(kept().id)).arrival.text == str(won)


async def test_what_came_of_it_is_said_once_until_it_is_opened_again(store: Store, inbox: Inbox) -> None:
    one = kept()
    await taken(store, inbox, one)
    assert await store.commit(inbox.done(one.id, "asked", "int_1"), inbox.done(one.id, "failed"), inbox.done("arr_none", "x")) == [
        True, False, False,
    ]  # fmt: skip
    assert await inbox.get(one.id) == replace(one, outcome="asked", intent="int_1")
    await store.commit(inbox.reopen(one.id))
    assert await inbox.get(one.id) == one
    assert await store.commit(inbox.done(one.id, "obeyed")) == [True]


async def test_an_arrival_is_found_by_the_intent_that_came_of_it(store: Store, inbox: Inbox) -> None:
    one, other = kept(), kept(key="2")
    await taken(store, inbox, one, other)
    await store.commit(inbox.done(one.id, "asked", "int_1"), inbox.done(other.id, "obeyed"))
    found, none = await store.commit(inbox.of_intent("int_1"), inbox.of_intent("int_2"))
    assert (found, none) == (replace(one, outcome="asked", intent="int_1"), None)


async def test_the_newest_message_of_a_name_is_found_and_nothing_else(store: Store, inbox: Inbox) -> None:
    first, second = kept(key="1", id="m"), kept(key="2", id="m", text="newer")
    others = [kept(key="3", id="m", kind="edit"), kept(key="4", id="m", address="b"), kept(key="5", id="m", channel="other"), kept(key="6")]
    await taken(store, inbox, first, second, *others)
    assert await inbox.by_message("chat", "a", "m") == second
    assert await inbox.by_message("chat", "a", "none") is None


async def test_what_its_sender_deleted_leaves_neither_text_nor_files(store: Store, inbox: Inbox) -> None:
    file = Attached(ref="f", name="photo.png")
    said, edited = kept(key="1", id="m", files=(file,)), kept(key="2", id="m", kind="edit", text="Oi, Hulk")
    others = [kept(key="3", id="n"), kept(key="4", id="m", address="b"), kept(key="5", id="m", channel="other")]
    await taken(store, inbox, said, edited, *others)
    await store.commit(inbox.forget("chat", "a", "m"))
    for one in (said, edited):
        assert await inbox.get(one.id) == replace(one, arrival=replace(one.arrival, text="", files=()))
    assert [await inbox.get(one.id) for one in others] == others
    assert await taken(store, inbox, said) == [False]


async def test_of_all_that_came_from_somewhere_neither_text_nor_files_are_left(store: Store, inbox: Inbox) -> None:
    said, worked_on = kept(key="1", files=(Attached(ref="f", name="photo.png"),)), kept(key="2", text="Now")
    others = [kept(key="3", address="b"), kept(key="4", channel="other")]
    await taken(store, inbox, said, worked_on, *others)
    await store.commit(*(inbox.done(one.id, "asked") for one in (said, *others)))
    assert await store.commit(inbox.forget_all("chat", "a")) == [1]
    assert (await inbox.get(said.id)).arrival == replace(said.arrival, text="", files=())
    assert [(await inbox.get(one.id)).arrival for one in (worked_on, *others)] == [one.arrival for one in (worked_on, *others)]
    assert await taken(store, inbox, said) == [False]


async def test_the_newest_come_first_and_after_one_those_that_came_later(store: Store, inbox: Inbox) -> None:
    all_ = [kept(key=str(place), channel="chat" if place % 2 else "other") for place in range(6)]
    await taken(store, inbox, *all_, kept(tenant="acme"))
    assert await inbox.recent("default", None, 4) == all_[:1:-1]
    assert await inbox.recent("default", "chat", 10) == all_[::-2]
    assert await inbox.recent("default", None, 2, all_[1].id) == all_[2:4]
    assert await inbox.recent("default", "chat", 10, all_[1].id) == all_[3::2]
    assert await inbox.recent("default", None, 10, all_[5].id) == []
    assert await inbox.recent("default", None, 10, "arr_none") == []


async def test_those_before_one_are_told_page_by_page_until_there_are_no_more(store: Store, inbox: Inbox) -> None:
    all_ = [kept(key=str(place), channel="chat" if place % 2 else "other") for place in range(6)]
    await taken(store, inbox, *all_, kept(tenant="acme"))
    assert await inbox.recent("default", None, 2, before=all_[4].id) == [all_[3], all_[2]]
    assert await inbox.recent("default", None, 9, before=all_[2].id) == [all_[1], all_[0]]
    assert await inbox.recent("default", "chat", 9, before=all_[4].id) == [all_[3], all_[1]]
    assert await inbox.recent("default", None, 9, before=all_[0].id) == []
    assert await inbox.recent("default", None, 9, before="arr_none") == []


async def test_of_all_only_those_of_the_channels_that_may_be_seen_are_told(store: Store, inbox: Inbox) -> None:
    all_ = [kept(key=str(place), channel=("chat", "other", "third")[place % 3]) for place in range(6)]
    await taken(store, inbox, *all_, kept(tenant="acme"))
    two = frozenset({"chat", "other"})
    assert await inbox.recent("default", None, 9, among=two) == [all_[place] for place in (4, 3, 1, 0)]
    assert await inbox.recent("default", None, 9, all_[1].id, among=two) == all_[3:5]
    assert await inbox.recent("default", None, 9, before=all_[3].id, among=["third", "none"]) == [all_[2]]
    assert await inbox.recent("default", "chat", 9, among=two) == [all_[3], all_[0]]
    assert await inbox.recent("default", "third", 9, among=two) == []
    assert await inbox.recent("default", None, 9, among=[]) == []


async def asked(store: Store, inbox: Inbox, key: str, after: float, outcome: str = "asked", **more: Any) -> Kept:
    """It came in so many minutes after `NOW`, and became the intent of its key."""
    one = kept(key=key, after=after, **more)
    await store.commit(inbox.take(one), inbox.done(one.id, outcome, f"int_{key}"))
    return replace(one, outcome=outcome, intent=f"int_{key}")


async def test_those_who_wait_for_an_answer_are_told_the_newest_first(store: Store, inbox: Inbox) -> None:
    early, late = await asked(store, inbox, "early", 2), await asked(store, inbox, "late", 5)
    between, tied = await asked(store, inbox, "between", 3, "in another word"), await asked(store, inbox, "tied", 5)
    await asked(store, inbox, "before", 1)
    await asked(store, inbox, "elsewhere", 4, channel="other")
    since = NOW + timedelta(minutes=1, seconds=30)
    assert await inbox.unanswered("chat", since, 10) == [tied, late, between, early]
    assert await inbox.unanswered("chat", since, 2) == [tied, late]
    assert await inbox.unanswered("chat", NOW + timedelta(hours=1), 10) == []
    assert await inbox.unanswered("none", since, 10) == []


async def test_whoever_is_answered_or_became_no_intent_waits_no_more(store: Store, inbox: Inbox) -> None:
    waits, answered, told = [await asked(store, inbox, key, 1) for key in ("waits", "answered", "told")]
    undone, obeyed, refused, reopened = (kept(key=key, after=1) for key in ("undone", "obeyed", "refused", "reopened"))
    await taken(store, inbox, undone, obeyed, refused, reopened)
    await store.commit(inbox.done(obeyed.id, "obeyed"), inbox.done(refused.id, "asked"), inbox.done(reopened.id, "asked", "int_5"))
    outbox, sent = SqlOutbox(store), going(name="1", intent=answered.intent, state="sent", ended=NOW)
    progress, unasked = going(name="2", intent=told.intent, address="b"), going(name="3")
    await store.commit(inbox.reopen(reopened.id), outbox.add(sent), outbox.add(progress), outbox.add(unasked))
    assert await inbox.unanswered("chat", NOW, 10) == [waits]


async def test_what_is_done_and_old_is_removed_the_oldest_first_and_all_else_stays_unique(store: Store, inbox: Inbox) -> None:
    old = [kept(key=str(place), after=place) for place in range(4)]
    undone, young = kept(key="undone", after=0), kept(key="young", after=60)
    await taken(store, inbox, *old, undone, young)
    await store.commit(*(inbox.done(one.id, "obeyed") for one in (*old, young)))
    before = NOW + timedelta(minutes=60)
    assert await store.commit(inbox.prune(before, 3), inbox.prune(before, 3), inbox.prune(before, 3)) == [3, 1, 0]
    assert [one.arrival.key for one in await inbox.recent("default", None, 10)] == ["young", "undone"]
    assert await taken(store, inbox, undone, young) == [False, False]


async def test_the_oldest_that_are_removed_go_first(store: Store, inbox: Inbox) -> None:
    late, early = kept(key="late", after=9), kept(key="early", after=1)
    await taken(store, inbox, late, early)
    await store.commit(inbox.done(late.id, "obeyed"), inbox.done(early.id, "obeyed"))
    assert await store.commit(inbox.prune(NOW + timedelta(hours=1), 1)) == [1]
    assert await inbox.recent("default", None, 10) == [replace(late, outcome="obeyed")]


def test_nobody_can_set_less_than_vendors_repeat_for() -> None:
    """Meta tries for 7 days, the longest of all: until then a key must be known."""
    assert ChannelsSettings().retention >= timedelta(days=8)
    with pytest.raises(ValidationError):
        ChannelsSettings(retention=timedelta(days=7))
