"""Disputes as people's tickets, on both databases."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from hulk.modules.agents.adapters.disputes import TicketDisputes
from hulk.modules.agents.ports.reasoning import Dispute, Disputes
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.runtime.store import Store
from support.memory import Told
from support.minds import Clock, a_principal, a_task
from support.postgres import Postgres
from support.stores import KINDS, a_store

BOB = a_principal("approver", actor="person:bob")
DISPUTE = Dispute(
    tenant="acme", namespace="default", task=a_task(), intent=None, object="inf_1", kind="inference", review="rev_1", by="person:ana"
)  # fmt: skip


@dataclass
class Place:
    disputes: Disputes
    board: SqlBoard
    store: Store
    trail: Told


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    async with a_store(request.param, tmp_path, postgres) as store:
        board, trail = SqlBoard(store), Told()
        yield Place(TicketDisputes(board, trail, store.commit, Clock()), board, store, trail)


async def test_a_dispute_is_one_ticket_for_whoever_may_approve(place: Place) -> None:
    id_, opening = place.disputes.open(DISPUTE)
    await place.store.commit(opening)
    await place.store.commit(place.disputes.open(DISPUTE)[1])
    ticket = await place.board.get("acme", id_)
    assert (ticket.owner, str(ticket.assignee), ticket.status, ticket.namespace) == ("person", "person:", "open", "default")
    assert place.trail.types == ["hulk.ticket.created.v1"]


async def test_it_ends_when_it_is_settled_and_once(place: Place) -> None:
    id_, opening = place.disputes.open(DISPUTE)
    await place.store.commit(opening)
    for _ in range(2):
        await place.disputes.settled(BOB, id_, "upheld")
    assert (await place.board.get("acme", id_)).result == {"resolution": "upheld"}
    assert place.trail.types == ["hulk.ticket.created.v1", "hulk.ticket.approved.v1"]


async def test_one_that_is_gone_is_no_trouble(place: Place) -> None:
    await place.disputes.settled(BOB, "tkt_01h455vb4pex5vsknk084sn02q", "withdrawn")
    assert place.trail.events == []
