"""A story of runs that no intent began, from any of them."""

import pytest

from hulk.apps.story import Teller, teller_of
from hulk.kernel import ids
from hulk.kernel.errors import NotFound
from hulk.kernel.events import Event
from hulk.modules.finops.settings import FinopsSettings
from hulk.modules.tickets.domain import New
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.runs import KEY, Hand, a_run
from support.tickets import ADMIN, kind, service_over


@pytest.fixture
def teller(store: Store) -> Teller:
    return teller_of(store, Outbox(store, KEY), FinopsSettings())


async def test_runs_that_no_intent_began_stand_below_the_one_that_began_them(store: Store, teller: Teller) -> None:
    first, second, third = (ids.new("run") for _ in range(3))
    hand, event = Hand(store), Event(type="hulk.run.cancelled.v1", subject=third, tenant="acme", actor="ana")
    for run, parent in ((first, None), (second, first), (third, second)):
        await hand.begin(a_run(run, parent=parent))
    await store.commit(Outbox(store, KEY).append(event))
    for wanted in (first, second, third, event.id):
        story = await teller(wanted, "acme", voice("en"))
        assert story["tree"]["id"] == first
        assert story["tree"]["parts"][0]["id"] == second
        assert story["tree"]["parts"][0]["parts"][0]["id"] == third
        assert [one["event_id"] for one in story["events"]] == [event.id]
        with pytest.raises(NotFound, match=wanted):
            await teller(wanted, "other", voice("en"))


async def test_a_ticket_that_no_intent_began_has_its_own_events_and_nobody_else_s(store: Store, teller: Teller) -> None:
    service = await service_over(store)
    await service.register(ADMIN, kind())
    first, second = await service.create(ADMIN, [New(kind="report", title="a"), New(kind="report", title="b")], None)
    await service.comment(ADMIN, first.id, "so it is", None)
    story = await teller(first.id, ADMIN.tenant, voice("en"))
    assert [(one["type"], one["subject"]) for one in story["events"]] == [
        ("hulk.ticket.created.v1", first.id), ("hulk.ticket.commented.v1", first.id),
    ]  # fmt: skip
    assert (await teller(story["events"][1]["event_id"], ADMIN.tenant, voice("en")))["events"] == story["events"]
    assert second.id not in str(story)


async def test_an_event_that_is_of_no_work_has_no_story(store: Store, teller: Teller) -> None:
    event = Event(type="hulk.key.created.v1", subject="key_1", tenant="acme", actor="ana")
    await store.commit(Outbox(store, KEY).append(event))
    with pytest.raises(NotFound, match=event.id):
        await teller(event.id, "acme", voice("en"))
