"""What every place for those who were heard promises (`ports.Contacts`): in SQLite and in PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hulk.modules.channels.adapters.sql import SqlContacts
from hulk.modules.channels.domain import Contact, Ended, Invitation
from hulk.modules.channels.ports import Contacts, Sought
from hulk.runtime.store import Store
from support.channels import NOW
from support.stores import Another

CODE, UNTIL = "c" * 64, NOW + timedelta(minutes=10)


@pytest.fixture
def contacts(store: Store) -> Contacts:
    """The contacts of each kind of store."""
    return SqlContacts(store)


def contact(sender: str = "ana", after: int = 0, **more: Any) -> Contact:
    """Somebody who was heard so many minutes after `NOW`."""
    given = {"channel": "chat", "tenant": "default", "seen": NOW + timedelta(minutes=after), **more}
    return Contact(sender=sender, **given)


async def put(store: Store, contacts: Contacts, *all_: Contact) -> None:
    await store.commit(*(contacts.put(one) for one in all_))


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(contact(), id="of whom nothing is known"),
        pytest.param(
            contact("BR." + "9" * 128, name="Zé 👍🏽 '; --", phone="+55", email="z@e.com", language="pt", person="usr_1", blocked=True),
            id="of whom all is known",
        ),
    ],
)
async def test_somebody_comes_back_as_they_were_kept_last(store: Store, contacts: Contacts, one: Contact) -> None:
    await put(store, contacts, replace(one, name="before"), one)
    assert await contacts.get("chat", one.sender) == one
    assert await contacts.get("other", one.sender) is None
    assert await contacts.get("chat", "nobody") is None


async def test_only_who_was_heard_can_be_linked_and_blocked(store: Store, contacts: Contacts) -> None:
    ana, bia = contact(), contact("bia")
    await put(store, contacts, ana, bia)
    assert await store.commit(contacts.link("chat", "ana", "usr_1"), contacts.link("chat", "nobody", "usr_1")) == [True, False]
    assert await store.commit(contacts.block("chat", "ana", True), contacts.block("other", "ana", True)) == [True, False]
    assert await contacts.get("chat", "ana") == replace(ana, person="usr_1", blocked=True)
    assert await contacts.get("chat", "bia") == bia
    await store.commit(contacts.link("chat", "ana", None), contacts.block("chat", "ana", False))
    assert await contacts.get("chat", "ana") == ana


async def test_who_has_another_id_stays_who_they_are_and_the_old_one_is_nobody_known(store: Store, contacts: Contacts) -> None:
    ana = contact(person="usr_1", name="Ana", language="pt")
    await put(store, contacts, ana)
    await store.commit(contacts.move("chat", "ana", "ana2"), contacts.move("chat", "nobody", "other"))
    assert await contacts.get("chat", "ana2") == replace(ana, sender="ana2")
    assert await contacts.get("chat", "ana") == replace(ana, person=None)
    assert await contacts.get("chat", "other") is None


async def test_who_was_heard_by_the_new_id_before_stays_who_they_are(store: Store, contacts: Contacts) -> None:
    ana, bia = contact(person="usr_1"), contact("bia", person="usr_2")
    await put(store, contacts, ana, bia)
    await store.commit(contacts.move("chat", "ana", "bia"))
    assert await contacts.get("chat", "bia") == bia
    assert await contacts.get("chat", "ana") == replace(ana, person=None)


@pytest.mark.parametrize("of_old", [pytest.param({"person": "usr_1"}, id="known"), pytest.param({"blocked": True}, id="not heard")])
async def test_who_wrote_by_the_new_id_before_it_was_told_of_is_who_they_were(
    store: Store, contacts: Contacts, of_old: dict[str, Any]
) -> None:
    """A vendor tells things in no order."""
    await put(store, contacts, contact(**of_old), contact("ana2", 1, name="Ana"))
    await store.commit(contacts.move("chat", "ana", "ana2"))
    assert await contacts.get("chat", "ana2") == contact("ana2", 1, name="Ana", **of_old)


async def test_a_code_is_used_by_the_first_who_says_it_in_time_and_by_nobody_else(store: Store, contacts: Contacts) -> None:
    await store.commit(contacts.invite("default", CODE, "usr_1", UNTIL))
    said = [("default", "d" * 64, NOW, "bia"), ("acme", CODE, NOW, "bia"), ("default", CODE, UNTIL, "bia"), ("default", CODE, NOW, "ana")]
    assert await store.commit(*(contacts.redeem(*one) for one in said)) == [None, None, None, "usr_1"]
    again = [contacts.redeem("default", CODE, NOW, who) for who in ("bia", "ana")]
    assert await store.commit(*again) == [None, "usr_1"]
    assert await store.commit(contacts.redeem("default", CODE, UNTIL, "ana")) == [None]


async def test_what_somebody_used_holds_for_nobody_any_more_when_that_is_wanted(store: Store, contacts: Contacts) -> None:
    used, theirs, open_ = (code * 64 for code in "abc")
    await store.commit(*(contacts.invite("default", code, "usr_1", UNTIL) for code in (used, theirs, open_)))
    await store.commit(contacts.redeem("default", used, NOW, "chat:ana"), contacts.redeem("default", theirs, NOW, "chat:bia"))
    assert await store.commit(contacts.spend("acme", "chat:ana"), contacts.spend("default", "chat:ana")) == [0, 1]
    said = [(used, "chat:ana"), (theirs, "chat:bia"), (open_, "chat:ana")]
    assert await store.commit(*(contacts.redeem("default", code, NOW, by) for code, by in said)) == [None, "usr_1", "usr_1"]


async def test_of_many_who_say_a_code_at_once_one_is_that_person(store: Store, contacts: Contacts, another: Another) -> None:
    await store.commit(contacts.invite("default", CODE, "usr_1", UNTIL))
    async with another() as there, asyncio.TaskGroup() as group:
        tries = [
            group.create_task(at.commit(SqlContacts(at).redeem("default", CODE, NOW, f"sender {place}")))
            for place, at in enumerate([store, there] * 4)
        ]
    assert sorted(task.result()[0] or "" for task in tries) == [""] * 7 + ["usr_1"]


async def test_those_of_a_tenant_come_last_heard_first(store: Store, contacts: Contacts) -> None:
    ana, bia, caio = contact("ana", 1), contact("bia", 3), contact("caio", 2, channel="other")
    await put(store, contacts, ana, bia, caio, contact("dora", 9, channel="theirs", tenant="acme"))
    assert await contacts.of_tenant("default", None, 10) == [bia, caio, ana]
    assert await contacts.of_tenant("default", None, 1) == [bia]
    assert await contacts.of_tenant("default", "chat", 10) == [bia, ana]


async def test_those_heard_before_a_moment_are_told_page_by_page(store: Store, contacts: Contacts) -> None:
    all_ = [contact(str(after), after, channel="chat" if after % 2 else "other") for after in range(6)]
    await put(store, contacts, *all_, contact("theirs", tenant="acme"))
    assert await contacts.of_tenant("default", None, 2, all_[4].seen) == [all_[3], all_[2]]
    assert await contacts.of_tenant("default", None, 9, all_[2].seen) == [all_[1], all_[0]]
    assert await contacts.of_tenant("default", "chat", 9, all_[5].seen) == [all_[3], all_[1]]
    assert await contacts.of_tenant("default", None, 9, NOW) == []


@pytest.mark.parametrize("size", [1, 2, 3, 9])
async def test_page_by_page_all_are_told_once_also_those_heard_at_the_same_moment(store: Store, contacts: Contacts, size: int) -> None:
    names = ("ana", "bia", "caio", "Ärger", "+55 11", "zé")
    all_ = [contact(name, len(name) % 2, channel=channel) for name in names for channel in ("chat", "other")]
    await put(store, contacts, *all_, contact("theirs", tenant="acme"))
    told, page = list[Contact](), await contacts.of_tenant("default", None, size)
    while page:
        told += page
        page = await contacts.of_tenant("default", None, size, after=Ended.read(page[-1].ended.written()))
    assert told == await contacts.of_tenant("default", None, 99)
    assert sorted(one.sender for one in told) == sorted(one.sender for one in all_)
    last = told[-1]
    assert await contacts.of_tenant("default", None, 9, last.seen + timedelta(minutes=1), ["chat", "other"], last.ended) == []


async def test_of_all_only_those_of_the_channels_that_may_be_seen_are_told(store: Store, contacts: Contacts) -> None:
    all_ = [contact(str(after), after, channel=("chat", "other", "third")[after % 3]) for after in range(6)]
    await put(store, contacts, *all_, contact("theirs", tenant="acme"))
    two = frozenset({"chat", "other"})
    assert await contacts.of_tenant("default", None, 9, among=two) == [all_[place] for place in (4, 3, 1, 0)]
    assert await contacts.of_tenant("default", None, 9, all_[4].seen, two) == [all_[place] for place in (3, 1, 0)]
    assert await contacts.of_tenant("default", "chat", 9, among=two) == [all_[3], all_[0]]
    assert await contacts.of_tenant("default", "third", 9, among=two) == []
    assert await contacts.of_tenant("default", None, 9, among=[]) == []


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        pytest.param(Sought(), ["ana", "BIA", "_c"], id="whoever"),
        pytest.param(Sought(text="aN"), ["ana"], id="by a piece of their id"),
        pytest.param(Sought(text="bia s"), ["BIA"], id="by a piece of their name"),
        pytest.param(Sought(text="5511"), ["ana"], id="by a piece of their number"),
        pytest.param(Sought(text="@e.com"), ["_c"], id="by a piece of their address"),
        pytest.param(Sought(text="_"), ["_c"], id="by what stands for any letter elsewhere"),
        pytest.param(Sought(text="%"), [], id="by what stands for anything elsewhere"),
        pytest.param(Sought(person="usr_1"), ["BIA"], id="whose account they have"),
        pytest.param(Sought(blocked=True), ["_c"], id="who is not heard"),
        pytest.param(Sought(known=True), ["BIA"], id="who has an account"),
        pytest.param(Sought(text="b", blocked=True), [], id="by all of it"),
    ],
)
async def test_who_is_sought_is_found(store: Store, contacts: Contacts, sought: Sought, found: list[str]) -> None:
    ana, bia = contact("ana", 3, phone="+5511"), contact("BIA", 2, name="Bia Souza", person="usr_1")
    await put(store, contacts, ana, bia, contact("_c", 1, email="C@E.com", blocked=True), contact("ana b", 9, tenant="acme"))
    assert [one.sender for one in await contacts.of_tenant("default", None, 9, sought=sought)] == found


async def test_the_codes_of_a_tenant_are_told_those_that_hold_longest_first(store: Store, contacts: Contacts) -> None:
    ends = {code: NOW + timedelta(minutes=minutes) for code, minutes in {"a": 5, "b": 9, "c": -1, "d": 7}.items()}
    await store.commit(*(contacts.invite("default", code * 64, f"usr_{code}", until) for code, until in ends.items()))
    await store.commit(contacts.invite("acme", CODE, "usr_9", UNTIL), contacts.redeem("default", "a" * 64, NOW, "chat:ana"))
    told = [Invitation(person=f"usr_{code}", until=ends[code], used_by="chat:ana" if code == "a" else "") for code in "bdac"]
    assert await contacts.invitations("default", 10) == told
    assert await contacts.invitations("default", 2) == told[:2]
    assert await contacts.invitations("nobody", 10) == []


async def test_the_codes_of_somebody_that_nobody_used_hold_no_more(store: Store, contacts: Contacts) -> None:
    used, open_, another_, of_bia = (code * 64 for code in "abcd")
    people = {used: "usr_1", open_: "usr_1", another_: "usr_1", of_bia: "usr_2"}
    await store.commit(*(contacts.invite("default", code, person, UNTIL) for code, person in people.items()))
    await store.commit(contacts.invite("acme", open_, "usr_1", UNTIL), contacts.redeem("default", used, NOW, "ana"))
    uninvited = [contacts.uninvite(*whom) for whom in (("default", "usr_1"), ("default", "usr_1"), ("nobody", "usr_2"))]
    assert await store.commit(*uninvited) == [2, 0, 0]
    said = [
        ("default", used, "ana"),
        ("default", open_, "bia"),
        ("default", another_, "bia"),
        ("default", of_bia, "bia"),
        ("acme", open_, "c"),
    ]
    redeemed = await store.commit(*(contacts.redeem(tenant, code, NOW, by) for tenant, code, by in said))
    assert redeemed == ["usr_1", None, None, "usr_2", "usr_1"]
    assert {one.person for one in await contacts.invitations("default", 10)} == {"usr_1", "usr_2"}


async def test_codes_that_hold_no_more_are_removed_those_that_held_least_long_first(store: Store, contacts: Contacts) -> None:
    ends = {code: NOW + timedelta(minutes=minutes) for code, minutes in {"a": -3, "b": -2, "c": -1, "d": 0, "e": 5}.items()}
    await store.commit(*(contacts.invite("default", code * 64, f"usr_{code}", until) for code, until in ends.items()))
    await store.commit(contacts.invite("acme", "a" * 64, "usr_9", NOW), contacts.redeem("default", "e" * 64, NOW, "chat:ana"))
    assert await store.commit(contacts.prune_codes(NOW, 2), contacts.prune_codes(NOW, 2), contacts.prune_codes(NOW, 2)) == [2, 1, 0]
    assert [one.person for one in await contacts.invitations("default", 10)] == ["usr_e", "usr_d"]
    assert [one.person for one in await contacts.invitations("acme", 10)] == ["usr_9"]


async def test_all_that_are_a_person_are_found_by_it(store: Store, contacts: Contacts) -> None:
    here, there = contact("ana", 1, person="usr_1"), contact("+55", 2, person="usr_1", channel="zap")
    theirs = contact("ana", 3, person="usr_1", channel="theirs", tenant="acme")
    await put(store, contacts, here, there, theirs, contact("bia", person="usr_2"), contact("caio"))
    assert await contacts.of_person("default", "usr_1") == [there, here]
    assert await contacts.of_person("default", "usr_3") == []


async def test_names_are_found_for_many_at_once(store: Store, contacts: Contacts) -> None:
    await put(store, contacts, contact(name="Ana"), contact("bia"), contact("ana", name="Outra", channel="mail"))
    asked = {("chat", "ana"), ("chat", "bia"), ("chat", "nobody"), ("mail", "ana"), ("mail", "bia")}
    assert await contacts.names(asked) == {("chat", "ana"): "Ana", ("mail", "ana"): "Outra"}
    assert await contacts.names([]) == {}
