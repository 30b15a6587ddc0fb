"""The conformance of `ports.Tickets`, for SqlTickets on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.text import Text
from hulk.modules.tickets import Artefact, Status, Ticket, Tickets
from hulk.modules.tickets.adapters.sql import SqlTickets, ticket_table
from hulk.modules.tickets.domain import moved
from hulk.runtime.store import Store
from support.stores import Another

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
STATUSES: tuple[Status, ...] = get_args(Status)


@pytest.fixture
def tickets(store: Store) -> Tickets:
    """The adapter under test."""
    return SqlTickets(store, lambda: START + timedelta(hours=1))


def ticket(number: int, **more: Any) -> Ticket:
    fields: dict[str, Any] = {
        "id": f"tkt_{number:03}", "plan": "pln_1", "intent": "int_1", "tenant": "acme", "key": f"k{number}", "kind": "files.churn",
        "title": Text("Review {file}", file=f"f{number}.py"), "status": "open", "input": {"n": number}, "after": (),
        "created": START + timedelta(seconds=number),
    }  # fmt: skip
    return Ticket(**fields | more)


async def test_a_ticket_comes_back_as_it_was_opened(store: Store, tickets: Tickets) -> None:
    one = ticket(1, after=("a", "b"), required=False, owner="person", priority="high", title=Text("{a} of {b}", a=1, b=Text("x")))
    await store.commit(tickets.open([one]))
    assert await tickets.get("tkt_001") == one


async def test_opening_again_leaves_what_is_there(store: Store, tickets: Tickets) -> None:
    await store.commit(tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"), tickets.open([ticket(1, kind="other"), ticket(2)]))
    assert [(one.status, one.kind) for one in await tickets.of_plan("pln_1")] == [("ready", "files.churn"), ("open", "files.churn")]


async def test_an_unknown_ticket_is_not_found(tickets: Tickets) -> None:
    with pytest.raises(NotFound, match="tkt_404"):
        await tickets.get("tkt_404")


async def test_a_ticket_goes_from_open_by_ready_and_running_to_its_end(store: Store, tickets: Tickets) -> None:
    await store.commit(tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"))
    assert await tickets.get("tkt_001") == ticket(1, status="ready", run="run_1")
    await store.commit(tickets.start("tkt_001"))
    assert (await tickets.get("tkt_001")).status == "running"
    assert await store.commit(tickets.end("tkt_001", "completed", result={"answer": 42})) == [True]
    ended = ticket(1, status="completed", run="run_1", result={"answer": 42}, ended=START + timedelta(hours=1))
    assert await tickets.get("tkt_001") == ended


@pytest.mark.parametrize("now", STATUSES)
@pytest.mark.parametrize("wanted", ["ready", "running", "completed", "failed", "skipped"])
async def test_the_store_lets_a_ticket_become_just_what_the_rules_let_it(
    store: Store, tickets: Tickets, now: Status, wanted: Status
) -> None:
    """Only what is begun may be started: the way by the acts is narrower than the rules there, never wider."""
    await store.commit(tickets.open([ticket(1, status=now)]))
    match wanted:
        case "ready":
            await store.commit(tickets.begin("tkt_001", "run_1"))
        case "running":
            await store.commit(tickets.start("tkt_001"))
        case _:
            (changed,) = await store.commit(tickets.end("tkt_001", wanted))
            assert changed == _allowed(now, wanted)
    assert (await tickets.get("tkt_001")).status == (wanted if _allowed(now, wanted) else now)


def _allowed(now: Status, wanted: Status) -> bool:
    try:
        moved(ticket(1, status=now), wanted)
    except Conflict:
        return False
    return True


async def test_of_many_who_end_a_ticket_at_once_one_does(store: Store, another: Another) -> None:
    async with another() as other:
        both = [(one, SqlTickets(one)) for one in (store, other)]
        await store.commit(both[0][1].open([ticket(1, status="running")]))
        async with asyncio.TaskGroup() as group:
            ends = [
                group.create_task(one.commit(kept.end("tkt_001", "completed" if number % 2 else "failed", result={"by": number})))
                for number in range(20)
                for one, kept in both
            ]
        assert sorted(task.result()[0] for task in ends) == [False] * 39 + [True]
        winner = next(place // 2 for place, task in enumerate(ends) if task.result() == [True])
        assert (await both[0][1].get("tkt_001")).result == {"by": winner}


async def test_a_ticket_that_failed_tells_why(store: Store, tickets: Tickets) -> None:
    problem = {"code": "refused", "text": {"msgid": "no {x}", "values": {"x": "é"}}}
    await store.commit(tickets.open([ticket(1)]), tickets.end("tkt_001", "failed", problem=problem))
    assert (await tickets.get("tkt_001")).problem == problem


async def test_the_tickets_of_a_plan_are_in_the_order_they_were_opened_without_peoples(store: Store, tickets: Tickets) -> None:
    opened = [ticket(number) for number in (3, 1, 2)]
    await store.commit(tickets.open(opened), tickets.open([ticket(9, owner="person"), ticket(8, plan="pln_2")]))
    assert await tickets.of_plan("pln_1") == opened


async def test_the_tickets_of_an_intent_have_the_follow_ups_last(store: Store, tickets: Tickets) -> None:
    await store.commit(tickets.open([ticket(5, owner="person"), ticket(6, owner="person")]), tickets.open([ticket(1), ticket(2)]))
    await store.commit(tickets.open([ticket(7, intent="int_2")]))
    assert [one.id for one in await tickets.of_intent("int_1")] == ["tkt_001", "tkt_002", "tkt_005", "tkt_006"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param({}, [6, 5, 4, 3, 2, 1], id="all of the tenant, newest first"),
        pytest.param({"status": "completed"}, [2], id="by status"),
        pytest.param({"kind": "other"}, [3], id="by kind"),
        pytest.param({"intent": "int_2"}, [4], id="by intent"),
        pytest.param({"status": "open", "kind": "files.churn", "intent": "int_1"}, [6, 5, 1], id="by all"),
        pytest.param({"limit": 2}, [6, 5], id="only so many"),
        pytest.param({"intent": "int_9"}, [], id="none"),
    ],
)
async def test_tickets_are_found(store: Store, tickets: Tickets, asked: dict[str, Any], found: list[int]) -> None:
    more: dict[int, dict[str, Any]] = {2: {"status": "completed"}, 3: {"kind": "other"}, 4: {"intent": "int_2"}, 7: {"tenant": "other"}}
    await store.commit(tickets.open([ticket(number, **more.get(number, {})) for number in range(1, 8)]))
    wanted: dict[str, Any] = {"status": None, "kind": None, "intent": None, "limit": 50} | asked
    assert [one.id for one in await tickets.search("acme", **wanted)] == [f"tkt_{number:03}" for number in found]


async def test_artefacts_are_kept_once_and_in_the_order_of_their_tickets(store: Store, tickets: Tickets) -> None:
    made = [Artefact(name=name, media_type="image/png", blob=name * 64, size=5_000_000_000) for name in "ab"]
    await store.commit(tickets.open([ticket(1), ticket(2)]))
    await store.commit(tickets.attach("tkt_002", made[:1]), tickets.attach("tkt_001", made), tickets.attach("tkt_001", made))
    assert await tickets.artefacts("int_1") == [
        replace(made[0], ticket="tkt_001"), replace(made[1], ticket="tkt_001"), replace(made[0], ticket="tkt_002"),
    ]  # fmt: skip
    assert await tickets.artefacts("int_2") == []


async def test_a_change_that_is_applied_twice_leaves_one_ticket_in_one_state(store: Store, tickets: Tickets) -> None:
    for change in (tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"), tickets.start("tkt_001")):
        await store.commit(change, change)
    ending = tickets.end("tkt_001", "completed", result={})
    assert await store.commit(ending, ending) == [True, False]
    assert await store.read(lambda connection: len(connection.execute(ticket_table.select()).all())) == 1
