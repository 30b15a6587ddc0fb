"""What every trail promises (`kernel.events.Trail`): the outbox on both databases, and the list that use cases are tested on."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.events import Event, Trail
from hulk.runtime.outbox import Outbox
from support.memory import Told, at_once
from support.postgres import Postgres
from support.stores import KINDS, a_store


@dataclass(frozen=True)
class Place:
    """A trail, what commits to it, and what reads one intent's events."""

    trail: Trail
    commit: Commit
    read: Callable[[str], Awaitable[list[Event]]]


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    """Each trail in turn."""
    if request.param == "memory":
        told = Told()

        async def listed(intent: str) -> list[Event]:
            return [event for event in told.events if event.intent == intent]

        yield Place(told, at_once, listed)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        outbox = Outbox(store, b"key")

        async def read(intent: str) -> list[Event]:
            return [kept.event for kept in await outbox.of_intent(intent)]

        yield Place(outbox, store.commit, read)


def happened(number: int, tenant: str = "acme", intent: str = "int_1") -> Event:
    data = {"n": number, "x": ["ação \0", None, 1e16, {"deep": True}]}
    return Event(type="hulk.ticket.created.v1", subject=f"tkt_{number}", tenant=tenant, actor="ana", data=data, intent=intent)


async def test_events_are_kept_whole_in_the_order_they_were_told_of_their_tenant(place: Place) -> None:
    events, others = [happened(number) for number in range(6)], [happened(number, "other", "int_2") for number in range(6)]
    await place.commit(place.trail.append(events[0], others[0], *events[1:3]), place.trail.append(events[3], others[1]))
    await place.commit(place.trail.append(*others[2:], *events[4:]))
    assert (await place.read("int_1"), await place.read("int_2")) == (events, others)


async def test_events_of_other_intents_stand_apart(place: Place) -> None:
    mine, theirs = happened(1), happened(2, intent="int_2")
    await place.commit(place.trail.append(mine, theirs))
    assert (await place.read("int_1"), await place.read("int_2"), await place.read("int_3")) == ([mine], [theirs], [])


async def test_what_is_not_committed_did_not_happen(place: Place) -> None:
    place.trail.append(happened(1))
    await place.commit(place.trail.append())
    assert await place.read("int_1") == []
