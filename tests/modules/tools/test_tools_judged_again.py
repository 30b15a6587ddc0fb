"""What a person approves is still made only if whoever asked for it may have it made at that moment."""

from collections.abc import Awaitable, Callable

import pytest

from hulk.kernel.errors import Conflict, Forbidden, retold
from hulk.kernel.tenancy import Grant, Principal, everywhere
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tools import Rule, Wanted
from hulk.modules.tools.usecases.call import Called
from hulk.runtime.store import Store
from support.tools import ANA, BOSS, STRANGER, VIEWER, Place, a_place, a_rule

OWN = Rule(name="own", tools=("shop.*",), roles=("operator",))
BOTH = Principal(tenant="acme", actor="person:bia@example.com", grants=(Grant("operator"), Grant("approver")))
APPROVER = Principal(tenant="acme", actor="person:caio@example.com", grants=everywhere("approver"))


async def ticket_of(place: Place, called: Called) -> str:
    await place.desk.drain()
    found = await place.acts.calls.calls.get("acme", called.call.id)
    assert found.ticket is not None
    return found.ticket


async def said_yes(place: Place, called: Called, by: Principal = BOSS) -> Called:
    await place.tickets.move(by, Wish(ticket=await ticket_of(place, called), status="completed", reason="é isso"))
    await place.desk.drain()
    return await place.acts.calls(BOSS, called.call.id)


async def taken_back(place: Place) -> None:
    await place.acts.rules.remove(BOSS, "own")


async def forbidden(place: Place) -> None:
    await place.acts.rules.put(BOSS, Rule(name="stop", tools=("shop.order",), deny=True))


async def suggested(place: Place) -> None:
    await place.acts.rules.put(BOSS, Rule(name="own", tools=("shop.*",), roles=("operator",), autonomy="suggest"))


async def demoted(place: Place) -> None:
    place.rights.now[ANA.actor] = everywhere("viewer")


async def dismissed(place: Place) -> None:
    place.rights.now[ANA.actor] = ()


@pytest.mark.parametrize(
    ("meanwhile", "says"),
    [
        pytest.param(taken_back, "no rule allows it", id="the rule was taken back"),
        pytest.param(forbidden, "the rule “stop” forbids it", id="another rule forbids it"),
        pytest.param(suggested, "a rule lets it be suggested only", id="it may only be suggested"),
        pytest.param(demoted, "no rule allows it", id="whoever asked may only look"),
        pytest.param(dismissed, "may nothing here any more", id="whoever asked is gone"),
    ],
)
async def test_a_call_that_waits_is_not_made_when_it_may_not_be_any_more(
    store: Store, meanwhile: Callable[[Place], Awaitable[None]], says: str
) -> None:
    async with a_place(store, [a_rule(name="boss", people=["person:boss@*"], roles=[])]) as place:
        await place.acts.rules.put(BOSS, OWN)
        called = await place.call(key="k1")
        await ticket_of(place, called)
        await meanwhile(place)
        after = await said_yes(place, called)
        assert (after.call.status, place.shop.done) == ("failed", [])
        assert after.call.error is not None
        assert says in str(retold(after.call.error))
        assert (await place.acts.calls.calls.get("acme", called.call.id)).status == "failed"


async def test_who_may_not_use_a_tool_any_more_still_learns_what_became_of_a_call(store: Store) -> None:
    async with a_place(store, []) as place:
        await place.acts.rules.put(BOSS, OWN)
        called = await place.call()
        await said_yes(place, called)
        await taken_back(place)
        shown = await place.acts.calls(ANA, called.call.id)
        assert (shown.call.status, shown.shown) == ("done", None)


async def test_a_call_that_was_begun_is_not_said_to_have_failed_because_its_rule_is_gone(store: Store) -> None:
    async with a_place(store, []) as place:
        await place.acts.rules.put(BOSS, OWN)
        called = await place.call()
        ticket = await ticket_of(place, called)
        await store.commit(place.acts.calls.calls.take("acme", called.call.id, called.call.deadline, idempotent=False))
        await taken_back(place)
        await place.tickets.move(BOSS, Wish(ticket=ticket, status="completed"))
        await place.desk.drain()
        assert (await place.acts.calls.calls.get("acme", called.call.id)).status == "uncertain"
        assert place.shop.done == []


async def test_what_an_agent_asked_for_is_judged_as_the_agents(store: Store) -> None:
    rules = [a_rule(agents=["buyer"])]
    async with a_place(store, rules, agents={"buyer": ["shop.order"]}) as place:
        wanted = Wanted(tool="shop.order", arguments={"item": "pão", "value": "5"}, agent="buyer")
        called = await place.acts.call(ANA, wanted)
        assert (await said_yes(place, called)).call.status == "done"
        with pytest.raises(Forbidden, match="no rule allows it"):
            await place.acts.call(ANA, Wanted(tool="shop.cancel", arguments={"order": 1}, agent="buyer"))


async def test_what_an_agents_file_does_not_name_it_may_not_whatever_the_rules_say(store: Store) -> None:
    async with a_place(store, [a_rule(agents=["*"], autonomy="act")], agents={"buyer": ["shop.list_orders"]}) as place:
        with pytest.raises(Forbidden):
            await place.acts.call(ANA, Wanted(tool="shop.order", arguments={"item": "pão", "value": "5"}, agent="buyer"))
        assert place.shop.done == []


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(ANA, id="the asker, who is an operator"),
        pytest.param(VIEWER, id="a viewer"),
        pytest.param(STRANGER, id="another tenant's admin"),
        pytest.param(Principal(tenant="acme", actor=APPROVER.actor, grants=everywhere("viewer")), id="an approver who is one no more"),
    ],
)
async def test_only_who_may_approve_does(store: Store, by: Principal) -> None:
    async with a_place(store) as place:
        called = await place.call()
        ticket = await ticket_of(place, called)
        with pytest.raises(Exception, match=r"You may not|There is no ticket"):
            await place.tickets.move(by, Wish(ticket=ticket, status="completed"))
        await place.desk.drain()
        assert place.shop.done == []


async def test_nobody_approves_what_they_asked_for_themselves(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call(by=BOTH)
        with pytest.raises(Forbidden, match="You asked for this yourself"):
            await said_yes(place, called, BOTH)
        assert place.shop.done == []
        assert (await said_yes(place, called, APPROVER)).call.status == "done"


async def test_who_asked_may_take_it_back(store: Store) -> None:
    async with a_place(store) as place:
        called = await place.call(by=BOTH)
        await place.tickets.move(BOTH, Wish(ticket=await ticket_of(place, called), status="failed", reason="engano"))
        await place.desk.drain()
        assert (await place.acts.calls(BOTH, called.call.id)).call.status == "rejected"


async def test_an_admin_approves_their_own(store: Store) -> None:
    async with a_place(store) as place:
        assert (await said_yes(place, await place.call(by=BOSS))).call.status == "done"


async def test_a_yes_counts_once_and_not_after_a_no(store: Store) -> None:
    async with a_place(store) as place:
        called, refused = await place.call(), await place.call(item="bolo", value="5")
        await said_yes(place, called)
        await place.tickets.move(BOSS, Wish(ticket=await ticket_of(place, called), status="completed"))
        ticket = await ticket_of(place, refused)
        await place.tickets.move(BOSS, Wish(ticket=ticket, status="failed", reason="não"))
        await place.desk.drain()
        with pytest.raises(Conflict):
            await place.tickets.move(BOSS, Wish(ticket=ticket, status="completed"))
        await place.tickets.move(ANA, Wish(ticket=ticket, status="open"))
        await place.tickets.move(BOSS, Wish(ticket=ticket, status="completed"))
        await place.desk.drain()
        assert place.shop.done == [("order", "pão")]
