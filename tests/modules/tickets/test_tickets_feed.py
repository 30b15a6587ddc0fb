"""What happens, as it happens (`ports.Feed`): nothing missed, nothing twice, from anywhere on, in any process."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from hulk.kernel.events import Event
from hulk.modules.tickets.adapters.feed import TrailFeed
from hulk.modules.tickets.ports import Feed, Happening
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.patience import until
from support.stores import Another
from support.tickets import ticket


def event(number: int, tenant: str = "acme") -> Event:
    return Event(type="hulk.ticket.created.v1", subject=f"tkt_{number}", tenant=tenant, actor="x", data={"n": number})


async def some(feed: AsyncIterator[Sequence[Happening]], count: int) -> list[tuple[int, int]]:
    """Position and number of the next events."""
    found: list[tuple[int, int]] = []
    async for happenings in feed:
        found += [(one.position, one.event.data["n"]) for one in happenings]
        if len(found) >= count:
            return found
    raise AssertionError("it ended")


async def test_who_follows_gets_what_was_and_what_comes_in_order_and_nobody_elses(store: Store, another: Another) -> None:
    outbox = Outbox(store, b"key")
    feed: Feed = TrailFeed(outbox)
    await store.commit(outbox.append(event(1), event(99, "rival"), event(2)))
    async with another() as other, asyncio.TaskGroup() as group:
        elsewhere = Outbox(other, b"key")
        following = [group.create_task(some(feed.follow("acme", after), count)) for after, count in ((0, 602), (1, 601), (2, 600))]
        for n in range(3, 603, 2):
            await store.commit(outbox.append(event(n)))
            await other.commit(elsewhere.append(event(n + 1), event(99, "rival")))
    everything = [(n, n) for n in range(1, 603)]
    assert [one.result() for one in following] == [everything, everything[1:], everything[2:]]


async def test_who_names_no_place_gets_only_what_comes(store: Store) -> None:
    outbox = Outbox(store, b"key")
    await store.commit(outbox.append(event(1)))
    following = TrailFeed(outbox).follow("acme", None)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(some(following, 1))
        await until(lambda: bool(outbox._followers._listeners))  # it looks where the trail ends before it waits
        await store.commit(outbox.append(event(2)))
    assert first.result() == [(2, 2)]


@pytest.mark.parametrize("intent", [None, "int_1"], ids=["of no intent", "of an intent"])
async def test_what_happened_to_a_ticket_is_told_oldest_first_and_only_the_last_of_it(store: Store, intent: str | None) -> None:
    outbox = Outbox(store, b"key")
    one, other = ticket(1, intent=intent), ticket(2, intent=intent)
    about = [(one, "created"), (other, "created"), (one, "commented"), (one, "completed")]
    told = [
        Event(type=f"hulk.ticket.{what}.v1", subject=its.id, tenant=its.tenant, actor="x", intent=intent, data={}) for its, what in about
    ]
    rival = Event(type="hulk.ticket.created.v1", subject=one.id, tenant="rival", actor="x", data={})
    await store.commit(outbox.append(*told, rival))
    feed = TrailFeed(outbox)
    assert [event.id for event in await feed.past(one, 10)] == [told[at].id for at in (0, 2, 3)]
    assert [event.id for event in await feed.past(one, 2)] == [told[at].id for at in (2, 3)]
    assert await feed.past(ticket(3, intent=intent), 10) == []
