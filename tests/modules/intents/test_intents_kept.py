"""What every place for intents promises (`ports.Intents`): in memory, in SQLite and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from hulk.kernel.durable import Change
from hulk.kernel.errors import NotFound
from hulk.modules.intents import Intent, Intents, Plan
from hulk.modules.intents.adapters.memory import MemoryIntents
from hulk.modules.intents.adapters.sql import SqlIntents
from hulk.modules.intents.domain import Status
from hulk.modules.router import Turn
from support.intents import START, an_intent
from support.postgres import Postgres
from support.stores import KINDS, Place, a_place

ENDED = START + timedelta(hours=1)


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[Intents]]:
    """Each place in turn."""
    in_memory: Intents = MemoryIntents(lambda: ENDED)
    async with a_place(request.param, tmp_path, postgres, in_memory, lambda store: SqlIntents(store, lambda: ENDED)) as found:
        yield found


async def added(place: Place[Intents], *intents: Intent) -> list[Any]:
    return await place.commit(*(place.adapter.add(one) for one in intents))


@pytest.mark.parametrize(
    "intent",
    [
        pytest.param(an_intent(), id="as most"),
        pytest.param(an_intent(key="k" * 200, trace=None, sources=(), language="en"), id="with a key, without trace and sources"),
        pytest.param(
            an_intent(channel="chat", private=True, turns=(Turn("Oi", ours=False), Turn("Olá", ours=True))), id="of a conversation"
        ),
        pytest.param(an_intent(text="ação “x” 🦜 '; drop table intent; --\n" * 700), id="long, of any letters"),
    ],
)
async def test_an_intent_comes_back_as_it_was_kept(place: Place[Intents], intent: Intent) -> None:
    assert await added(place, intent) == [True]
    assert await place.adapter.get(intent.id) == intent


@pytest.mark.parametrize(("status", "left"), [pytest.param("completed", 0, id="is over"), pytest.param("failed", 1, id="may go on")])
async def test_what_was_said_before_is_kept_until_it_is_over(place: Place[Intents], status: Status, left: int) -> None:
    intent = an_intent(turns=(Turn("meu cpf", ours=False),))
    await added(place, intent)
    await place.commit(place.adapter.end(intent.id, status, answer="42"))
    assert len((await place.adapter.get(intent.id)).turns) == left


async def test_what_is_not_there_is_not_found(place: Place[Intents]) -> None:
    await added(place, an_intent(key="a"))
    with pytest.raises(NotFound, match="int_404"):
        await place.adapter.get("int_404")
    for tenant, key in (("acme", "b"), ("other", "a"), ("acme", "A")):
        with pytest.raises(NotFound, match=f"“{key}”"):
            await place.adapter.by_key(tenant, key)


async def test_a_key_is_taken_once_by_each_tenant_and_the_first_stays(place: Place[Intents]) -> None:
    first, second, theirs = an_intent(1, key="k"), an_intent(2, key="k", text="other"), an_intent(3, key="k", tenant="other")
    assert await added(place, first, second, theirs) == [True, False, True]
    assert await place.adapter.by_key("acme", "k") == first
    assert await place.adapter.by_key("other", "k") == theirs
    with pytest.raises(NotFound):
        await place.adapter.get(second.id)


async def test_an_intent_is_found_by_its_trace_the_newest_first(place: Place[Intents]) -> None:
    trace, other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"
    first, second, theirs = an_intent(1, trace=trace), an_intent(2, trace=trace), an_intent(3, trace=trace, tenant="other")
    await added(place, first, second, theirs, an_intent(4, trace=other), an_intent(5, trace=None))
    assert await place.adapter.by_trace("4bf92f3577b34da6a3ce929d0e0e4736", "acme") == second
    assert await place.adapter.by_trace("4bf92f3577b34da6a3ce929d0e0e4736", None) == theirs
    for trace_id, tenant in (("4bf92f3577b34da6a3ce929d0e0e4737", "other"), ("0" * 32, None)):
        with pytest.raises(NotFound, match=trace_id):
            await place.adapter.by_trace(trace_id, tenant)


async def test_intents_without_a_key_do_not_stand_in_each_others_way(place: Place[Intents]) -> None:
    assert await added(place, an_intent(1), an_intent(2)) == [True, True]


async def test_an_intent_is_kept_once(place: Place[Intents]) -> None:
    assert await added(place, an_intent(), an_intent(text="other")) == [True, False]
    assert await place.adapter.get(an_intent().id) == an_intent()


async def test_of_many_under_one_key_at_once_one_is_kept(place: Place[Intents]) -> None:
    ways = ((place.adapter, place.commit), place.elsewhere)
    async with asyncio.TaskGroup() as group:
        tasks = {
            number: group.create_task(commit(intents.add(an_intent(number, key="k"))))
            for number, (intents, commit) in enumerate(ways * 15, 1)
        }
    [winner] = [number for number, task in tasks.items() if task.result() == [True]]
    assert await place.adapter.by_key("acme", "k") == an_intent(winner, key="k")
    assert await place.adapter.recent("acme", status=None, limit=50) == [an_intent(winner, key="k").brief]


PLAN = Plan(id="pln_1", skill="code.churn", arguments={"top": 3, "when": {"since": "2026-01-01"}}, tickets={"churn": "tkt_1"})
PROBLEM = {"code": "refused", "text": {"msgid": "no {x}", "values": {"x": "é\x00"}}}


async def test_an_intent_runs_on_its_decision_gets_its_plan_and_ends(place: Place[Intents]) -> None:
    intents, intent = place.adapter, an_intent()
    await place.commit(intents.add(intent), intents.decided(intent.id, "dec_1"))
    assert await intents.get(intent.id) == (running := replace(intent, status="running", decision="dec_1"))
    await place.commit(intents.planned(intent.id, PLAN), intents.planned(intent.id, PLAN))
    assert await intents.get(intent.id) == (planned := replace(running, plan="pln_1"))
    assert await place.commit(intents.end(intent.id, "completed", answer="**3** files")) == [True]
    assert await intents.get(intent.id) == replace(planned, status="completed", answer="**3** files", ended=ENDED)


async def test_an_intent_that_failed_tells_why(place: Place[Intents]) -> None:
    await place.commit(place.adapter.add(an_intent()), place.adapter.end(an_intent().id, "failed", answer="no é", problem=PROBLEM))
    kept = await place.adapter.get(an_intent().id)
    assert (kept.status, kept.answer, kept.problem) == ("failed", "no é", PROBLEM)


@pytest.mark.parametrize("end", ["completed", "failed"])
@pytest.mark.parametrize(
    "late",
    [
        pytest.param(lambda intents, one: intents.decided(one, "dec_9"), id="decided"),
        pytest.param(lambda intents, one: intents.planned(one, replace(PLAN, id="pln_9")), id="planned"),
        pytest.param(lambda intents, one: intents.end(one, "completed", answer="again"), id="completed"),
        pytest.param(lambda intents, one: intents.end(one, "failed", answer="again", problem=PROBLEM), id="failed"),
    ],
)
async def test_what_has_ended_stays_as_it_ended(
    place: Place[Intents], end: Literal["completed", "failed"], late: Callable[[Intents, str], Change[Any]]
) -> None:
    intents, intent = place.adapter, an_intent()
    await place.commit(intents.add(intent), intents.decided(intent.id, "dec_1"), intents.end(intent.id, end, answer="first"))
    [changed] = await place.commit(late(intents, intent.id))
    assert not changed
    assert await intents.get(intent.id) == replace(intent, status=end, decision="dec_1", answer="first", ended=ENDED)


async def test_of_many_who_end_an_intent_at_once_one_does(place: Place[Intents]) -> None:
    await added(place, an_intent())
    ways = ((place.adapter, place.commit), place.elsewhere)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(commit(intents.end(an_intent().id, "completed", answer=str(number))))
            for number, (intents, commit) in enumerate(ways * 10)
        ]
    [winner] = [number for number, task in enumerate(tasks) if task.result() == [True]]
    assert (await place.adapter.get(an_intent().id)).answer == str(winner)


async def test_changes_of_one_intent_leave_the_others_alone(place: Place[Intents]) -> None:
    others = [an_intent(2), an_intent(3, tenant="other")]
    await added(place, an_intent(1), *others)
    name = an_intent(1).id
    await place.commit(
        place.adapter.decided(name, "dec_1"), place.adapter.planned(name, PLAN), place.adapter.end(name, "completed", answer="")
    )
    assert [await place.adapter.get(one.id) for one in others] == others


async def test_changes_of_an_intent_that_is_not_there_change_nothing(place: Place[Intents]) -> None:
    assert await place.commit(place.adapter.decided("int_404", "dec_1"), place.adapter.end("int_404", "failed", answer="x")) == [
        None,
        False,
    ]
    assert await place.adapter.recent("acme", status=None, limit=9) == []


@pytest.mark.parametrize(
    ("tenant", "status", "limit", "found"),
    [
        pytest.param("acme", None, 50, [5, 4, 3, 1], id="all of the tenant, newest first"),
        pytest.param("acme", None, 2, [5, 4], id="so many"),
        pytest.param("acme", "completed", 50, [4, 1], id="in a status"),
        pytest.param("acme", "completed", 1, [4], id="so many in a status"),
        pytest.param("acme", "running", 50, [], id="none in that status"),
        pytest.param("other", None, 50, [2], id="another tenant's own"),
        pytest.param("nobody", None, 50, [], id="nobody's"),
    ],
)
async def test_the_newest_are_listed(
    place: Place[Intents], tenant: str, status: Literal["completed", "running"] | None, limit: int, found: list[int]
) -> None:
    kept = [an_intent(number, tenant="other" if number == 2 else "acme") for number in (3, 1, 2, 5, 4)]
    kept[3:] = [replace(one, created=START + timedelta(seconds=5)) for one in kept[3:]]  # at one moment: the later id first
    await added(place, *kept)
    await place.commit(*(place.adapter.end(an_intent(number).id, "completed", answer="") for number in (1, 4)))
    listed = await place.adapter.recent(tenant, status=status, limit=limit)
    assert [one.id for one in listed] == [an_intent(number).id for number in found]


async def test_behind_an_intent_stand_the_older_ones(place: Place[Intents]) -> None:
    kept = [an_intent(number, tenant="other" if number == 2 else "acme") for number in range(6)]
    kept[3:] = [replace(one, created=START + timedelta(seconds=5)) for one in kept[3:]]  # at one moment: the later id first
    await added(place, *kept)
    for before, found in ((5, [4, 3, 1, 0]), (3, [1, 0]), (1, [0]), (0, []), (2, [])):
        listed = await place.adapter.recent("acme", status=None, limit=9, before=an_intent(before).id)
        assert [one.id for one in listed] == [an_intent(number).id for number in found], before
    assert await place.adapter.recent("acme", status=None, limit=9, before="int_unknown") == []


async def test_a_page_of_the_newest_is_the_start_of_a_longer_one(place: Place[Intents]) -> None:
    await added(place, *(an_intent(number) for number in range(30)))
    whole = await place.adapter.recent("acme", status=None, limit=100)
    assert [await place.adapter.recent("acme", status=None, limit=most) for most in (1, 7, 30)] == [whole[:1], whole[:7], whole]


async def test_a_failed_intent_is_reopened_and_no_other(place: Place[Intents]) -> None:
    failed, done = an_intent(1), an_intent(2)
    await place.commit(place.adapter.add(failed), place.adapter.add(done), place.adapter.decided(failed.id, "dec_1"))
    await place.commit(
        place.adapter.end(failed.id, "failed", answer="no", problem=PROBLEM), place.adapter.end(done.id, "completed", answer="yes")
    )
    assert await place.commit(*(place.adapter.reopen(one) for one in (failed.id, done.id, "int_404"))) == [True, False, False]
    assert await place.adapter.get(failed.id) == replace(failed, status="running", decision="dec_1")
    assert (await place.adapter.get(done.id)).status == "completed"
