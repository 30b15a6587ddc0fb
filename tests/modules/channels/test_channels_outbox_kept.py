"""What every place for what goes out promises (`ports.Outbox`): in SQLite and in PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from hulk.kernel.bells import Bells
from hulk.kernel.errors import NotFound
from hulk.modules.channels.adapters.sql import SqlOutbox
from hulk.modules.channels.domain import HELD, Button, Outgoing, Shown, State
from hulk.modules.channels.ports import Outbox
from hulk.runtime.store import Store
from support.channels import NOW, going
from support.outboxes import added, brought, ids_of, state_of

SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
PAST = SOON + timedelta(seconds=1)
HOLDS = PAST + HELD


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """The outbox of each kind of store."""
    return SqlOutbox(store)


_WHOLE = going(
    "ação “x” 👍🏽 \u202e; drop table --\n" * 500, conversation="cnv_1", about="55", intent="int_1", buttons=(Button("👍", "g.1"),),
    files=(Shown("blob", "a.csv", "text/csv"),), speak=True, made=True, passing=True, reply={"to": "55", "at": [1, None]},
    until="msg_1", over="msg_2",
)  # fmt: skip


@pytest.mark.parametrize("message", [pytest.param(going(), id="as most"), pytest.param(_WHOLE, id="with all there may be")])
async def test_a_message_comes_back_as_it_was_made(store: Store, outbox: Outbox, message: Outgoing) -> None:
    assert await added(store, outbox, message, replace(message, text="another")) == [True, False]
    found = await outbox.get(message.id)
    assert replace(found, place=0) == message
    with pytest.raises(NotFound, match="msg_404"):
        await outbox.get("msg_404")


async def test_only_the_first_of_each_address_is_due_and_the_oldest_first(store: Store, outbox: Outbox) -> None:
    one, two, three, four = (going(name=str(place), address=where) for place, where in enumerate("abac"))
    later, other = going(name="later", address="d", due=LATER), going(name="other", channel="other")
    await added(store, outbox, one, two, three, four, later, other)
    assert ids_of(await outbox.due("chat", NOW, 10)) == ids_of([one, two, four])
    assert ids_of(await outbox.due("chat", NOW, 2)) == ids_of([one, two])
    assert ids_of(await outbox.due("chat", LATER, 10)) == ids_of([one, two, four, later])


@pytest.mark.parametrize(
    ("state", "due"),
    [
        pytest.param("waiting", [], id="not due yet"),
        pytest.param("sending", [], id="on its way"),
        pytest.param("sent", ["next"], id="sent"),
        pytest.param("failed", ["next"], id="failed"),
        pytest.param("unknown", ["next"], id="unknown"),
        pytest.param("withdrawn", ["next"], id="withdrawn"),
    ],
)
async def test_the_next_of_an_address_waits_for_the_end_of_the_one_before(
    store: Store, outbox: Outbox, state: State, due: list[str]
) -> None:
    first, after = going(name="first", intent="int_1", due=LATER), going("next", name="next")
    await brought(store, outbox, first, state)
    await added(store, outbox, after)
    assert [one.text for one in await outbox.due("chat", NOW, 10)] == due


async def test_a_message_is_claimed_by_one_and_settled_by_nobody_else(store: Store, outbox: Outbox) -> None:
    message = going()
    await added(store, outbox, message)
    assert await store.commit(outbox.claim(message.id, "one", SOON), outbox.claim(message.id, "two", SOON)) == [True, False]
    sent = replace(message, state="sent", sent_id="v1", ended=NOW)
    assert await store.commit(outbox.settle(replace(sent, sent_id="v2"), "two")) == [False]
    assert (await outbox.get(message.id)).state == "sending"
    assert await store.commit(outbox.settle(sent, "one"), outbox.settle(replace(sent, state="failed"), "one")) == [True, False]
    found = await outbox.get(message.id)
    assert (found.state, found.sent_id, found.ended, found.attempts) == ("sent", "v1", NOW, 1)


async def test_what_was_not_taken_waits_again_until_it_is_due(store: Store, outbox: Outbox) -> None:
    message, problem = going(), {"code": "unavailable", "message": "It is away."}
    await added(store, outbox, message)
    for attempt in (1, 2):
        await store.commit(outbox.claim(message.id, "one", LATER))
        await store.commit(outbox.settle(replace(message, due=SOON, problem=problem), "one"))
        found = await outbox.get(message.id)
        assert (found.state, found.attempts, found.due, found.problem) == ("waiting", attempt, SOON, problem)
    assert await outbox.due("chat", NOW, 10) == []
    assert ids_of(await outbox.due("chat", SOON, 10)) == [message.id]


async def test_one_that_is_left_is_adopted_and_its_holder_holds_it_no_more(store: Store, outbox: Outbox) -> None:
    message, young, other = going(), going(name="young", address="b"), going(name="other", channel="other")
    await added(store, outbox, message, young, other)
    await store.commit(outbox.claim(message.id, "one", SOON), outbox.claim(young.id, "one", HOLDS), outbox.claim(other.id, "one", SOON))
    assert await outbox.left("chat", SOON, 10) == []
    assert await store.commit(outbox.adopt(message.id, "two", SOON, HOLDS)) == [False]
    assert ids_of(await outbox.left("chat", PAST, 10)) == [message.id]
    adopted = [outbox.adopt(id_, "two", PAST, HOLDS) for id_ in (message.id, message.id, young.id, "msg_none")]
    assert await store.commit(*adopted) == [True, False, False, False]
    assert await outbox.left("chat", PAST, 10) == []
    sent = replace(message, state="sent", ended=NOW)
    assert await store.commit(outbox.settle(sent, "one"), outbox.settle(sent, "two")) == [False, True]


async def test_all_that_one_who_is_no_more_was_sending_is_left_at_once(store: Store, outbox: Outbox) -> None:
    mine, theirs, late = (going(name=name, address=name) for name in ("mine", "theirs", "late"))
    waiting, other = going(name="waiting", address="theirs"), going(name="other", channel="other")
    await added(store, outbox, mine, theirs, late, waiting, other)
    held = [(mine, "new", NOW + HELD), (theirs, "dead", NOW + HELD), (late, "dead", NOW - timedelta(hours=1)), (other, "else", HOLDS)]
    assert await outbox.holders("chat") == frozenset()
    await store.commit(*(outbox.claim(one.id, by, until) for one, by, until in held))
    assert set(await outbox.holders("chat")) == {"new", "dead"}
    assert await store.commit(outbox.abandon("chat", "dead", NOW), outbox.abandon("none", "dead", NOW)) == [2, 0]
    assert ids_of(await outbox.left("chat", NOW, 10)) == ids_of([theirs, late])
    assert await outbox.left("other", SOON, 10) == []
    assert [await state_of(outbox, one) for one in (mine, theirs, waiting)] == ["sending", "sending", "waiting"]
    assert await store.commit(outbox.adopt(theirs.id, "new", NOW, HOLDS), outbox.adopt(mine.id, "two", NOW, HOLDS)) == [True, False]
    sent = [(replace(theirs, state="sent", ended=NOW), holder) for holder in ("dead", "new")]
    assert await store.commit(*(outbox.settle(*one) for one in sent)) == [False, True]


async def test_all_that_one_is_sending_somewhere_is_held_anew(store: Store, outbox: Outbox) -> None:
    mine, theirs, other = going(name="mine"), going(name="theirs", address="b"), going(name="other", address="c", channel="other")
    await added(store, outbox, mine, theirs, other)
    await store.commit(*(outbox.claim(one.id, "two" if one is theirs else "one", SOON) for one in (mine, theirs, other)))
    assert await store.commit(outbox.hold("chat", "one", PAST + HELD)) == [1]
    assert ids_of(await outbox.left("chat", PAST, 10)) == [theirs.id]
    assert ids_of(await outbox.left("other", PAST, 10)) == [other.id]


async def test_one_that_is_held_for_longer_than_anybody_may_is_left(store: Store, outbox: Outbox) -> None:
    """Its holder's clock was another: ours, before it was set back."""
    message, young = going(), going(name="young", address="b")
    await added(store, outbox, message, young)
    await store.commit(outbox.claim(message.id, "one", NOW + timedelta(hours=6)), outbox.claim(young.id, "one", NOW + HELD))
    assert ids_of(await outbox.left("chat", NOW, 10)) == [message.id]
    assert await store.commit(*(outbox.adopt(one.id, "two", NOW, NOW + HELD) for one in (message, young))) == [True, False]


async def test_what_was_due_when_it_was_made_is_due_whatever_the_clock_says_since(store: Store, outbox: Outbox) -> None:
    message, timed = going(), going(name="timed", address="b", due=SOON)
    tried = going(name="tried", address="c")
    await added(store, outbox, message, timed, tried)
    await store.commit(outbox.claim(tried.id, "one", LATER), outbox.settle(replace(tried, due=SOON), "one"))
    before = NOW - timedelta(hours=6)
    assert ids_of(await outbox.due("chat", before, 10)) == [message.id]
    assert await store.commit(outbox.hasten("chat", before), outbox.hasten("other", before)) == [1, 0]
    assert ids_of(await outbox.due("chat", before, 10)) == ids_of([message, tried])


async def test_a_message_is_found_by_what_its_channel_calls_it(store: Store, outbox: Outbox) -> None:
    one = await brought(store, outbox, going(name="1"), "sent", sent_id="v1")
    two = await brought(store, outbox, going(name="2"), "sent", sent_id="v1")
    await brought(store, outbox, going(name="3", address="b"), "sent", sent_id="v1")
    await added(store, outbox, going(name="4"))
    found = await outbox.by_sent("chat", "a", "v1")
    assert found is not None
    assert found.id == two.id
    assert ids_of(await outbox.given("chat", "a", "v1")) == ids_of([one, two])
    for where in (("chat", "a", "v2"), ("other", "a", "v1"), ("chat", "a", "")):
        assert await outbox.by_sent(*where) is None
        assert await outbox.given(*where) == []


async def test_all_that_wait_at_an_address_are_told_due_or_not(store: Store, outbox: Outbox) -> None:
    one, two, three = going(name="1"), going(name="2", due=LATER), going(name="3")
    await brought(store, outbox, going(name="0"), "sent")
    await added(store, outbox, one, two, three, going(name="4", address="b"), going(name="5", channel="other"))
    assert ids_of(await outbox.waiting("chat", "a", 10)) == ids_of([one, two, three])
    assert ids_of(await outbox.waiting("chat", "a", 2)) == ids_of([one, two])


@pytest.mark.parametrize("state", ["waiting", "sending", "unknown", "withdrawn", "failed"])
async def test_that_the_channel_has_it_is_news_of_all_but_what_failed(store: Store, outbox: Outbox, state: State) -> None:
    message = await brought(store, outbox, going(), state)
    assert await store.commit(outbox.told(message.id, "v1", NOW)) == [state != "failed"]
    assert (await outbox.get(message.id)).state == ("failed" if state == "failed" else "sent")


@pytest.mark.parametrize("state", ["waiting", "sending", "failed", "unknown", "withdrawn"])
async def test_what_the_channel_says_that_has_arrived_is_sent_whatever_was_thought_of_it(
    store: Store, outbox: Outbox, state: State
) -> None:
    message = await brought(store, outbox, going(intent="int_1"), state)
    told = [outbox.told(message.id, sent_id, at, "delivered") for sent_id, at in (("v1", NOW), ("v2", LATER))]
    assert await store.commit(*told) == [True, False]
    found = await outbox.get(message.id)
    assert (found.state, found.sent_id, found.ended, found.problem) == ("sent", "v1", NOW, None)
    assert await store.commit(outbox.settle(replace(message, state="failed"), "one"), outbox.told("msg_none", "v", NOW)) == [False, False]


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "unknown", "withdrawn"])
async def test_what_the_channel_could_not_deliver_after_all_failed(store: Store, outbox: Outbox, state: State) -> None:
    message, why = await brought(store, outbox, going(intent="int_1"), state), {"code": "refused", "message": "blocked"}
    assert await store.commit(outbox.bounced(message.id, why, NOW), outbox.bounced(message.id, {}, LATER)) == [True, False]
    found = await outbox.get(message.id)
    assert (found.state, found.problem, found.ended) == ("failed", why, NOW)
    assert await store.commit(outbox.settle(replace(message, state="sent"), "one"), outbox.bounced("msg_none", why, NOW)) == [False, False]


async def test_what_waits_and_answers_an_intent_is_withdrawn_and_nothing_else(store: Store, outbox: Outbox) -> None:
    gone = [going(name=str(place), intent="int_1") for place in range(2)]
    stay: list[State] = ["sending", "sent", "failed", "unknown"]
    others = [await brought(store, outbox, going(name=state, intent="int_1", address=state), state) for state in stay]
    foreign = going(name="foreign", intent="int_2")
    await added(store, outbox, *gone, foreign)
    assert await store.commit(outbox.withdraw("int_1", NOW), outbox.withdraw("int_1", NOW)) == [2, 0]
    assert [await state_of(outbox, one) for one in (*gone, *others, foreign)] == ["withdrawn", "withdrawn", *stay, "waiting"]
    assert ids_of(await outbox.due("chat", NOW, 10)) == [foreign.id]


async def test_of_what_went_out_neither_text_nor_files_are_left_once_it_is_forgotten(store: Store, outbox: Outbox) -> None:
    file = Shown("b1", "chart.png", "image/png")
    sent = await brought(store, outbox, going(files=(file,)), "sent")
    failed = await brought(store, outbox, going(name="2"), "failed")
    foreign = await brought(store, outbox, going(name="3", address="b"), "sent")
    assert await store.commit(outbox.forget("chat", "a")) == [1]
    assert [(one.text, one.files) for one in [await outbox.get(one.id) for one in (sent, failed, foreign)]] == [
        ("", ()), (failed.text, ()), (foreign.text, ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "waits"), [("unknown", True), ("failed", True), ("sent", False), ("sending", False), ("withdrawn", False)]
)
async def test_one_that_nobody_knows_of_or_that_failed_waits_again_when_a_person_says_so(
    store: Store, outbox: Outbox, state: State, waits: bool
) -> None:
    message = await brought(store, outbox, going(intent="int_1"), state, problem={"code": "uncertain"})
    assert await store.commit(outbox.again(message.id, LATER)) == [waits]
    found = await outbox.get(message.id)
    if not waits:
        assert found.state == state
        return
    assert (found.state, found.due, found.created, found.ended, found.problem, found.attempts) == ("waiting", LATER, LATER, None, None, 0)
    assert ids_of(await outbox.due("chat", LATER, 10)) == [message.id]
    assert await store.commit(outbox.again(message.id, LATER), outbox.again("msg_none", LATER)) == [False, False]


async def test_the_newest_come_first_and_after_one_those_that_were_made_later(store: Store, outbox: Outbox) -> None:
    all_ = [going(name=str(place), channel="chat" if place % 2 else "other", address=str(place)) for place in range(6)]
    await added(store, outbox, *all_, going(name="theirs", tenant="acme"))
    await store.commit(outbox.claim(all_[0].id, "one", SOON))
    assert ids_of(await outbox.recent("default", None, (), 4)) == ids_of(all_[:1:-1])
    assert ids_of(await outbox.recent("default", "chat", (), 10)) == ids_of(all_[::-2])
    assert ids_of(await outbox.recent("default", None, ["sending", "failed"], 10)) == [all_[0].id]
    assert ids_of(await outbox.recent("default", None, (), 2, all_[1].id)) == ids_of(all_[2:4])
    assert ids_of(await outbox.recent("default", "chat", ["waiting"], 10, all_[1].id)) == ids_of(all_[3::2])
    assert await outbox.recent("default", None, (), 10, "msg_none") == []


async def test_those_before_one_are_told_page_by_page_and_only_of_the_channels_that_may_be_seen(store: Store, outbox: Outbox) -> None:
    all_ = [going(name=str(place), channel=("chat", "other", "third")[place % 3], address=str(place)) for place in range(6)]
    await added(store, outbox, *all_, going(name="theirs", tenant="acme"))
    await store.commit(outbox.claim(all_[1].id, "one", SOON))
    ids, two = ids_of(all_), frozenset({"chat", "other"})
    assert ids_of(await outbox.recent("default", None, (), 2, before=ids[4])) == [ids[3], ids[2]]
    assert ids_of(await outbox.recent("default", None, (), 9, before=ids[2])) == [ids[1], ids[0]]
    assert ids_of(await outbox.recent("default", "chat", ["waiting"], 9, before=ids[3])) == [ids[0]]
    assert ids_of(await outbox.recent("default", None, (), 9, among=two)) == [ids[place] for place in (4, 3, 1, 0)]
    assert ids_of(await outbox.recent("default", None, ["waiting"], 9, before=ids[4], among=two)) == [ids[3], ids[0]]
    assert ids_of(await outbox.recent("default", None, (), 9, ids[1], among=["third"])) == [ids[2], ids[5]]
    none = [
        await outbox.recent("default", None, (), 9, before=ids[0]), await outbox.recent("default", None, (), 9, before="msg_none"),
        await outbox.recent("default", "third", (), 9, among=two), await outbox.recent("default", None, (), 9, among=[]),
    ]  # fmt: skip
    assert none == [[], [], [], []]


async def test_one_is_put_in_place_of_another_that_is_as_it_was_seen(store: Store, outbox: Outbox) -> None:
    failed = await brought(store, outbox, going(intent="int_1"), "failed", problem={"code": "refused"}, sent_id="v1")
    before, next_ = await outbox.get(failed.id), going(name="next")
    await added(store, outbox, next_)
    after = replace(
        before, text="Melhor", state="waiting", due=LATER, created=SOON, ended=None, problem=None, attempts=0, sent_id="", buttons=(),
    )  # fmt: skip
    assert await store.commit(outbox.swap(before, after), outbox.swap(before, after)) == [True, False]
    assert await outbox.get(failed.id) == after
    assert ids_of(await outbox.waiting("chat", "a", 9)) == ids_of([before, next_])
    assert await store.commit(outbox.swap(after, replace(after, state="withdrawn", ended=NOW))) == [True]
    assert ids_of(await outbox.due("chat", LATER, 9)) == [next_.id]
    assert await store.commit(outbox.swap(going(name="none"), going(name="none"))) == [False]


async def test_what_ended_long_ago_is_removed_so_many_at_a_time_and_all_else_stays(store: Store, outbox: Outbox) -> None:
    over: tuple[State, ...] = ("sent", "failed", "withdrawn")
    stay: tuple[State, ...] = ("waiting", "sending", "unknown")
    for state in (*over, *stay):
        await brought(store, outbox, going(name=state, address=state, intent=f"int_{state}"), state)
    young = going(name="young", address="young")
    await added(store, outbox, young)
    await store.commit(outbox.told(young.id, "v1", LATER))
    assert await store.commit(outbox.prune(NOW, 9), *(outbox.prune(LATER, 2) for _ in range(3))) == [0, 2, 1, 0]
    left = [going(name=name).id for name in (*stay, "young")]
    assert set(ids_of(await outbox.recent("default", None, (), 9))) == set(left)
    assert [(await outbox.get(id_)).state for id_ in left] == [*stay, "sent"]


async def test_how_many_there_are_in_each_state_and_when_the_next_is_due(store: Store, outbox: Outbox) -> None:
    assert (await outbox.counts("chat"), await outbox.next_due("chat")) == ({}, None)
    states: list[State] = ["sending", "sent", "failed", "unknown", "withdrawn"]
    for state in states:
        await brought(store, outbox, going(name=state, intent=f"int_{state}", address=state), state)
    await added(store, outbox, going(name="1", due=LATER), going(name="2", due=SOON, address="b"), going(name="3", channel="other"))
    assert await outbox.counts("chat") == {"waiting": 2, "sending": 1, "failed": 1, "unknown": 1}
    assert await outbox.next_due("chat") == SOON


async def test_whoever_sends_is_woken_when_there_is_more(store: Store) -> None:
    bells = Bells()
    outbox, message = SqlOutbox(store, bells), going()
    with bells.listening("chat") as listener:
        listener.looks()
        await added(store, outbox, message)
        await listener.heard(3600)


# What says that something is worked on --------------------------------------------------------------------------------------------


async def standing(store: Store, outbox: Outbox, state: State) -> Outgoing:
    """One that says so, in that state."""
    one = going(name="working", until="msg_1", intent="int_1")
    await added(store, outbox, one)
    await brought(store, outbox, one, state)
    return one


@pytest.mark.parametrize(
    ("state", "after", "stands"),
    [
        pytest.param("waiting", "withdrawn", False, id="it waits, and is not sent"),
        pytest.param("sending", "sending", True, id="it soon may stand there"),
        pytest.param("shown", "shown", True, id="it stands there"),
        pytest.param("unknown", "unknown", False, id="nobody knows"),
        pytest.param("withdrawn", "withdrawn", False, id="it was taken away"),
    ],
)
async def test_what_is_overtaken_is_not_sent_any_more(store: Store, outbox: Outbox, state: State, after: State, stands: bool) -> None:
    one = await standing(store, outbox, state)
    assert await store.commit(outbox.overtaken(one.id, SOON)) == [stands]
    assert await state_of(outbox, one) == after
    assert await store.commit(outbox.overtaken("msg_404", SOON)) == [False]


async def test_what_stands_is_listed_and_laid_down_once(store: Store, outbox: Outbox) -> None:
    one = await standing(store, outbox, "shown")
    [found] = await outbox.shown("chat", 5)
    assert found.id == one.id
    assert (await outbox.shown("chat", 5, found.place - 1), await outbox.shown("chat", 5, found.place)) == ([found], [])
    assert (await outbox.shown("other", 5), (await outbox.counts("chat"))["shown"]) == ([], 1)
    assert await store.commit(outbox.laid_down(one.id, SOON), outbox.laid_down(one.id, SOON)) == [True, False]
    found = await outbox.get(one.id)
    assert (found.state, found.sent_id, found.ended) == ("withdrawn", "", SOON)
    assert await outbox.shown("chat", 5) == []


async def test_what_stands_is_kept_as_long_as_it_does_and_lets_others_by(store: Store, outbox: Outbox) -> None:
    one, behind = await standing(store, outbox, "shown"), going(name="behind")
    await added(store, outbox, behind)
    assert [found.id for found in await outbox.due("chat", NOW, 5)] == [behind.id]
    assert await store.commit(outbox.prune(LATER, 10)) == [0]
    await store.commit(outbox.laid_down(one.id, SOON))
    assert await store.commit(outbox.prune(LATER, 10)) == [1]


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "unknown", "failed", "withdrawn"])
async def test_only_what_stands_is_laid_down(store: Store, outbox: Outbox, state: State) -> None:
    one = await standing(store, outbox, state)
    assert await store.commit(outbox.laid_down(one.id, SOON)) == [False]
    assert await state_of(outbox, one) == state
