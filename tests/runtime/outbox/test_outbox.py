"""The trail: one unbroken chain per tenant whoever writes, and each event told to the bus and to followers once, in order."""

import asyncio
import os
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.msg import Msg
from sqlalchemy import func, select

from hulk.kernel.errors import Refused
from hulk.kernel.events import GENESIS, Event, link, seal
from hulk.runtime.bus import EVENTS, Bus, connect, embedded, from_message
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.outbox import Kept, Outbox, event_table, head_table, kept
from hulk.runtime.outbox.relay import Relay, _unsent
from hulk.runtime.outbox.tables import outbox_table
from hulk.runtime.store import Store, Transaction
from support.nats import a_bus
from support.stores import Another

KEY = b"key"


def happened(number: int, tenant: str = "acme", intent: str | None = "int_1", **data: object) -> Event:
    return Event(
        type="hulk.ticket.created.v1", subject=f"tkt_{number}", tenant=tenant, actor="me", intent=intent, data={"n": number, **data}
    )


async def trail(store: Store, tenant: str) -> list[Kept]:
    query = select(event_table).where(event_table.c.tenant == tenant).order_by(event_table.c.position)
    return await store.read(lambda connection: [kept(row) for row in connection.execute(query)])


async def unsent(store: Store) -> int:
    return await store.read(lambda connection: int(connection.execute(select(func.count()).select_from(outbox_table)).scalar_one()))


async def assert_whole(store: Store, tenant: str) -> list[Kept]:
    """The tenant's chain follows from its beginning to its marked head; gives its entries."""
    entries, previous = await trail(store, tenant), GENESIS
    for position, one in enumerate(entries, 1):
        previous = link(previous, position, one.event)
        assert (one.position, one.hash) == (position, previous)
    query = select(head_table).where(head_table.c.tenant == tenant)
    head = await store.read(lambda connection: connection.execute(query).one())
    assert (head.position, head.hash, head.seal) == (len(entries), previous, seal(KEY, tenant, len(entries), previous))
    assert [one.sequence for one in entries] == sorted(one.sequence for one in entries)
    return entries


async def test_what_is_appended_in_one_change_stands_in_that_order(store: Store) -> None:
    outbox = Outbox(store, KEY)
    await store.commit(outbox.append(*(happened(number) for number in range(20))), outbox.append(happened(20)))
    assert [one.event.data["n"] for one in await assert_whole(store, "acme")] == list(range(21))


async def test_an_event_comes_back_as_it_was(store: Store) -> None:
    data = {"big": 10**30, "float": 1e16, "minus": -0.0, "text": "ação \x00 “x”", "deep": [{"a": None}, [True, 1.5]]}
    event = Event(
        type="hulk.x.y.v1", subject="s", tenant="t", actor="ana", data=data, intent="int_2", trace="00-a-b-01", source="hulk/test"
    )
    await store.commit(Outbox(store, KEY).append(event))
    (one,) = await assert_whole(store, "t")
    assert one.event == event


async def test_a_chain_stays_whole_under_many_writers_and_failing_ones(store: Store) -> None:
    outbox = Outbox(store, KEY)

    async def write(number: int) -> None:
        def refuse(_: Transaction) -> None:
            raise Refused("no")

        event = outbox.append(happened(number, f"tenant-{number % 3}"))
        if number % 10 == 3:
            with pytest.raises(Refused):
                await store.commit(event, refuse)
        else:
            await store.commit(event)

    async with asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(write(number))
    found = [one.event.data["n"] for tenant in range(3) for one in await assert_whole(store, f"tenant-{tenant}")]
    assert sorted(found) == [number for number in range(300) if number % 10 != 3]


async def test_a_chain_stays_whole_when_two_processes_write_it_in_opposite_orders_of_tenants(store: Store, another: Another) -> None:
    async with another() as other, asyncio.TaskGroup() as group:
        for one, tenants in ((store, "abc"), (other, "cba")):
            outbox = Outbox(one, KEY)
            for number in range(60):
                group.create_task(one.commit(*(outbox.append(happened(number, tenant)) for tenant in tenants)))
    for tenant in "abc":
        assert len(await assert_whole(store, tenant)) == 120


@asynccontextmanager
async def following(outbox: Outbox, intent: str, after: int = 0) -> AsyncIterator[list[int]]:
    """What a follower has seen so far."""
    seen = list[int]()

    async def follow() -> None:
        async for one in outbox.follow(intent, after):
            seen.append(one.event.data["n"])

    async with meanwhile(follow()):
        yield seen


async def until(reached: Callable[[], bool], within: float = 15) -> None:
    async with asyncio.timeout(within):
        while not reached():  # noqa: ASYNC110  # what is watched is a plain list
            await asyncio.sleep(0.01)


async def test_a_follower_sees_every_event_of_its_intent_once_while_two_processes_commit_them(store: Store, another: Another) -> None:
    outbox = Outbox(store, KEY)
    async with another() as other, following(outbox, "int_1") as seen:
        elsewhere = Outbox(other, KEY)

        async def write(one: Store, box: Outbox, numbers: range) -> None:
            for number in numbers:
                await one.commit(box.append(happened(number), happened(-1, intent="int_other"), happened(-2, "other", intent=None)))

        async with asyncio.TaskGroup() as group:
            for part in range(4):
                group.create_task(write(store, outbox, range(part * 40, part * 40 + 20)))
                group.create_task(write(other, elsewhere, range(part * 40 + 20, part * 40 + 40)))
        await until(lambda: len(seen) >= 160)
        assert seen == [one.event.data["n"] for one in await outbox.of_intent("int_1")]
        assert sorted(seen) == list(range(160))


async def test_a_follower_is_told_at_once_of_what_its_own_process_commits(store: Store) -> None:
    outbox = Outbox(store, KEY)
    async with following(outbox, "int_1") as seen:
        await asyncio.sleep(0.05)
        await store.commit(outbox.append(happened(1)))
        await until(lambda: seen == [1], within=0.5)


async def test_a_follower_goes_on_from_where_it_was(store: Store) -> None:
    outbox = Outbox(store, KEY)
    await store.commit(outbox.append(*(happened(number) for number in range(10))))
    middle = (await outbox.of_intent("int_1"))[4].sequence
    async with following(outbox, "int_1", middle) as seen:
        await until(lambda: len(seen) == 5)
        assert seen == [5, 6, 7, 8, 9]


async def test_a_follower_that_leaves_is_forgotten(store: Store) -> None:
    outbox = Outbox(store, KEY)
    async with following(outbox, "int_1"):
        await asyncio.sleep(0.05)
    await until(lambda: not outbox._followers._listeners, within=1)


async def published(bus: Bus, count: int) -> dict[str, list[int]]:
    """What stands in the stream of events, by tenant, once that many are there, and what comes in the next moment."""
    found, total = defaultdict[str, list[int]](list), 0
    async with bus.pull(EVENTS, "test", ["hulk.ticket.>"], ack_wait=30, max_ack_pending=10_000) as pull, asyncio.timeout(20):
        while messages := await pull.fetch(500, 5.0 if total < count else 0.3):
            for message in messages:
                event = from_message(message.headers, message.data)
                found[event.tenant].append(event.data["n"])
                await message.ack()
                total += 1
    return dict(found)


async def test_the_relay_publishes_each_event_once_and_in_order_of_its_tenant(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store, KEY)
    async with a_bus(tmp_path) as bus, meanwhile(Relay(store, outbox, bus).run()):
        async with asyncio.TaskGroup() as group:
            for number in range(450):
                group.create_task(store.commit(outbox.append(happened(number, f"tenant-{number % 2}"))))
        assert await published(bus, 450) == {f"tenant-{part}": list(range(part, 450, 2)) for part in range(2)}
        assert await unsent(store) == 0


async def test_keys_that_were_made_are_told_to_the_bus(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store, KEY)
    made = Event(type="hulk.key.created.v1", subject="key_1", tenant="acme", actor="ana", data={"prefix": "nr3xa1x1"})
    async with a_bus(tmp_path) as bus, meanwhile(Relay(store, outbox, bus).run()):
        await store.commit(outbox.append(made))
        async with bus.pull(EVENTS, "keys", ["hulk.key.>"], ack_wait=30, max_ack_pending=10) as pull:
            [message] = await pull.fetch(1, 10.0)
    assert from_message(message.headers, message.data) == made


async def test_two_relays_publish_each_event_once_and_in_order(store: Store, another: Another, tmp_path: Path) -> None:
    async with (
        another() as other,
        embedded(tmp_path / "nats") as server,
        connect(server.address) as bus,
        connect(server.address) as bus_too,
    ):
        await bus.ensure_streams(max_tasks=10)
        outbox, elsewhere = Outbox(store, KEY), Outbox(other, KEY)
        sent = Counter[str]()

        async def heard(message: Msg) -> None:
            sent[str((message.headers or {})["Nats-Msg-Id"])] += 1

        async with (
            bus.line.listening("hulk.ticket.>", heard),
            meanwhile(Relay(store, outbox, bus).run()),
            meanwhile(Relay(other, elsewhere, bus_too).run()),
        ):
            for number in range(100):
                one, box = (store, outbox) if number % 2 else (other, elsewhere)
                await one.commit(box.append(happened(number)))
            assert await published(bus, 100) == {"acme": list(range(100))}
            await until_async(lambda: unsent(store), 0)
        assert len(sent) == 100
        if store.dialect == "postgresql":  # of SQLite there are no two processes: the stream drops what comes twice
            assert set(sent.values()) == {1}


async def until_async(read: Callable[[], object], wanted: object) -> None:
    async with asyncio.timeout(10):
        while await read() != wanted:  # type: ignore[misc]  # noqa: ASYNC110  # a coroutine function
            await asyncio.sleep(0.05)


async def test_the_relay_publishes_after_a_time_without_the_bus(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store, KEY)
    async with embedded(tmp_path / "nats") as server, connect(server.address) as bus:
        await bus.ensure_streams(max_tasks=10)
        async with meanwhile(Relay(store, outbox, bus).run()):
            os.kill(server.pid, signal.SIGKILL)
            await store.commit(*(outbox.append(happened(number)) for number in range(30)))
            await until_async(lambda: unsent(store), 0)
            assert await published(bus, 30) == {"acme": list(range(30))}


async def test_what_was_published_but_not_noted_when_the_process_died_is_not_there_twice(store: Store, tmp_path: Path) -> None:
    outbox = Outbox(store, KEY)
    async with a_bus(tmp_path) as bus:
        await store.commit(*(outbox.append(happened(number)) for number in range(30)))
        dying = Relay(store, outbox, bus)
        await dying._publish([one.letter() for one in (await store.read(_unsent))[:20]])
        assert await unsent(store) == 30
        async with meanwhile(Relay(store, outbox, bus).run()):
            await until_async(lambda: unsent(store), 0)
            assert await published(bus, 30) == {"acme": list(range(30))}


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(happened(-1, blob="x" * 5_000_000), id="larger than the bus takes"),
        pytest.param(Event(type="hulk.elsewhere.noted.v1", subject="it", tenant="acme", actor="me"), id="of a kind that no stream takes"),
    ],
)
async def test_an_event_that_cannot_be_published_does_not_hold_up_the_others(store: Store, tmp_path: Path, odd: Event) -> None:
    outbox = Outbox(store, KEY)
    async with a_bus(tmp_path) as bus, meanwhile(Relay(store, outbox, bus).run()):
        await store.commit(outbox.append(happened(1), odd, happened(2)))
        assert await published(bus, 2) == {"acme": [1, 2]}
    assert len(await assert_whole(store, "acme")) == 3
