"""What every place for reasoning promises: in memory and on both databases."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Invalid, NotFound
from hulk.modules.agents.adapters.memory_reasoning import MemoryCases
from hulk.modules.agents.adapters.sql_reasoning import SqlCases
from hulk.modules.agents.domain.reasoning import Case, Draft, Noted, Review, added
from hulk.modules.agents.ports.reasoning import Cases
from support.memory import at_once
from support.minds import NOON, a_case, a_decision, a_hypothesis, a_task, an_inference, drafts, some_evidence
from support.postgres import Postgres
from support.stores import KINDS, a_store


@dataclass
class Place:
    cases: Cases
    commit: Commit

    async def note(self, *some: Draft, tenant: str = "acme", task: str = "") -> Sequence[Noted]:
        all_ = drafts(*some, task=task)
        [new] = await self.commit(self.cases.note(tenant, all_.task, lambda case: added(case, all_, "agent:retail", NOON)))
        return new  # type: ignore[no-any-return]


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    if request.param == "memory":
        yield Place(MemoryCases(), at_once)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Place(SqlCases(store), store.commit)


WHOLE = (
    a_hypothesis("h", "Churn grew: ação."),
    some_evidence("e", ("h", 1.25), excerpt="cpf 529.982.247-25"),
    an_inference("i", ["e"]),
    a_decision("d", alternatives=("Wait.",), autonomy="approve", approver="person:ana", calls=("tcl_1",)),
)


async def test_a_case_comes_back_as_it_was_noted(place: Place) -> None:
    new = await place.note(*WHOLE)
    case = await place.cases.get("acme", a_task())
    assert case == a_case(*WHOLE)
    assert list(case.objects.values()) == list(new)
    assert [await place.cases.task_of("acme", one.id) for one in new] == [a_task()] * 4


async def test_what_is_noted_later_comes_after_it_and_the_same_again_adds_nothing(place: Place) -> None:
    await place.note(*WHOLE[:2])
    assert [one.kind for one in await place.note(*WHOLE)] == ["inference", "decision"]
    assert await place.note(*WHOLE) == []
    assert [one.place for one in (await place.cases.get("acme", a_task())).objects.values()] == [0, 1, 2, 3]


async def test_nothing_is_kept_of_what_is_refused(place: Place) -> None:
    with pytest.raises(Invalid):
        await place.note(some_evidence("e"), an_inference("i", []))
    assert (await place.cases.get("acme", a_task())).objects == {}


async def test_tasks_and_tenants_are_apart(place: Place) -> None:
    [mine] = await place.note(a_hypothesis())
    [other] = await place.note(a_hypothesis(), task=a_task("two"))
    [theirs] = await place.note(a_hypothesis(), tenant="other")
    assert len({mine.id, other.id, theirs.id}) == 3
    assert [one.id for one in (await place.cases.get("acme", a_task())).objects.values()] == [mine.id]
    for tenant, id_ in (("other", mine.id), ("acme", "hyp_none")):
        with pytest.raises(NotFound):
            await place.cases.task_of(tenant, id_)


async def test_reviews_are_kept_in_order_and_see_those_before(place: Place) -> None:
    noted = (await place.note(*WHOLE))[2]

    def judge(case: Case) -> Review:
        return Review(
            id=f"rev_{len(case.reviews)}", tenant="acme", task=a_task(), object=noted.id, place=len(case.reviews), verdict="confirmed",
            by="person:ana", at=NOON, reason="I looked: ção.", ticket="tkt_1",
        )  # fmt: skip

    for _ in range(3):
        await place.commit(place.cases.review("acme", a_task(), judge))
    case = await place.cases.get("acme", a_task())
    assert [one.id for one in case.reviews] == ["rev_0", "rev_1", "rev_2"]
    assert case.reviews[0] == judge(a_case(*WHOLE))
