"""A ticket executed by a durable run: done once however often it is begun, and told once that it was."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hulk.kernel.errors import NotFound, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.modules.tickets import WORKFLOW, Done, Handler, NewArtefact, Ticket, Work
from hulk.modules.tickets.wiring import TicketsModule, wired
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.engine import Task
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox, event_table
from hulk.runtime.store import Store
from support.runs import KEY, Hand, row_of


def ticket(key: str = "k", kind: str = "work", **more: Any) -> Ticket:
    fields: dict[str, Any] = {"plan": "pln_1", "intent": "int_1", "tenant": "acme", "title": Text("T"), "status": "open", "input": {"x": 1}}
    return Ticket(id=f"tkt_{key}", key=key, kind=kind, created=datetime.now(UTC), **fields | more)


def module(store: Store, hand: Hand, folder: Path, handlers: Mapping[str, Handler]) -> TicketsModule:
    """Tickets whose runs are executed by hand."""
    made = wired(store, FolderBlobs(folder / "blobs"), hand.journal, Outbox(store, KEY), voice, handlers)
    hand.workflows[WORKFLOW] = made.workflow  # type: ignore[assignment]  # any workflow will do
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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(NotFound("There is no file {name}.", name="x.csv"), "not_found", id="wrong input"),
        pytest.param(Unavailable("down"), "unavailable", id="never back"),
    ],
)
async def test_work_that_fails_fails_its_ticket_with_the_reason_once(store: Store, tmp_path: Path, error: Exception, code: str) -> None:
    hand = Hand(store)

    async def work(_: Work) -> Done:
        raise error

    made = module(store, hand, tmp_path, {"work": work})
    await begun(store, made, ticket())
    await hand.drain()
    found = await made.tickets.get("tkt_k")
    assert (found.status, (found.problem or {})["code"]) == ("failed", code)
    assert [kind for kind in await events(store) if kind.startswith("hulk.ticket")] == ["hulk.ticket.started.v1", "hulk.ticket.failed.v1"]


async def test_work_of_an_unknown_kind_is_refused_with_what_is_known(store: Store, tmp_path: Path) -> None:
    hand = Hand(store)
    made = module(store, hand, tmp_path, {"work": churn, "play": churn})
    await begun(store, made, ticket(kind="dance"))
    await hand.drain()
    problem: JsonObject = (await made.tickets.get("tkt_k")).problem or {}
    assert problem["text"]["values"] == {"kind": "dance", "known": "play, work"}
