"""What every place for tickets promises (`ports.Tickets`): in memory, in SQLite and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from hulk.kernel.errors import Conflict, NotFound
from hulk.kernel.text import Text
from hulk.modules.tickets import Artefact, Status, Ticket, Tickets
from hulk.modules.tickets.adapters.memory import MemoryTickets
from hulk.modules.tickets.adapters.sql import SqlTickets
from hulk.modules.tickets.domain import moved
from support.postgres import Postgres
from support.stores import KINDS, Place, a_place

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENDED = START + timedelta(hours=1)
STATUSES: tuple[Status, ...] = get_args(Status)


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[Tickets]]:
    """Each place in turn."""
    in_memory: Tickets = MemoryTickets(lambda: ENDED)
    async with a_place(request.param, tmp_path, postgres, in_memory, lambda store: SqlTickets(store, lambda: ENDED)) as found:
        yield found


@pytest.fixture
def tickets(place: Place[Tickets]) -> Tickets:
    """The adapter under test."""
    return place.adapter


def ticket(number: int, **more: Any) -> Ticket:
    fields: dict[str, Any] = {
        "id": f"tkt_{number:03}", "plan": "pln_1", "intent": "int_1", "tenant": "acme", "key": f"k{number}", "kind": "files.churn",
        "title": Text("Review {file}", file=f"f{number}.py"), "status": "open", "input": {"n": number}, "after": (),
        "created": START + timedelta(seconds=number),
    }  # fmt: skip
    return Ticket(**fields | more)


async def test_a_ticket_comes_back_as_it_was_opened(place: Place[Tickets], tickets: Tickets) -> None:
    one = ticket(1, after=("a", "b"), required=False, owner="person", priority="high", title=Text("{a} of {b}", a=1, b=Text("x")))
    await place.commit(tickets.open([one]))
    assert await tickets.get("tkt_001") == one


async def test_opening_again_leaves_what_is_there(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"), tickets.open([ticket(1, kind="other"), ticket(2)]))
    assert [(one.status, one.kind) for one in await tickets.of_plan("pln_1")] == [("ready", "files.churn"), ("open", "files.churn")]


async def test_an_unknown_ticket_is_not_found(tickets: Tickets) -> None:
    with pytest.raises(NotFound, match="tkt_404"):
        await tickets.get("tkt_404")


async def test_a_ticket_goes_from_open_by_ready_and_running_to_its_end(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"))
    assert await tickets.get("tkt_001") == ticket(1, status="ready", run="run_1", revision=2, updated=ENDED)
    await place.commit(tickets.start("tkt_001"))
    assert (await tickets.get("tkt_001")).status == "running"
    assert await place.commit(tickets.end("tkt_001", "completed", result={"answer": 42})) == [True]
    ended = ticket(1, status="completed", run="run_1", result={"answer": 42}, ended=ENDED, revision=4, updated=ENDED)
    assert await tickets.get("tkt_001") == ended


@pytest.mark.parametrize("now", STATUSES)
@pytest.mark.parametrize("wanted", ["ready", "running", "completed", "failed", "skipped"])
async def test_the_store_lets_a_ticket_become_just_what_the_rules_let_it(
    place: Place[Tickets], tickets: Tickets, now: Status, wanted: Status
) -> None:
    """Only what is begun may be started: the way by the acts is narrower than the rules there, never wider."""
    await place.commit(tickets.open([ticket(1, status=now)]))
    match wanted:
        case "ready":
            await place.commit(tickets.begin("tkt_001", "run_1"))
        case "running":
            await place.commit(tickets.start("tkt_001"))
        case _:
            (changed,) = await place.commit(tickets.end("tkt_001", wanted))
            assert changed == _allowed(now, wanted)
    assert (await tickets.get("tkt_001")).status == (wanted if _allowed(now, wanted) else now)


def _allowed(now: Status, wanted: Status) -> bool:
    try:
        moved(ticket(1, status=now), wanted)
    except Conflict:
        return False
    return True


async def test_of_many_who_end_a_ticket_at_once_one_does(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(1, status="running")]))
    ways = ((tickets, place.commit), place.elsewhere)
    async with asyncio.TaskGroup() as group:
        ends = [
            group.create_task(commit(kept.end("tkt_001", "completed" if number % 2 else "failed", result={"by": number})))
            for number, (kept, commit) in enumerate(ways * 20)
        ]
    assert sorted(task.result()[0] for task in ends) == [False] * 39 + [True]
    winner = next(number for number, task in enumerate(ends) if task.result() == [True])
    assert (await tickets.get("tkt_001")).result == {"by": winner}


async def test_a_ticket_that_failed_tells_why(place: Place[Tickets], tickets: Tickets) -> None:
    problem = {"code": "refused", "text": {"msgid": "no {x}", "values": {"x": "é"}}}
    await place.commit(tickets.open([ticket(1)]), tickets.end("tkt_001", "failed", problem=problem))
    assert (await tickets.get("tkt_001")).problem == problem


async def test_the_tickets_of_a_plan_are_in_the_order_they_were_opened_without_peoples(place: Place[Tickets], tickets: Tickets) -> None:
    opened = [ticket(number) for number in (3, 1, 2)]
    await place.commit(tickets.open(opened), tickets.open([ticket(9, owner="person"), ticket(8, plan="pln_2")]))
    assert await tickets.of_plan("pln_1") == opened


async def test_tickets_that_are_opened_later_stand_behind_those_before(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(7), ticket(3)]))
    await place.commit(tickets.open([ticket(3), ticket(2)]), tickets.open([ticket(5), ticket(1)]))
    opened = [ticket(number) for number in (7, 3, 2, 5, 1)]
    assert await tickets.of_plan("pln_1") == await tickets.of_intent("int_1") == opened


async def test_the_tickets_of_an_intent_have_the_follow_ups_last(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(5, owner="person"), ticket(6, owner="person")]), tickets.open([ticket(1), ticket(2)]))
    await place.commit(tickets.open([ticket(7, intent="int_2")]))
    assert await tickets.of_intent("int_9") == await tickets.of_plan("pln_9") == []
    assert [one.id for one in await tickets.of_intent("int_1")] == ["tkt_001", "tkt_002", "tkt_005", "tkt_006"]


async def test_artefacts_are_kept_once_and_in_the_order_of_their_tickets(place: Place[Tickets], tickets: Tickets) -> None:
    made = [Artefact(name=name, media_type="image/png", blob=name * 64, size=5_000_000_000) for name in "ab"]
    await place.commit(tickets.open([ticket(1), ticket(2)]))
    await place.commit(tickets.attach("tkt_002", made[:1]), tickets.attach("tkt_001", made), tickets.attach("tkt_001", made))
    assert await tickets.artefacts("int_1") == [
        replace(made[0], ticket="tkt_001"), replace(made[1], ticket="tkt_001"), replace(made[0], ticket="tkt_002"),
    ]  # fmt: skip
    assert await tickets.artefacts("int_2") == []


async def test_a_change_that_is_applied_twice_leaves_one_ticket_in_one_state(place: Place[Tickets], tickets: Tickets) -> None:
    for change in (tickets.open([ticket(1)]), tickets.begin("tkt_001", "run_1"), tickets.start("tkt_001")):
        await place.commit(change, change)
    ending = tickets.end("tkt_001", "completed", result={})
    assert await place.commit(ending, ending) == [True, False]
    assert [one.id for one in await tickets.of_intent("int_1")] == ["tkt_001"]


async def test_of_two_artefacts_of_one_name_the_first_stays(place: Place[Tickets], tickets: Tickets) -> None:
    first = Artefact(name="a.png", media_type="image/png", blob="a" * 64, size=1)
    await place.commit(tickets.open([ticket(1)]), tickets.attach("tkt_001", [first]))
    await place.commit(tickets.attach("tkt_001", [replace(first, blob="b" * 64)]))
    assert await tickets.artefacts("int_1") == [replace(first, ticket="tkt_001")]


async def test_artefacts_of_one_ticket_are_listed_by_name_as_computers_sort(place: Place[Tickets], tickets: Tickets) -> None:
    names = ["é.png", "b.png", "B.png", "a-b.png", "a.png", "10.csv", "9.csv"]
    made = [Artefact(name=name, media_type="image/png", blob="a" * 64, size=1) for name in names]
    await place.commit(tickets.open([ticket(1)]), tickets.attach("tkt_001", made))
    assert [one.name for one in await tickets.artefacts("int_1")] == sorted(names)


async def test_a_ticket_that_is_not_there_cannot_be_changed(place: Place[Tickets], tickets: Tickets) -> None:
    changes = (tickets.begin("tkt_404", "run_1"), tickets.start("tkt_404"), tickets.end("tkt_404", "failed"))
    assert (await place.commit(*changes))[-1] is False
    assert await tickets.of_plan("pln_1") == []


async def test_what_is_given_back_keeps_every_letter_of_what_work_found(place: Place[Tickets], tickets: Tickets) -> None:
    """File names of a repository, column names of a table: they stand in documents, which take what a text column does not."""
    odd = "a\x00b\x1b[31m “é” 🦜\n\t\\x00"
    one = ticket(1, title=Text("Review {file}", file=odd), input={odd: [odd]})
    await place.commit(tickets.open([one]), tickets.end("tkt_001", "completed", result={odd: {odd: 1e16}}))
    kept = await tickets.get("tkt_001")
    assert (kept.title, kept.input, kept.result) == (one.title, {odd: [odd]}, {odd: {odd: 1e16}})


async def test_a_failed_ticket_is_reopened_and_no_other(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(1), ticket(2)]), tickets.begin("tkt_001", "run_1"), tickets.begin("tkt_002", "run_2"))
    await place.commit(tickets.end("tkt_001", "failed", problem={"code": "refused"}), tickets.end("tkt_002", "completed", result={}))
    assert await place.commit(*(tickets.reopen(one) for one in ("tkt_001", "tkt_002", "tkt_404"))) == [True, False, False]
    found = await tickets.get("tkt_001")
    assert (found.status, found.problem, found.ended, found.run) == ("ready", None, None, "run_1")
    assert (await tickets.get("tkt_002")).status == "completed"


async def test_skipped_tickets_of_an_intent_are_open_again(place: Place[Tickets], tickets: Tickets) -> None:
    await place.commit(tickets.open([ticket(1), ticket(2), ticket(3, intent="int_2")]))
    await place.commit(*(tickets.end(f"tkt_00{n}", "skipped") for n in (1, 3)))
    await place.commit(tickets.unskip("int_1"))
    assert [(await tickets.get(f"tkt_00{n}")).status for n in (1, 2, 3)] == ["open", "open", "skipped"]
    assert (await tickets.get("tkt_001")).ended is None
