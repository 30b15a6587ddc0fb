"""Open pages hear that what they show has changed: each its own, and nobody what is not theirs."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from hulk.kernel.events import Event
from hulk.kernel.tenancy import Grant, Principal, Role
from hulk.modules.console.adapters.trail import TrailFeed
from hulk.modules.console.ports import Feed
from hulk.modules.console.usecases import Live
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from support.patience import until, until_found
from support.stores import Another

KEY = b"k" * 32


def somebody(tenant: str = "acme", role: Role = "viewer") -> Principal:
    return Principal(tenant=tenant, actor=f"key:{tenant}", grants=(Grant(role),))


@dataclass
class Watching:
    """Those who look at pages, with what each was told."""

    live: Live
    outbox: Outbox
    store: Store
    group: asyncio.TaskGroup
    told: dict[str, set[str]] = field(default_factory=dict)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def look(self, name: str, who: Principal, *topics: str, about: str = "") -> None:
        """Somebody opens a page; returns once they are told of what happens."""
        self.told[name] = set()
        self.tasks.append(self.group.create_task(self._look(name, who, (*topics, "intent"), about)))

        async def heard() -> bool:
            await self.happens("hulk.intent.accepted.v1", who.tenant)
            return "intent" in self.told[name]

        await until_found(heard)

    async def _look(self, name: str, who: Principal, topics: Collection[str], about: str) -> None:
        async with aclosing(self.live.changes(who, topics, about)) as changes:
            async for changed in changes:
                self.told[name] |= changed

    async def happens(self, kind: str, tenant: str = "acme", subject: str = "x") -> None:
        """Something is committed."""
        await self.store.commit(self.outbox.append(Event(type=kind, subject=subject, tenant=tenant, actor="me")))

    async def hears(self, name: str, topic: str) -> None:
        """Returns once they were told of that."""
        await until(lambda: topic in self.told[name])


@pytest.fixture
async def watching(store: Store) -> AsyncIterator[Watching]:
    """A reader at work, and nobody who looks yet."""
    outbox = Outbox(store, KEY)
    live = Live(TrailFeed(outbox))
    async with asyncio.TaskGroup() as group:
        made = Watching(live, outbox, store, group)
        made.tasks.append(group.create_task(live.run()))
        yield made
        for task in made.tasks:
            task.cancel()


async def test_each_is_told_of_what_their_page_shows(watching: Watching) -> None:
    await watching.look("runs", somebody(), "run")
    await watching.look("tickets", somebody(), "ticket")
    await watching.happens("hulk.run.cancelled.v1")
    await watching.happens("hulk.ticket.created.v1")
    await watching.hears("tickets", "ticket")
    await watching.hears("runs", "run")
    assert watching.told == {"runs": {"run", "intent"}, "tickets": {"ticket", "intent"}}


async def test_another_tenant_hears_nothing(watching: Watching) -> None:
    await watching.look("mine", somebody(), "ticket")
    await watching.look("stranger", somebody("other"), "ticket")
    await watching.happens("hulk.ticket.created.v1")
    await watching.hears("mine", "ticket")
    await watching.happens("hulk.ticket.created.v1", "third")
    assert watching.told["stranger"] == {"intent"}


async def test_who_looks_at_one_thing_is_told_of_that_one(watching: Watching) -> None:
    await watching.look("one", somebody(), about="run_1")
    await watching.look("other", somebody(), about="run_2")
    await watching.happens("hulk.run.replayed.v1", subject="run_1")
    await watching.hears("one", "run")
    assert watching.told["other"] == {"intent"}


async def test_who_has_gone_is_forgotten(watching: Watching) -> None:
    await watching.look("gone", somebody(), "ticket")
    watching.tasks[-1].cancel()
    await watching.look("still", somebody(), "ticket")
    watching.told["gone"].clear()
    await watching.happens("hulk.ticket.created.v1")
    await watching.hears("still", "ticket")
    assert watching.told["gone"] == set()


async def test_what_another_process_commits_is_told_too(watching: Watching, another: Another) -> None:
    await watching.look("here", somebody(), "ticket")
    async with another() as elsewhere:
        event = Event(type="hulk.ticket.created.v1", subject="x", tenant="acme", actor="me")
        await elsewhere.commit(Outbox(elsewhere, KEY).append(event))
        await watching.hears("here", "ticket")


async def test_what_was_found_out_before_somebody_was_told_is_told_apart(watching: Watching) -> None:
    await watching.look("here", somebody(), "ticket")
    before = watching.live.seen("acme")
    await watching.happens("hulk.ticket.created.v1")
    await watching.hears("here", "ticket")
    assert watching.live.seen("acme") > before


async def test_the_feed_tells_what_was_committed_past_a_position_and_that_something_was(store: Store) -> None:
    outbox = Outbox(store, KEY)
    feed: Feed = TrailFeed(outbox)
    first, second, rival = (
        Event(type="hulk.ticket.created.v1", subject=name, tenant=tenant, actor="me")
        for name, tenant in (("a", "acme"), ("b", "acme"), ("c", "rival"))
    )
    assert await feed.position("acme") == 0
    assert not await feed.heard(0)
    await store.commit(outbox.append(first, rival, second))
    assert await feed.heard(5)
    assert not await feed.heard(0)
    assert await feed.position("acme") == 2
    assert [(place, event.id) for place, event in await feed.past("acme", 0)] == [(1, first.id), (2, second.id)]
    assert [place for place, _ in await feed.past("acme", 1)] == [2]
    assert await feed.past("nobody", 0) == []
