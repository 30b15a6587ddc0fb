"""An intent run to its answer and shown, over adapters in memory: by a skill's tickets, by a model, by nobody."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel import ids
from hulk.kernel.errors import HulkError, NotFound, Refused, Unavailable
from hulk.kernel.money import Money
from hulk.modules.router import Reply
from hulk.modules.tickets import Done, NewArtefact, Ticket, Work
from support.intents import ANA, Bench, a_skill, draft, stored
from support.memory import Told
from support.postgres import Postgres
from support.stores import Kind

NOTHING = Money(Decimal(0), "USD")


async def says(work: Work) -> Done:
    """What came before, and its own kind."""
    return Done(result={"said": "".join([*(one["said"] for one in work.before.values()), work.kind])})


async def fails(_: Work) -> Done:
    raise Refused("There is no {x}.", x="such thing")


def reply(text: str, *, cut: bool = False) -> Reply:
    return Reply(text=text, model="big", input_tokens=1, output_tokens=1, cost=NOTHING, cut=cut)


def statuses(tickets: tuple[Ticket, ...]) -> dict[str, str]:
    return {ticket.key: ticket.status for ticket in tickets if ticket.owner == "run"}


async def test_a_skills_tickets_are_done_in_their_order_and_joined_to_the_answer() -> None:
    bench = Bench(skill=a_skill(draft("a"), draft("b", "a"), draft("c", "a", "b")), handlers=dict.fromkeys("abc", says))
    intent = await bench.answered()
    assert (intent.status, intent.answer, intent.decision) == ("completed", "a=a b=ab c=aabc", "dec_1")
    assert intent.plan == ids.derived("pln", intent.id)
    tickets = await bench.tickets.of_intent(intent.id)
    assert [(one.key, one.owner, one.status) for one in tickets] == [
        ("a", "run", "completed"), ("b", "run", "completed"), ("c", "run", "completed"),
        ("follow-up-1", "person", "open"), ("follow-up-2", "person", "open"), ("follow-up-3", "person", "open"),
    ]  # fmt: skip
    assert bench.desk.runs[intent.run].status == "completed"


async def test_what_happens_is_told_in_order_in_the_intents_chain() -> None:
    bench = Bench(skill=a_skill(draft("a")), handlers={"a": says})
    intent = await bench.answered()
    assert bench.told == [
        "hulk.intent.accepted.v1", "hulk.decision.made.v1", "hulk.plan.made.v1", "hulk.ticket.created.v1", "hulk.ticket.started.v1",
        "hulk.ticket.completed.v1", "hulk.ticket.created.v1", "hulk.intent.completed.v1",
    ]  # fmt: skip
    assert isinstance(bench.trail, Told)
    assert {event.intent for event in bench.trail.events} == {intent.id}


async def test_a_plan_without_tickets_is_answered_at_once() -> None:
    assert (await Bench(skill=a_skill()).answered()).answer == ""


@pytest.mark.parametrize(
    ("drafts", "broken", "status", "ends"),
    [
        pytest.param(
            (draft("a"), draft("b", "a"), draft("c", "b")), "a", "failed", {"a": "failed", "b": "skipped", "c": "skipped"}, id="the first"
        ),
        pytest.param((draft("a"), draft("b")), "b", "failed", {"a": "completed", "b": "failed"}, id="one of two"),
        pytest.param(
            (draft("a", required=False), draft("b", "a", required=False), draft("c")), "a", "completed",
            {"a": "failed", "b": "skipped", "c": "completed"}, id="one that is not required",
        ),
        pytest.param(
            (draft("a", required=False), draft("b", "a")), "a", "failed", {"a": "failed", "b": "skipped"}, id="what a required one needs"
        ),
    ],
)  # fmt: skip
async def test_what_becomes_of_the_others_when_a_ticket_fails(drafts: Any, broken: str, status: str, ends: dict[str, str]) -> None:
    bench = Bench(skill=a_skill(*drafts), handlers=dict.fromkeys("abc", says) | {broken: fails})
    intent = await bench.answered()
    view = await bench.show(intent.id, ANA)
    assert (view.intent.status, statuses(view.tickets)) == (status, ends)
    if status == "failed":
        assert (intent.problem or {})["code"] == "refused"


async def test_an_intent_fails_with_the_words_of_the_ticket_that_failed() -> None:
    intent = await Bench(skill=a_skill(draft("a")), handlers={"a": fails}).answered()
    assert (intent.status, intent.answer) == ("failed", "There is no such thing.")


async def test_work_that_is_away_for_a_moment_is_done_later() -> None:
    tries = list[str]()

    async def late(work: Work) -> Done:
        tries.append(work.key)
        if len(tries) < 3:
            raise Unavailable("not now")
        return await says(work)

    bench = Bench(skill=a_skill(draft("a")), handlers={"a": late})
    assert (await bench.answered()).answer == "a=a"
    assert len(set(tries)) == 1, "each try of one step has the same idempotency key"


async def test_files_that_work_has_made_are_kept_and_named_in_the_answer() -> None:
    async def draws(work: Work) -> Done:
        path = work.scratch / "x"
        await asyncio.to_thread(path.write_bytes, b"png")
        return Done(result={"said": "x"}, artefacts=(NewArtefact(name="chart.png", media_type="image/png", path=path),))

    bench = Bench(skill=a_skill(draft("a")), handlers={"a": draws})
    intent = await bench.answered()
    [made] = (await bench.show(intent.id, ANA)).artefacts
    assert (intent.answer, made.name, bench.files.contents[made.blob]) == ("a=x chart.png", "chart.png", b"png")


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        pytest.param(reply("42"), "42", id="whole"),
        pytest.param(reply("42", cut=True), "42\n\n*The answer was cut at the most tokens that this model may give.*", id="cut"),
    ],
)
async def test_a_model_is_asked_once_when_it_was_chosen(answer: Reply, shown: str) -> None:
    bench = Bench(kind="model", reply=answer)
    intent = await bench.answered()
    assert (intent.status, intent.answer) == ("completed", shown)
    assert [question.key for question in bench.questions] == [f"{intent.run}/0", f"{intent.run}/1"]


@pytest.mark.parametrize("error", [Refused("The key is wrong."), Unavailable("It is down.")])
async def test_a_model_that_does_not_answer_fails_the_intent_with_its_words(error: HulkError) -> None:
    intent = await Bench(kind="model", reply=error).answered()
    assert (intent.status, intent.answer, (intent.problem or {})["code"]) == ("failed", str(error), error.code)


async def test_when_nobody_answers_it_says_why_and_what_it_can_do() -> None:
    intent = await Bench(kind="none").answered()
    assert intent.status == "completed"
    for words in ("It was told so.", "**Job**: “Do the job”", "models:"):
        assert words in (intent.answer or "")


async def test_a_run_executed_again_after_its_end_changes_nothing() -> None:
    bench = Bench(skill=a_skill(draft("a"), draft("b", "a")), handlers=dict.fromkeys("ab", says))
    intent = await bench.answered()
    before, told = await bench.show(intent.id, ANA), list(bench.told)
    for run in bench.desk.runs.values():
        run.status = "pending"
    await bench.work()
    assert await bench.show(intent.id, ANA) == before
    assert bench.told == told


async def test_an_intent_is_shown_with_all_that_belongs_to_it() -> None:
    bench = Bench(skill=a_skill(draft("a")), handlers={"a": says})
    intent = await bench.asked()
    early = await bench.show(intent.id, ANA)
    assert (early.decision, early.tickets, early.artefacts, early.seconds) == (None, (), (), 60.0)
    await bench.work()
    view = await bench.show(intent.id, ANA)
    assert view.decision is not None
    assert (view.decision.id, len(view.tickets), str(view.cost)) == ("dec_1", 2, "USD 0.05")


async def test_another_tenants_intent_is_not_there() -> None:
    bench = Bench()
    intent = await bench.asked()
    for wrong, who in ((intent.id, replace(ANA, tenant="other")), (ids.new("int"), ANA)):
        with pytest.raises(NotFound, match=f"There is no intent {wrong}"):
            await bench.show(wrong, who)
    with pytest.raises(Refused, match="expected int_"):
        await bench.show("tkt_1\0", ANA)


async def odd(work: Work) -> Done:
    """Says and makes what no text column takes."""
    path = work.scratch / "x"
    path.touch()
    return Done(result={"said": "a\0b"}, artefacts=(NewArtefact(name="c\0.png", media_type="image/png", path=path),))


async def odder(_: Work) -> Done:
    raise NotFound("There is no file {name}.", name="x\0.csv")


@pytest.mark.parametrize(
    ("bench", "status", "answer"),
    [
        pytest.param(Bench(skill=a_skill(draft("a")), handlers={"a": odd}), "completed", "a=a�b c�.png", id="a skill"),
        pytest.param(Bench(kind="model", reply=reply("a\0b\ud800")), "completed", "a�b�", id="a model"),
        pytest.param(Bench(skill=a_skill(draft("a")), handlers={"a": odder}), "failed", "There is no file x�.csv.", id="a problem"),
    ],
)
async def test_what_no_text_column_takes_is_replaced_in_answers_and_names(
    bench: Bench, status: str, answer: str, kind: Kind, tmp_path: Path, postgres: Callable[[], Postgres]
) -> None:
    async with stored(bench, kind, tmp_path, postgres) as kept:
        intent = await kept.answered()
        assert (intent.status, intent.answer) == (status, answer)
