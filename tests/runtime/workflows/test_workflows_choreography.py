"""Events that begin runs: once each, in any process, also after a restart, and whatever one reaction does to its own events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from hulk.kernel.durable import Context, Retry, Started
from hulk.kernel.errors import Conflict, Refused, Unavailable
from hulk.kernel.events import Event
from hulk.kernel.flow import Flow as Rules
from hulk.kernel.flow import Rate
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import EVENTS, Bus, connect, embedded, to_message
from hulk.runtime.bus.answers import NoSuch
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, opened
from hulk.runtime.workflows import Workflows
from hulk.runtime.workflows.choreography import caused
from hulk.runtime.workflows.tables import run_table
from support.cable import a_cable
from support.nats import a_bus
from support.postgres import Postgres
from support.runs import KEY, Flow, giving
from support.stores import Another

COMPLETED = "hulk.ticket.completed.v1"
SOON = Retry(attempts=2)
MINE = "on-hulk-ticket-completed-v1-mine"


async def bill_body(context: Context, data: JsonObject) -> JsonObject:
    return {"ticket": await context.step("bill", giving(data["ticket"]))}


def bill(event: Event) -> Started | None:
    return None if event.data.get("free") else Started(workflow="bill", data={"ticket": event.subject}, tenant="-", id="")


def completed(number: int, event_type: str = COMPLETED, **data: Any) -> Event:
    return Event(type=event_type, subject=f"tkt_{number}", tenant="acme", actor="ana", data=data, intent="int_1", id=f"evt_{number}")


async def publish(bus: Bus, *events: Event) -> None:
    for event in events:
        subject, headers, body = to_message(event)
        await bus.publish(subject, body, headers)


@asynccontextmanager
async def reacting(store: Store, bus: Bus, *, working: bool = True) -> AsyncIterator[Workflows]:
    """Workflows that bill completed tickets."""
    workflows = Workflows(store, bus, Outbox(store, KEY), slots=4, queue_size=1000, limit=timedelta(seconds=5))
    workflows.register("bill", Flow(bill_body))
    workflows.on(COMPLETED, bill, name="billing", past=True)
    if not working:
        yield workflows
        return
    async with workflows.working(sole=False, grace=timedelta(seconds=2)):
        yield workflows


async def bills(store: Store, count: int, *, within: float = 15) -> list[Any]:
    """The rows of the runs that bill, once that many have ended."""
    async with asyncio.timeout(within):
        while True:
            query = select(run_table).where(run_table.c.status == "completed").order_by(run_table.c.created)
            rows = await store.read(lambda connection: list(connection.execute(query)))  # noqa: B023  # called at once
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.02)


async def settled(bus: Bus, consumer: str) -> None:
    """Wait until the consumer has dealt with all there is; it is made by who takes from it, which may be still to come."""
    async with asyncio.timeout(15):
        while not await _nothing_left(bus, consumer):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.02)


async def _nothing_left(bus: Bus, consumer: str) -> bool:
    """By the last message of its subject: what the server calls pending is told a moment after a message was acknowledged to its sender."""
    try:
        info = await bus.ask(f"CONSUMER.INFO.{EVENTS}.{consumer}")
    except NoSuch:
        return False
    (subject,) = info["config"]["filter_subjects"]
    last = (await bus.ask(f"STREAM.MSG.GET.{EVENTS}", {"last_by_subj": subject}))["message"]["seq"]
    return bool(info["delivered"]["stream_seq"] >= last and info["num_ack_pending"] == 0)


async def test_an_event_begins_a_run_of_its_tenant_caused_by_it(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, reacting(store, bus):
        await publish(bus, completed(1))
        (row,) = await bills(store, 1)
    assert (row.tenant, row.intent, row.cause, row.result) == ("acme", "int_1", "evt_1", {"ticket": "tkt_1"})
    assert row.id == caused(Started(workflow="bill", data={}, tenant="-", id=""), completed(1)).id


async def test_an_event_that_comes_again_begins_nothing(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, reacting(store, bus):
        await publish(bus, completed(1), completed(1), completed(2), completed(1))
        await settled(bus, "on-hulk-ticket-completed-v1-billing")
        assert len(await bills(store, 2)) == 2


async def test_only_events_of_the_type_that_the_reaction_wants_begin_something(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, reacting(store, bus):
        await publish(bus, completed(1, "hulk.ticket.completed.v2"), completed(2, free=True), completed(3, "hulk.ticket.created.v1"))
        await publish(bus, completed(4))
        await settled(bus, "on-hulk-ticket-completed-v1-billing")
        assert [row.cause for row in await bills(store, 1)] == ["evt_4"]


async def test_what_is_told_while_no_process_runs_begins_its_run_at_the_next_start(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        async with reacting(store, bus):
            await publish(bus, completed(1))
            await bills(store, 1)
        await publish(bus, completed(2), completed(3))
        async with reacting(store, bus):
            assert {row.cause for row in await bills(store, 3)} == {"evt_1", "evt_2", "evt_3"}


async def test_processes_share_the_events_and_each_run_is_begun_once(store: Store, another: Another, tmp_path: Path) -> None:
    async with embedded(tmp_path / "nats") as nats, connect(nats.address) as bus, connect(nats.address) as bus_too, another() as too:
        await bus.ensure_streams(max_tasks=1000)
        async with reacting(store, bus), reacting(too, bus_too):
            await publish(bus, *(completed(number) for number in range(100)))
            rows = await bills(store, 100)
    assert sorted(row.cause for row in rows) == sorted(f"evt_{number}" for number in range(100))


@asynccontextmanager
async def reacting_by(store: Store, bus: Bus, react: Any, **more: Any) -> AsyncIterator[Workflows]:
    """Workflows with that reaction, which has little patience."""
    workflows = Workflows(store, bus, Outbox(store, KEY), slots=4, queue_size=1000, limit=timedelta(seconds=5))
    workflows.register("bill", Flow(bill_body))
    workflows.on(COMPLETED, react, name="mine", retry=SOON, **more)
    async with workflows.working(sole=False, grace=timedelta(seconds=2)):
        yield workflows


async def letters(store: Store, count: int) -> list[Any]:
    """The dead letters, once there are that many."""
    query = select(run_table).where(run_table.c.dead)
    async with asyncio.timeout(15):
        while True:
            rows = await store.read(lambda connection: list(connection.execute(query)))
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.02)


async def _told_of_failures(bus: Bus, count: int) -> None:
    """Wait until that many events tell of a run that failed."""
    async with asyncio.timeout(15):
        while True:
            info = await bus.ask(f"STREAM.INFO.{EVENTS}", {"subjects_filter": "hulk.task.failed"})
            if info["state"].get("subjects") == {"hulk.task.failed": count}:
                return
            await asyncio.sleep(0.02)


async def begun(store: Store) -> set[str]:
    query = select(run_table.c.cause).where(run_table.c.workflow == "bill")
    return await store.read(lambda connection: set(connection.execute(query).scalars()))


async def test_an_event_that_a_reaction_cannot_deal_with_ends_as_a_dead_letter_and_keeps_no_other_waiting(
    store: Store, tmp_path: Path
) -> None:
    tried = list[str]()

    async def picky(event: Event) -> Started | None:
        tried.append(event.id)
        if event.data.get("bad"):
            raise ValueError("secret")
        return bill(event)

    async with a_bus(tmp_path) as bus, reacting_by(store, bus, picky, past=True):
        await publish(bus, *(completed(number, bad=number == 0) for number in range(70)))
        (letter,) = await letters(store, 1)
        await settled(bus, "on-hulk-ticket-completed-v1-mine")
    assert tried.count("evt_0") == 3
    assert await begun(store) == {f"evt_{number}" for number in range(1, 70)}
    assert (letter.tenant, letter.workflow, letter.intent, letter.cause) == ("acme", MINE, "int_1", "evt_0")
    assert letter.error["text"]["values"] == {"kind": "ValueError"}


async def test_a_dead_letter_of_an_event_is_replayed_as_any_other_and_then_begins_what_it_should(store: Store, tmp_path: Path) -> None:
    away = True

    def picky(event: Event) -> Started | None:
        if away:
            raise Refused("There is no price for {ticket}.", ticket=event.subject)
        return bill(event)

    async with a_bus(tmp_path) as bus, reacting_by(store, bus, picky, past=True) as workflows:
        await publish(bus, completed(1))
        (letter,) = await letters(store, 1)
        assert letter.error["text"]["values"] == {"ticket": "tkt_1"}
        away = False
        await store.commit(workflows.steering.replay(letter.id, "ana"))
        rows = await bills(store, 2)
    first, second = sorted(rows, key=lambda row: row.workflow)
    assert (first.result, second.result) == ({"ticket": "tkt_1"}, {"run": first.id})


async def test_what_fails_for_a_moment_begins_its_run_a_moment_later(store: Store, tmp_path: Path) -> None:
    tried = list[str]()

    def shaky(event: Event) -> Started | None:
        tried.append(event.id)
        if len(tried) < 3:
            raise Unavailable("The price list does not answer.")
        return bill(event)

    async with a_bus(tmp_path) as bus, reacting_by(store, bus, shaky, past=True):
        await publish(bus, completed(1))
        assert len(await bills(store, 2)) == 2
    assert tried == ["evt_1"] * 3


async def test_the_failure_of_a_reaction_does_not_feed_reactions_that_fail_for_ever(store: Store, tmp_path: Path) -> None:
    async def broken(event: Event) -> Started | None:
        raise ValueError(event.subject)

    async with a_bus(tmp_path) as bus:
        workflows = Workflows(store, bus, Outbox(store, KEY), slots=4, queue_size=1000, limit=timedelta(seconds=5))
        workflows.on("hulk.task.failed.v1", broken, name="one", retry=Retry(attempts=1), past=True)
        workflows.on("hulk.task.failed.v1", broken, name="two", retry=Retry(attempts=1), past=True)
        async with workflows.working(sole=False, grace=timedelta(seconds=2)):
            await publish(bus, completed(1, "hulk.task.failed.v1"))
            await letters(store, 2)
            await _told_of_failures(bus, 3)
            for name in ("one", "two"):
                await settled(bus, f"on-hulk-task-failed-v1-{name}")
        assert len(await letters(store, 2)) == 2


async def test_a_message_that_is_no_event_is_let_go(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, reacting_by(store, bus, bill, past=True):
        await bus.publish("hulk.ticket.completed", b"not one of ours")
        await publish(bus, completed(1))
        await settled(bus, "on-hulk-ticket-completed-v1-mine")
    assert await begun(store) == {"evt_1"}


async def test_a_new_reaction_knows_only_what_is_told_from_then_on(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus:
        await publish(bus, completed(1))
        async with reacting_by(store, bus, bill):
            await asyncio.sleep(0.3)
        await publish(bus, completed(2))
        async with reacting_by(store, bus, bill):
            await settled(bus, "on-hulk-ticket-completed-v1-mine")
    assert await begun(store) == {"evt_2"}


async def test_names_of_reactions_are_usable_and_taken_once(store: Store, tmp_path: Path) -> None:
    async with a_bus(tmp_path) as bus, reacting(store, bus, working=False) as workflows:
        with pytest.raises(Refused, match="“<lambda>” cannot be the name of a reaction"):
            workflows.on(COMPLETED, lambda _: None)
        with pytest.raises(Conflict, match=r"There is a reaction named “billing” to hulk\.ticket\.completed\.v1 already"):
            workflows.on(COMPLETED, bill, name="billing")
        workflows.on(COMPLETED, bill)


async def test_an_event_whose_run_is_over_its_rate_waits_its_turn(store: Store, tmp_path: Path) -> None:
    def paced(event: Event) -> Started:
        flow = Rules(rate=Rate(key="bills", most=1, period=timedelta(seconds=0.5)))
        return Started(workflow="bill", data={"ticket": event.subject}, tenant="-", id="", flow=flow)

    async with a_bus(tmp_path) as bus, reacting_by(store, bus, paced, past=True):
        await publish(bus, completed(1), completed(2), completed(3))
        await settled(bus, "on-hulk-ticket-completed-v1-mine")
    assert await begun(store) == {"evt_1", "evt_2", "evt_3"}


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(Started(workflow="bill", data={"ticket": object()}, tenant="-", id=""), id="its data is not JSON"),
        pytest.param(Started(workflow="bill", data={}, tenant="-", id="", queue=cast("str", None)), id="the store refuses it"),
    ],
)
async def test_an_event_whose_run_cannot_be_begun_as_it_is_ends_as_a_dead_letter(store: Store, tmp_path: Path, run: Started) -> None:
    async with a_bus(tmp_path) as bus, reacting_by(store, bus, lambda _: run, past=True):
        await publish(bus, completed(1))
        (letter,) = await letters(store, 1)
    assert (letter.cause, letter.failures) == ("evt_1", 1)
    assert await begun(store) == set()


async def test_a_failure_that_cannot_be_kept_now_is_kept_when_the_store_is_back(postgres: Callable[[], Postgres], tmp_path: Path) -> None:
    tried = asyncio.Event()

    async def broken(_: Event) -> Started | None:
        if not tried.is_set():
            await asyncio.to_thread(cable.set, "cut")
        tried.set()
        raise ValueError("secret")

    server = postgres()
    url = server.database()
    with a_cable(server.folder / ".s.PGSQL.5432", tmp_path / ".s.PGSQL.5432") as cable:
        async with opened(url.replace(str(server.folder), str(tmp_path)), tmp_path) as store, a_bus(tmp_path) as bus:
            with capture_logs() as logs:
                async with reacting_by(store, bus, broken, past=True):
                    await publish(bus, completed(1))
                    async with asyncio.timeout(20):
                        while not [one for one in logs if one["event"] == "reaction_failed"]:  # noqa: ASYNC110
                            await asyncio.sleep(0.02)
                    await asyncio.sleep(0.5)
                    await asyncio.to_thread(cable.set, "whole")
                    (letter,) = await letters(store, 1)
    assert letter.cause == "evt_1"
