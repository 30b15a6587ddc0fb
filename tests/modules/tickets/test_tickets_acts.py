"""What is done with tickets from outside is told: to the trail in the same transaction, and to the runs that wait."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hulk.kernel.durable import Context
from hulk.kernel.errors import Conflict, HulkError, Invalid, OverQuota
from hulk.kernel.records import JsonObject
from hulk.kernel.tenancy import Principal, everywhere
from hulk.kernel.text import Text
from hulk.kernel.time import utc_now
from hulk.modules.tickets import AskPerson, Matter
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.modules.tickets.adapters.sql.tables import lease_table, ticket_table
from hulk.modules.tickets.domain import Assignee, Filter, New, Ticket
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tickets.wiring import Service, serving
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.store import Store
from support.nats import a_bus
from support.patience import until_found
from support.runs import KEY, Flow, a_machine, a_run, row_of
from support.stores import Another
from support.tickets import ADMIN, SECRET, WORKER, Heard, Shelf, around, asked, done, kind, service_over

ANA = Principal(tenant="acme", actor="person:ana", grants=everywhere("approver"))


@pytest.fixture
def heard() -> Heard:
    """What runs hear."""
    return Heard()


@pytest.fixture
async def service(store: Store, heard: Heard) -> Service:
    """The acts, with the kind `report`."""
    made = await service_over(store, heard)
    await made.register(ADMIN, kind())
    return made


async def told(store: Store) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Type, actor and data of all that the trail was told of tickets."""
    query = select(event_table).where(event_table.c.type.like("hulk.ticket.%")).order_by(event_table.c.position)
    rows = await store.read(lambda connection: connection.execute(query).all())
    return [(row.type.removeprefix("hulk.ticket.").removesuffix(".v1"), row.actor, row.data) for row in rows]


def new(number: int = 0, **more: Any) -> New:
    return New(kind="report", title=f"Report {number}", input={"n": number}, **more)


async def test_each_change_is_told_once_with_who_did_it(store: Store, service: Service) -> None:
    first, second = await service.create(WORKER, [new(1, request="a"), new(2, after=("#0",), request="b")])
    await service.create(WORKER, [new(1, request="a")])
    granted = await service.lease(WORKER, asked())
    again = await service.prove(WORKER, granted.token)
    for _ in range(2):
        await service.finish.one(again, done(granted.tickets[0]))
    await service.move(ADMIN, Wish(ticket=second.id, status="cancelled", reason="enough"))
    events = await told(store)
    assert [(what, actor) for what, actor, _ in events] == [
        ("created", "key:worker"), ("created", "key:worker"), ("leased", "key:worker"), ("completed", "key:worker"),
        ("released", "key:worker"), ("cancelled", "key:admin"),
    ]  # fmt: skip
    assert events[2][2]["tickets"] == {first.id: 1}
    assert (events[3][2]["worker"], events[3][2]["lease"], events[3][2]["fence"]) == ("w1", granted.lease.id, 1)
    cancelled = events[5][2]
    assert (cancelled["reason"], cancelled["before"], cancelled["after"]) == ("enough", {"status": "ready"}, {"status": "cancelled"})


async def test_of_many_created_at_once_each_gets_its_own_answer_and_what_is_there_is_what_was_told(store: Store, service: Service) -> None:
    """Their transactions are shared: one that repeats another, one that contradicts it, one that is wrong, one whose caller has gone."""
    await service.create.one(WORKER, new(0, request="r0"))
    wanted = [new(n, request=f"r{n}") for n in range(24)]
    wanted += [new(99, request="r0"), new(5, request="r5"), New(kind="report", title=""), New(kind="nothing", title="x")]
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(answered(service, one)) for one in wanted]
        gone = group.create_task(service.create.one(WORKER, new(50, request="gone")))
        await asyncio.sleep(0)
        gone.cancel()
    answers = [task.result() for task in asking]
    assert len({answer.id for answer in answers[:24] if isinstance(answer, Ticket)}) == 24
    assert [answer.input for answer in answers[:24] if isinstance(answer, Ticket)] == [{"n": n} for n in range(24)]
    assert answers[25] == answers[5]
    assert [type(answer) for answer in (answers[24], *answers[26:])] == [Conflict, Invalid, Invalid]
    await service.create.one(WORKER, new(51))  # what waited before it is on disk
    there = {ticket.id for ticket in (await SqlBoard(store).find(Filter(tenant="acme"), 100)).tickets}
    query = select(event_table.c.subject, event_table.c.position).where(event_table.c.type == "hulk.ticket.created.v1")
    rows = await store.read(lambda connection: connection.execute(query).all())
    assert sorted(row.subject for row in rows) == sorted(there)
    positions = sorted(row.position for row in rows)
    assert positions == list(range(positions[0], positions[0] + len(rows)))


async def answered(service: Service, wanted: New) -> Ticket | HulkError:
    """The ticket, or why there is none."""
    try:
        return await service.create.one(WORKER, wanted)
    except HulkError as error:
        return error


@pytest.mark.parametrize("change", [pytest.param(True, id="changed"), pytest.param(False, id="removed and registered anew")])
async def test_a_ticket_is_judged_by_its_kind_as_another_process_has_left_it(
    store: Store, another: Another, service: Service, change: bool
) -> None:
    strict = {"type": "object", "properties": {"n": {"type": "string"}}}
    await service.create.one(WORKER, new(1))
    async with another() as over:
        elsewhere = await service_over(over)
        if not change:
            await elsewhere.register.remove(ADMIN, "report")
        await elsewhere.register(ADMIN, kind(input_schema=strict))
    with pytest.raises(Invalid):
        await service.create.one(WORKER, new(2))
    assert (await service.create.one(WORKER, New(kind="report", title="x", input={"n": "2"}))).status == "ready"
    assert {ticket.input["n"] for ticket in (await SqlBoard(store).find(Filter(tenant="acme"), 9)).tickets} == {1, "2"}


async def test_what_a_kind_forbade_is_right_as_soon_as_another_process_allows_it(another: Another, service: Service) -> None:
    await service.register(ADMIN, kind(input_schema={"required": ["more"]}))
    with pytest.raises(Invalid):
        await service.create.one(WORKER, new(1))
    async with another() as over:
        await (await service_over(over)).register(ADMIN, kind())
    assert (await service.create.one(WORKER, new(1))).status == "ready"


async def test_what_time_does_is_told_too(store: Store, service: Service) -> None:
    await service.create(WORKER, [new(1, sla=timedelta(milliseconds=1)), new(2)])
    await service.lease(WORKER, asked())
    past = utc_now() - timedelta(minutes=5)
    await store.commit(lambda tx: tx.execute(update(lease_table).values(until=past)))
    await store.commit(lambda tx: tx.execute(update(ticket_table).where(ticket_table.c.late_at.is_not(None)).values(late_at=past)))
    while await service.sweep():
        pass
    assert sorted(what for what, actor, _ in await told(store) if actor == "hulk") == ["lease_lost", "lease_lost", "overdue"]
    assert not await service.sweep()


async def test_a_run_that_waits_hears_of_the_end_once_and_of_what_is_said(service: Service, heard: Heard) -> None:
    ticket = await service.create.one(ADMIN, new(1, waiter="run_1", assignee=Assignee("person")))
    await service.comment(ANA, ticket.id, "hm", "c1")
    await service.comment(ANA, ticket.id, "hm", "c1")
    for _ in range(2):
        await service.move(ANA, Wish(ticket=ticket.id, status="failed", reason="caro"))
    signals = [(run, name, payload["act"], payload["status"]) for run, name, payload in heard.signals if isinstance(payload, dict)]
    assert signals == [("run_1", ticket.id, "comment", "open"), ("run_1", ticket.id, "ended", "failed")]


async def test_a_run_that_waits_hears_when_its_ticket_is_skipped(service: Service, heard: Heard) -> None:
    await service.create(ADMIN, [new(1), new(2, after=("#0",), waiter="run_2")])
    granted = await service.lease(WORKER, asked())
    await service.finish.one(granted.lease, done(granted.tickets[0], how="failed", result=None))
    assert [(run, payload["status"]) for run, _, payload in heard.signals if isinstance(payload, dict)] == [("run_2", "skipped")]


async def test_a_run_waits_for_a_person_over_a_restart_and_goes_on_with_the_answer(store: Store, tmp_path: Path) -> None:
    """The whole way, with workflows at work: asked, commented on, the process gone and back, approved."""
    board = SqlBoard(store)
    ask = AskPerson(board, Outbox(store, KEY), utc_now)

    async def buying(context: Context, _: JsonObject) -> JsonObject:
        return await ask(context, "ask", Matter(kind="purchase", title=Text("{title}", title="Comprar?"), input={"amount": 7}))

    async def find() -> list[str]:
        return [one.id for one in (await board.find(Filter(tenant="acme"), 10)).tickets]

    async with a_bus(tmp_path) as bus:
        async with a_machine(store, bus, {"flow": Flow(buying)}) as machine:
            await machine.begin(a_run())
            await until_found(lambda: _any(find))
            service = await serving(store, Outbox(store, KEY), machine.workflows, around(), secret=SECRET, rotation=timedelta(days=1))
            [ticket] = await find()
            await service.comment(ANA, ticket, "de quem?")
            await machine.is_("run_1", "waiting")
        async with a_machine(store, bus, {"flow": Flow(buying)}) as machine:
            service = await serving(store, Outbox(store, KEY), machine.workflows, around(), secret=SECRET, rotation=timedelta(days=1))
            await service.move(ANA, Wish(ticket=ticket, status="completed", result={"supplier": "x"}))
            await machine.is_("run_1", "completed")
            result = (await row_of(store, "run_1")).result
    assert len(await find()) == 1
    assert (result["status"], result["result"], result["actor"]) == ("completed", {"supplier": "x"}, "person:ana")
    assert result["comments"] == [{"actor": "person:ana", "text": "de quem?"}]


async def _any(find: Any) -> bool:
    return bool(await find())


async def test_open_tickets_take_room_until_they_end(store: Store) -> None:
    shelf = Shelf(most=4)
    service = await service_over(store, room=shelf)
    await service.register(ADMIN, kind())
    await service.create(WORKER, [new(1, request="a"), new(2, after=("#0",)), new(3)])
    await service.create(WORKER, [new(1, request="a")])
    assert shelf.taken == 3
    with pytest.raises(OverQuota):
        await service.create(WORKER, [new(4), new(5)])
    last = await service.create.one(WORKER, new(6))
    with pytest.raises(OverQuota):
        await service.create.one(WORKER, new(7))
    assert len((await service.find(ADMIN, Filter(tenant="acme"))).tickets) == 4
    granted = await service.lease(WORKER, asked(1))
    await service.finish.one(granted.lease, done(granted.tickets[0], how="failed", result=None))
    assert shelf.taken == 2, "the one that failed, and the one that is skipped with it"
    await service.move(ADMIN, Wish(ticket=last.id, status="cancelled"))
    await service.move(ADMIN, Wish(ticket=last.id, status="open"))
    assert shelf.taken == 2


async def test_many_who_ask_for_work_at_once_share_what_there_is(service: Service) -> None:
    await service.create(WORKER, [new(n) for n in range(30)])
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(service.lease(WORKER, asked(2))) for _ in range(20)]
    taken = [one.id for task in asking for one in task.result().tickets]
    assert (len(taken), len(set(taken))) == (30, 30)


async def test_what_asked_people_before_there_were_deadlines_has_one_and_its_run_goes_on(store: Store, tmp_path: Path) -> None:
    board, ask = SqlBoard(store), AskPerson(SqlBoard(store), Outbox(store, KEY), utc_now)

    async def buying(context: Context, _: JsonObject) -> JsonObject:
        return await ask(context, "ask", Matter(kind="purchase", title=Text("{title}", title="Comprar?")))

    async def waits() -> bool:
        return bool((await board.find(Filter(tenant="acme"), 10)).tickets)

    async with a_bus(tmp_path) as bus, a_machine(store, bus, {"flow": Flow(buying)}) as machine:
        await machine.begin(a_run())
        await until_found(waits)
        service = await serving(store, Outbox(store, KEY), machine.workflows, around(), secret=SECRET, rotation=timedelta(days=1))
        assert await service.bound({"purchase": timedelta(0)}) == 1
        assert await service.bound({"purchase": timedelta(0)}) == 0
        assert not await service.sweep()
        await machine.is_("run_1", "completed")
        result = (await row_of(store, "run_1")).result
    assert (result["status"], result["problem"]["code"]) == ("failed", "deadline")
    assert [what for what, _, _ in await told(store)] == ["created", "bounded", "failed"]
