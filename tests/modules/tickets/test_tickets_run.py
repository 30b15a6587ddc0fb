"""A ticket executed by a durable run: done once however often it is begun, and told once that it was."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hulk.kernel.errors import NotFound, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tickets import WORKFLOW, BeginTicket, Done, Handler, NewArtefact, Ticket, Work
from hulk.modules.tickets.adapters.memory import MemoryFiles, MemoryTickets
from hulk.modules.tickets.usecases import RunTicket
from hulk.modules.tickets.wiring import TicketsModule, wired
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.engine import Task
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.store import Store
from support.memory import Desk, Told, at_once
from support.runs import KEY, Hand, row_of


def ticket(key: str = "k", kind: str = "work", **more: Any) -> Ticket:
    fields: dict[str, Any] = {"plan": "pln_1", "intent": "int_1", "tenant": "acme", "title": Text("T"), "status": "open", "input": {"x": 1}}
    return Ticket(id=f"tkt_{key}", key=key, kind=kind, created=datetime.now(UTC), **fields | more)


def module(store: Store, hand: Hand, folder: Path, handlers: Mapping[str, Handler]) -> TicketsModule:
    """Tickets whose runs are executed by hand."""
    made = wired(store, FolderBlobs(folder / "blobs"), hand.journal, Outbox(store, KEY), voice, handlers)
    hand.workflows[WORKFLOW] = made.workflow
    return made


async def begun(store: Store, tickets: TicketsModule, one: Ticket) -> None:
    await store.commit(tickets.tickets.open([one]), *tickets.begin(one, parent="run_parent", language="en", trace=None))


async def events(store: Store) -> list[str]:
    query = select(event_table.c.type).order_by(event_table.c.sequence)
    return await store.read(lambda connection: list(connection.execute(query).scalars()))


async def churn(work: Work) -> Done:
    path = work.scratch / "chart.png"
    path.write_bytes(b"png")
    return Done(
        result={"key": work.key, "before": dict(work.before)}, artefacts=(NewArtefact(name="chart.png", media_type="image/png", path=path),)
    )


async def test_a_tickets_work_its_artefacts_and_its_completion_are_kept(store: Store, tmp_path: Path) -> None:
    hand = Hand(store)
    made = module(store, hand, tmp_path, {"work": churn})
    await store.commit(
        made.tickets.open([ticket("first", status="completed", result={"n": 1}), ticket("other", status="completed", result={})])
    )
    await begun(store, made, ticket(after=("first",)))
    await hand.drain()
    found = await made.tickets.get("tkt_k")
    assert (found.status, found.run, found.result) == ("completed", "run_k", {"key": "run_k/1", "before": {"first": {"n": 1}}})
    (artefact,) = await made.tickets.artefacts("int_1")
    assert (artefact.name, artefact.size) == ("chart.png", 3)
    assert await events(store) == ["hulk.ticket.started.v1", "hulk.ticket.completed.v1"]
    assert list((tmp_path / "blobs" / "scratch").iterdir()) == []


async def test_a_ticket_begun_and_delivered_many_times_has_one_completion(store: Store, tmp_path: Path) -> None:
    hand, done = Hand(store), list[str]()

    async def work(given: Work) -> Done:
        done.append(given.ticket)
        await asyncio.sleep(0.02)
        return Done(result={"n": len(done)})

    made = module(store, hand, tmp_path, {"work": work})
    for _ in range(3):
        await begun(store, made, ticket())
    task = Task(run="run_k", wake=1, queue="default", tenant="acme")
    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(hand.execute(task))
    assert (await row_of(store, "run_k")).status == "completed"
    assert await events(store) == ["hulk.ticket.started.v1", "hulk.ticket.completed.v1"]
    assert (await made.tickets.get("tkt_k")).status == "completed"


@dataclass
class Bench:
    """Tickets in memory, with what executes them."""

    handlers: Mapping[str, Handler]
    tickets: MemoryTickets = field(default_factory=MemoryTickets)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    told: Told = field(default_factory=Told)
    desk: Desk = field(default_factory=Desk)

    async def done(self, one: Ticket, *before: Ticket) -> Ticket:
        """The ticket, once its run has ended; those before it are there."""
        self.desk.workflows = {WORKFLOW: RunTicket(self.tickets, self.files, self.told, voice, self.handlers)}
        begun = BeginTicket(self.tickets, self.desk)(one, parent="run_parent", language="en", trace=None)
        await at_once(self.tickets.open([*before, one]), *begun)
        await self.desk.drain()
        return await self.tickets.get(one.id)


async def test_work_is_given_its_input_what_came_before_and_the_language_of_who_asked() -> None:
    given = list[Work]()

    async def work(one: Work) -> Done:
        given.append(one)
        return Done(result={})

    before = [ticket(key, status="completed", result={"of": key}) for key in ("first", "second")]
    await Bench({"work": work}).done(ticket(after=("first",)), *before)
    [one] = given
    assert (one.ticket, one.kind, one.tenant, one.input, one.key) == ("tkt_k", "work", "acme", {"x": 1}, "run_k/1")
    assert one.before == {"first": {"of": "first"}}
    assert one.voice.language == "en"
    assert not one.scratch.exists()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(NotFound("There is no file {name}.", name="x.csv"), "not_found", id="wrong input"),
        pytest.param(Unavailable("down"), "unavailable", id="never back"),
    ],
)
async def test_work_that_fails_fails_its_ticket_with_the_reason_once(error: Exception, code: str) -> None:
    async def work(_: Work) -> Done:
        raise error

    bench = Bench({"work": work})
    found = await bench.done(ticket())
    assert (found.status, (found.problem or {})["code"]) == ("failed", code)
    assert bench.told.types == ["hulk.ticket.started.v1", "hulk.ticket.failed.v1"]


async def test_work_of_an_unknown_kind_is_refused_with_what_is_known() -> None:
    problem = (await Bench({"work": churn, "play": churn}).done(ticket(kind="dance"))).problem or {}
    assert problem["text"]["values"] == {"kind": "dance", "known": "play, work"}


async def test_files_are_kept_with_their_ticket_and_told() -> None:
    bench = Bench({"work": churn})
    await bench.done(ticket())
    [made] = await bench.tickets.artefacts("int_1")
    assert (made.ticket, made.name, bench.files.contents[made.blob]) == ("tkt_k", "chart.png", b"png")
    told = bench.told.events[-1].data
    assert (told["kind"], told["plan"], told["artefacts"]) == ("work", "pln_1", ["chart.png"])


async def test_a_ticket_that_was_ended_before_its_run_stays_as_it_ended() -> None:
    bench = Bench({"work": churn})
    await at_once(bench.tickets.open([ticket()]), bench.tickets.end("tkt_k", "skipped"))
    assert (await bench.done(ticket())).status == "skipped"
