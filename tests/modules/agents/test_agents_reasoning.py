"""Noting reasoning with a durable step, showing it, contesting it: what each may do, and what the trail and people's tickets tell."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.errors import Conflict, Forbidden, NotFound, Refused
from hulk.kernel.tenancy import Principal
from hulk.modules.agents.adapters.disputes import TicketDisputes
from hulk.modules.agents.adapters.sql_reasoning import SqlCases
from hulk.modules.agents.domain.reasoning import Draft, Reading, Standing, id_of, markdown, standing, tree
from hulk.modules.agents.usecases.reasoning import Note, ReviewReasoning, Show
from hulk.modules.tickets.adapters.sql import SqlBoard
from hulk.runtime.language import voice
from hulk.runtime.store import Store
from support.memory import Told
from support.minds import Clock, a_decision, a_hypothesis, a_principal, a_task, an_inference, drafts, some_evidence
from support.postgres import Postgres
from support.stores import KINDS, a_store

ANA, BOB, VIEWER = a_principal(), a_principal("approver", actor="person:bob"), a_principal("viewer", actor="person:eve")
INFERENCE, DECISION = (id_of(kind, "acme", a_task(), key) for kind, key in (("inference", "i"), ("decision", "d")))  # type: ignore[arg-type]
WHOLE = (
    a_hypothesis("h", "Churn grew because of late deliveries."),
    some_evidence("e", ("h", 1.5), what="Late orders doubled.", excerpt="12 of *100* orders"),
    some_evidence("c", ("h", -0.5), what="Prices rose too."),
    an_inference("i", ["e", "c"], statement="Deliveries are why."),
    an_inference("j", ["c"], statement="Prices matter less."),
    a_decision("d", ["i"], "Open a ticket for logistics.", alternatives=("Lower prices.",), calls=("tcl_1",)),
)


@dataclass
class Bench:
    """The acts over a store, with real tickets."""

    store: Store
    trail: Told

    @property
    def cases(self) -> SqlCases:
        return SqlCases(self.store)

    @property
    def board(self) -> SqlBoard:
        return SqlBoard(self.store)

    @property
    def review(self) -> ReviewReasoning:
        disputes = TicketDisputes(self.board, self.trail, self.store.commit, Clock())
        return ReviewReasoning(self.cases, disputes, self.trail, self.store.commit, Clock())

    async def note(self, *some: Draft, **others: Any) -> None:
        await self.store.commit(Note(self.cases, self.trail, Clock())("acme", "agent:retail", drafts(*some, **others)))

    async def show(self, by: Principal = ANA, task: str = "") -> Reading:
        return await Show(self.cases)(by, task or a_task())

    async def standing(self, key: str, kind: Any) -> Standing:
        return standing(await self.cases.get("acme", a_task()))[id_of(kind, "acme", a_task(), key)]


@pytest.fixture(params=KINDS)
async def bench(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Bench]:
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Bench(store, Told())


async def test_what_is_noted_is_told_once_by_digests(bench: Bench) -> None:
    for _ in range(2):
        await bench.note(*WHOLE)
    [event] = bench.trail.events
    assert (event.type, event.subject, event.intent, event.actor) == ("hulk.reasoning.noted.v1", a_task(), "int_1", "agent:retail")
    assert len(event.data["after"]["objects"]) == len(WHOLE)
    assert "orders" not in str(event.data)
    assert "Churn" not in str(event.data)


async def test_what_is_noted_commits_with_the_step_or_not_at_all(bench: Bench) -> None:
    def broken(_: Any) -> None:
        raise Conflict("The step was taken over.")

    with pytest.raises(Conflict):
        await bench.store.commit(Note(bench.cases, bench.trail, Clock())("acme", "agent:retail", drafts(*WHOLE)), broken)
    assert (await bench.cases.get("acme", a_task())).objects == {}


async def test_only_tasks_are_reasoned_about(bench: Bench) -> None:
    with pytest.raises(Refused, match="tsk_"):
        await bench.note(*WHOLE, task="int_1")


async def test_what_is_contested_puts_in_doubt_what_rests_on_it_and_asks_a_person(bench: Bench) -> None:
    await bench.note(*WHOLE)
    review = await bench.review(ANA, INFERENCE, "contested", "The orders are of another region.")
    assert [await bench.standing(*one) for one in (("i", "inference"), ("d", "decision"), ("j", "inference"))] == [
        "contested", "in_doubt", "stands",
    ]  # fmt: skip
    assert review.ticket is not None
    ticket = await bench.board.get("acme", review.ticket)
    assert (ticket.owner, ticket.status, ticket.kind, ticket.input["object"]) == ("person", "open", "agent.dispute", INFERENCE)
    assert "region" not in str(ticket)
    told, asked = bench.trail.events[1:]
    assert (told.type, told.subject, asked.type) == ("hulk.reasoning.contested.v1", INFERENCE, "hulk.ticket.created.v1")
    assert (told.data["before"], told.data["after"]) == (
        {INFERENCE: "stands", DECISION: "stands"}, {INFERENCE: "contested", DECISION: "in_doubt"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("resolution", "stands"),
    [
        pytest.param("upheld", ("stands", "stands"), id="upheld, it stands again"),
        pytest.param("withdrawn", ("withdrawn", "fallen"), id="withdrawn, what rests on it falls"),
    ],
)
async def test_what_is_settled_travels_too(bench: Bench, resolution: Any, stands: tuple[Standing, Standing]) -> None:
    await bench.note(*WHOLE)
    contest = await bench.review(ANA, INFERENCE, "contested", "Wrong region.")
    await bench.review.resolve(BOB, INFERENCE, resolution, "I looked.")
    assert (await bench.standing("i", "inference"), await bench.standing("d", "decision")) == stands
    assert contest.ticket is not None
    ticket = await bench.board.get("acme", contest.ticket)
    assert (ticket.status, ticket.result) == ("completed", {"resolution": resolution})
    assert bench.trail.types[-2:] == ["hulk.reasoning.resolved.v1", "hulk.ticket.approved.v1"]
    with pytest.raises(Conflict):
        await bench.review.resolve(BOB, INFERENCE, "upheld")


async def test_a_ticket_that_somebody_ended_does_not_keep_it_from_being_settled(bench: Bench) -> None:
    await bench.note(*WHOLE)
    contest = await bench.review(ANA, INFERENCE, "contested", "Wrong region.")
    assert contest.ticket is not None
    await bench.store.commit(bench.board.move("acme", contest.ticket, "cancelled"))
    await bench.review.resolve(BOB, INFERENCE, "withdrawn")
    assert await bench.standing("i", "inference") == "withdrawn"


async def test_what_is_confirmed_opens_no_ticket(bench: Bench) -> None:
    await bench.note(*WHOLE)
    review = await bench.review(ANA, DECISION, "confirmed")
    assert (review.ticket, bench.trail.types[1:]) == (None, ["hulk.reasoning.confirmed.v1"])


async def test_a_contest_without_a_reason_or_of_evidence_is_refused(bench: Bench) -> None:
    await bench.note(*WHOLE)
    with pytest.raises(Refused, match="Say why"):
        await bench.review(ANA, INFERENCE, "contested", " ")
    with pytest.raises(Refused, match="no inference or decision"):
        await bench.review(ANA, id_of("evidence", "acme", a_task(), "e"), "contested", "Why not.")
    assert len(bench.trail.events) == 1


async def test_rights(bench: Bench) -> None:
    await bench.note(*WHOLE)
    for by in (VIEWER, BOB, a_principal("operator", namespace="prod")):
        with pytest.raises((Forbidden, NotFound)):
            await bench.review(by, INFERENCE, "contested", "Why not.")
    await bench.review(a_principal("operator"), INFERENCE, "contested", "Why not.")
    for by in (VIEWER, a_principal("operator")):
        with pytest.raises(Forbidden):
            await bench.review.resolve(by, INFERENCE, "upheld")
    for by in (a_principal(tenant="other"), a_principal(namespace="prod")):
        with pytest.raises(NotFound):
            await bench.show(by)
        with pytest.raises(NotFound):
            await bench.review.resolve(by, INFERENCE, "upheld")
    assert (await bench.show(VIEWER)).case.task == a_task()
    with pytest.raises(NotFound):
        await bench.show(task=a_task("two"))


async def test_a_case_is_shown_as_a_tree_in_which_each_is_told_once(bench: Bench) -> None:
    await bench.note(*WHOLE)
    shown = tree(await bench.show())
    [hypothesis], [decision] = shown["hypotheses"], shown["decisions"]
    assert (hypothesis["status"], hypothesis["confidence"]) == ("undecided", 0.9091)
    assert [[one["weight"] for one in hypothesis[side]] for side in ("for", "against")] == [[1.5], [-0.5]]
    [inference] = decision["rests_on"]
    assert [one["what"] for one in inference["rests_on"]] == ["Late orders doubled.", "Prices rose too."]
    [other] = shown["inferences"]
    assert other["rests_on"] == [{"id": id_of("evidence", "acme", a_task(), "c"), "kind": "evidence", "told_above": True}]
    assert shown["evidence"] == []


async def test_a_case_is_told_in_words_with_its_sources(bench: Bench) -> None:
    await bench.note(*WHOLE)
    await bench.review(ANA, INFERENCE, "contested", "Wrong region.")
    page = markdown(await bench.show(), voice("en"))
    for part in (
        "- [6] Open a ticket for logistics. — **in doubt: it rests on what is contested**",
        "because of [4]",
        "instead of: Lower prices.",
        "undecided, confidence 90.9 %",
        "for (1.5): [2] Late orders doubled.",
        "against (-0.5): [3] Prices rose too.",
        "call of a tool tcl\\_e (SHA-256",
        "“12 of \\*100\\* orders”",
        "[4] contested, person:ana: Wrong region.",
    ):
        assert part in page
    told = markdown(await bench.show(), voice("pt"))
    for part in ("indefinida, confiança", "abdução por agent:retail", "fonte: chamada de ferramenta tcl", "[4] contestada, person:ana"):
        assert part in told


async def test_what_must_not_leave_the_company_is_withheld_with_all_that_was_made_from_it(bench: Bench) -> None:
    secret = some_evidence("p", ("h", 1.0), what="O cpf é 529.982.247-25")
    await bench.note(*WHOLE, secret, an_inference("k", ["p"], statement="Ana it is."), a_decision("f", ["k"], "Call Ana."))
    await bench.review(ANA, id_of("inference", "acme", a_task(), "k"), "contested", "Not Ana: Bia.")
    for by, sees in ((VIEWER, False), (BOB, True)):
        reading = await bench.show(by)
        for told in (str(tree(reading)), markdown(reading, voice("pt"))):
            assert ("529.982" in told, "Ana it is" in told, "Call Ana" in told, "Bia" in told) == (sees,) * 4
            assert "Deliveries are why" in told


async def test_of_many_who_contest_at_the_same_moment_one_does(bench: Bench) -> None:
    await bench.note(*WHOLE)

    async def contest(name: str) -> bool:
        try:
            await bench.review(a_principal("operator", actor=f"person:{name}"), INFERENCE, "contested", "Wrong region.")
        except Conflict:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(contest(f"p{number}")) for number in range(8)]
    assert sum(task.result() for task in tasks) == 1
    [review] = (await bench.cases.get("acme", a_task())).reviews
    assert review.ticket is not None
    assert (await bench.board.get("acme", review.ticket)).input["review"] == review.id


async def test_what_many_note_at_the_same_moment_has_one_order(bench: Bench) -> None:
    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(bench.note(some_evidence(f"e{number}"), an_inference(f"i{number}", [f"e{number}"])))
    case = await bench.cases.get("acme", a_task())
    assert [one.place for one in case.objects.values()] == list(range(16))


async def test_it_is_contested_by_one_at_a_time(bench: Bench) -> None:
    await bench.note(*WHOLE)
    await bench.review(ANA, INFERENCE, "contested", "Wrong region.")
    with pytest.raises(Conflict, match="person:ana"):
        await bench.review(a_principal("operator", actor="person:bob"), INFERENCE, "contested", "So I think.")
    assert bench.trail.types.count("hulk.ticket.created.v1") == 1
