"""What every place for the versions of tenants' own policies promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import insert

from hulk.kernel.errors import Conflict, NotFound, Unavailable
from hulk.modules.router.adapters.memory import MemoryPolicySets
from hulk.modules.router.adapters.sql_policies import SqlPolicySets, policy_version_table
from hulk.modules.router.domain.policy import Hours, Policy, PolicySet, Version, When
from hulk.modules.router.ports.policies import PolicySets
from support.learning import AT
from support.postgres import Postgres
from support.stores import KINDS, Place, a_place, a_store

NIGHT = Hours(begin=time(22), end=time(6, 30), zone="UTC", days=("fri",))
WHOLE = Policy(
    name="night", allow=("loc*",), deny=("cloud",), most_cost=Decimal("0.050"), most_time=timedelta(seconds=2.5),
    when=When(channels=("web-*",), agents=("retail",), sensitivity="public", hours=(NIGHT,), spent=Decimal("0.8")),
)  # fmt: skip
PLAIN = Policy(name="plain")


def wanted(*policies: Policy, tenant: str = "t1", by: str = "ana") -> PolicySet:
    about = Version(tenant=tenant, number=0, at=AT, by=by, reason="because", size=len(policies))
    return PolicySet(about, policies)


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place[PolicySets]]:
    memory: PolicySets = MemoryPolicySets()
    async with a_place(request.param, tmp_path, postgres, memory, SqlPolicySets) as made:
        yield made


async def test_before_the_first_there_is_none(place: Place[PolicySets]) -> None:
    assert (await place.adapter.number("t1"), await place.adapter.newest("t1")) == (0, None)
    assert await place.adapter.history("t1", None, 10) == []
    with pytest.raises(NotFound):
        await place.adapter.get("t1", 0)


async def test_a_set_is_given_back_as_it_was_put(place: Place[PolicySets]) -> None:
    [(before, after)] = await place.commit(place.adapter.add(wanted(WHOLE, PLAIN)))
    assert before is None
    assert (after.version.number, after.version.by, after.version.size) == (1, "ana", 2)
    assert await place.adapter.newest("t1") == after == await place.adapter.get("t1", 1)
    assert after.policies == (WHOLE, PLAIN)


async def test_versions_are_counted_and_none_is_overwritten(place: Place[PolicySets]) -> None:
    sets = [(PLAIN,), (WHOLE,), ()]
    for policies in sets:
        await place.commit(place.adapter.add(wanted(*policies)))
    assert [(await place.adapter.get("t1", number)).policies for number in (1, 2, 3)] == sets
    assert [one.number for one in await place.adapter.history("t1", None, 2)] == [3, 2]
    assert [one.number for one in await place.adapter.history("t1", 3, 10)] == [2, 1]
    assert await place.adapter.number("t1") == 3


async def test_the_same_again_is_no_version(place: Place[PolicySets]) -> None:
    [(_, first)] = await place.commit(place.adapter.add(wanted(WHOLE)))
    [(before, after)] = await place.commit(place.adapter.add(wanted(WHOLE, by="ben")))
    assert before is after
    assert (after, await place.adapter.number("t1")) == (first, 1)


async def test_who_has_seen_another_version_is_told(place: Place[PolicySets]) -> None:
    await place.commit(place.adapter.add(wanted(PLAIN), 0))
    for seen in (0, 2):
        with pytest.raises(Conflict, match=f"of version 1 now, not {seen}"):
            await place.commit(place.adapter.add(wanted(WHOLE), seen))
    await place.commit(place.adapter.add(wanted(WHOLE), 1))
    assert await place.adapter.number("t1") == 2


async def test_each_tenant_counts_for_itself(place: Place[PolicySets]) -> None:
    for tenant, policies in (("t1", (PLAIN,)), ("t2", (WHOLE,)), ("t1", ())):
        await place.commit(place.adapter.add(wanted(*policies, tenant=tenant)))
    assert (await place.adapter.number("t1"), await place.adapter.number("t2")) == (2, 1)
    with pytest.raises(NotFound):
        await place.adapter.get("t2", 2)


async def test_of_many_who_write_at_once_each_has_a_version_of_its_own(place: Place[PolicySets]) -> None:
    elsewhere, commit_elsewhere = place.elsewhere

    async def write(number: int) -> None:
        adapter, commit = (place.adapter, place.commit) if number % 2 else (elsewhere, commit_elsewhere)
        await commit(adapter.add(wanted(Policy(name=f"p{number}"))))

    async with asyncio.TaskGroup() as group:
        for number in range(12):
            group.create_task(write(number))
    assert [one.number for one in await place.adapter.history("t1", None, 100)] == list(range(12, 0, -1))
    kept = {(await place.adapter.get("t1", number)).policies[0].name for number in range(1, 13)}
    assert kept == {f"p{number}" for number in range(12)}


async def test_of_many_who_follow_the_same_version_one_comes_through(place: Place[PolicySets]) -> None:
    elsewhere, commit_elsewhere = place.elsewhere
    await place.commit(place.adapter.add(wanted(PLAIN)))

    async def write(number: int) -> bool:
        adapter, commit = (place.adapter, place.commit) if number % 2 else (elsewhere, commit_elsewhere)
        try:
            await commit(adapter.add(wanted(Policy(name=f"p{number}")), 1))
        except Conflict:
            return False
        return True

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(write(number)) for number in range(8)]
    assert sum(task.result() for task in tasks) == 1
    assert await place.adapter.number("t1") == 2


@pytest.mark.parametrize("kept", [[{"name": "x", "when": {}, "novel": 1}], [{"when": "x"}], {"a": 1}, "x", [3]])
async def test_what_cannot_be_understood_is_no_empty_set(kept: object, tmp_path: Path, postgres: Callable[[], Postgres]) -> None:
    async with a_store("sqlite", tmp_path, postgres) as store:
        row = {"tenant": "t1", "number": 1, "at": AT, "by": "ana", "reason": "", "restored": None, "size": 1, "policies": kept}
        await store.commit(lambda tx: tx.execute(insert(policy_version_table), row))
        with pytest.raises(Unavailable, match="Version 1 of the policies cannot be understood"):
            await SqlPolicySets(store).newest("t1")
