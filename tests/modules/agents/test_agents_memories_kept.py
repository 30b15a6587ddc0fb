"""What every place for memories promises: in memory and on both databases."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hulk.kernel.durable import Commit
from hulk.kernel.errors import Conflict, NotFound, Refused
from hulk.modules.agents.adapters.memory_memories import MemoryMemories
from hulk.modules.agents.adapters.sql_memories import SqlMemories
from hulk.modules.agents.domain.memory import Memory, likeness
from hulk.modules.agents.ports.memories import Memories, Sought, Which
from support.memory import at_once
from support.minds import NOON, a_memory, turned, vector
from support.postgres import Postgres
from support.stores import KINDS, a_store


@dataclass
class Place:
    memories: Memories
    commit: Commit

    async def keep(self, *memories: Memory) -> None:
        await self.commit(*(self.memories.keep(one) for one in memories))

    async def near(self, degrees: float = 0, **others: Any) -> list[str]:
        return [near.memory.provenance.task for near in await self.memories.near(sought(degrees, **others))]


@pytest.fixture(params=["memory", *KINDS])
async def place(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Place]:
    if request.param == "memory":
        yield Place(MemoryMemories(), at_once)
        return
    async with a_store(request.param, tmp_path, postgres) as store:
        yield Place(SqlMemories(store), store.commit)


def sought(degrees: float = 0, **others: Any) -> Sought:
    fields: dict[str, Any] = {"tenant": "acme", "agent": "retail", "model": "m1", "now": NOON, "most": 9, "sensitive": True, **others}
    return Sought(vector=turned(degrees), **fields)


def named(name: str, degrees: float = 0, **others: Any) -> Memory:
    return a_memory(name, task=name, direction=turned(degrees), **others)


async def test_a_memory_is_kept_once_and_comes_back_as_it_was(place: Place) -> None:
    one = a_memory(
        "k1", source="https://x.example/ü", about="person:bob", intent="int_1", call="tcl_1", labels=("cpf",), trusted=False,
        expires=NOON + timedelta(days=3),
    )  # fmt: skip
    assert await place.commit(place.memories.keep(one)) == [(one, True)]
    assert await place.commit(place.memories.keep(replace(one, text="another"))) == [(one, False)]
    assert await place.memories.get("acme", one.id) == one == await place.memories.known("acme", one.id)
    for tenant, id_ in (("other", one.id), ("acme", "mem_none")):
        with pytest.raises(NotFound):
            await place.memories.get(tenant, id_)
        assert await place.memories.known(tenant, id_) is None


async def test_what_is_said_again_makes_it_stronger_once(place: Place) -> None:
    one, later = a_memory("k1"), NOON + timedelta(days=30)
    await place.keep(one)
    again = place.memories.repeat("acme", one.id, "mem_again", later, ("cpf",))
    [(after, new)] = await place.commit(again)
    assert (after, new) == (one.repeated(later, ("cpf",)), True)
    assert await place.commit(again) == [(after, False)]
    assert await place.memories.known("acme", "mem_again") == after == await place.memories.get("acme", one.id)
    assert (after.labels, after.strength > one.strength) == (("cpf",), True)
    with pytest.raises(NotFound):
        await place.commit(place.memories.repeat("other", one.id, "mem_x", later, ()))


async def test_one_that_supersedes_another_retires_it_and_it_stays_for_review(place: Place) -> None:
    old, new = named("old"), named("new")
    await place.keep(old)
    await place.commit(place.memories.keep(new, old.id))
    assert await place.near() == ["new"]
    assert (await place.memories.get("acme", old.id)).superseded_by == new.id
    assert {one.id for one in await place.memories.of(Which(tenant="acme", agent="retail"), 9)} == {old.id, new.id}
    with pytest.raises(Conflict, match=new.id):
        await place.commit(place.memories.keep(named("newer"), old.id))


@pytest.mark.parametrize(
    ("by", "error"),
    [
        pytest.param({"tenant": "other"}, NotFound, id="another tenant's"),
        pytest.param({"agent": "sales"}, NotFound, id="another agent's"),
        pytest.param({"namespace": "prod"}, NotFound, id="of another namespace"),
        pytest.param({"trusted": False}, Refused, id="by what nobody vouches for"),
    ],
)
async def test_what_may_not_be_superseded_stays(place: Place, by: dict[str, Any], error: type[Exception]) -> None:
    old = named("old")
    await place.keep(old)
    with pytest.raises(error):
        await place.commit(place.memories.keep(named("new", **by), old.id))
    assert (await place.memories.get("acme", old.id)).superseded_by is None


async def test_the_nearest_come_first_with_their_cosine_and_score(place: Place) -> None:
    await place.keep(named("far", 30), named("near", 5), named("nearer", 2), named("none", 90))
    found = await place.memories.near(sought())
    assert [near.memory.provenance.task for near in found] == ["nearer", "near", "far"]
    assert [near.cosine for near in found] == pytest.approx([0.999, 0.996, 0.866], abs=2e-3)
    assert found[0].score == pytest.approx(likeness(found[0].cosine))
    assert await place.near(most=1) == ["nearer"]


async def test_what_is_remembered_less_is_worth_less_unless_only_likeness_counts(place: Place) -> None:
    await place.keep(named("old", 1), named("new", 8, at=NOON + timedelta(days=60)))
    now = NOON + timedelta(days=60)
    assert await place.near(now=now) == ["new", "old"]
    assert await place.near(now=now, faded=True) == ["old", "new"]
    found = {near.memory.provenance.task: near for near in await place.memories.near(sought(now=now))}
    assert found["old"].score == pytest.approx(likeness(found["old"].cosine) * found["old"].memory.retention(now))


@pytest.mark.parametrize(
    ("what", "how"),
    [
        pytest.param({"tenant": "other"}, {}, id="another tenant's"),
        pytest.param({"agent": "sales"}, {}, id="another agent's"),
        pytest.param({"namespace": "prod"}, {"namespaces": frozenset(("default", "lab"))}, id="of a namespace not asked for"),
        pytest.param({"kind": "episode"}, {"kinds": ("fact", "preference")}, id="of a kind not asked for"),
        pytest.param({"labels": ("cpf",)}, {"sensitive": False}, id="what must not leave the company"),
        pytest.param({}, {"model": "m2"}, id="made by another model"),
        pytest.param({"expires": NOON + timedelta(hours=1)}, {"now": NOON + timedelta(hours=1)}, id="what has expired"),
        pytest.param({}, {"now": NOON + timedelta(days=130)}, id="what has faded"),
    ],
)
async def test_what_is_not_sought_is_not_found(place: Place, what: dict[str, Any], how: dict[str, Any]) -> None:
    await place.keep(named("theirs", **what))
    assert await place.near(**how) == []
    assert await place.near(tenant=what.get("tenant", "acme"), agent=what.get("agent", "retail")) == ["theirs"]


async def test_searches_find_what_came_and_not_what_went_between_them(place: Place) -> None:
    some = [named(f"k{number}", number) for number in range(4)]
    await place.keep(*some[:2])
    assert await place.near(kinds=("fact",)) == ["k0", "k1"]
    await place.keep(some[3])
    await place.commit(place.memories.forget(Which(tenant="acme", memory=some[0].id), 9))
    assert await place.near() == ["k1", "k3"]
    await place.keep(some[2], some[0])
    assert await place.near() == ["k0", "k1", "k2", "k3"]


async def test_a_recall_is_a_use(place: Place) -> None:
    one, later = a_memory("k1"), NOON + timedelta(days=30)
    await place.keep(one)
    await place.commit(place.memories.used("acme", [one.id, "mem_gone"], later), place.memories.used("other", [one.id], later))
    assert await place.memories.get("acme", one.id) == one.used(later)


async def test_memories_are_listed_newest_first_page_by_page(place: Place) -> None:
    kept = [a_memory(f"k{number}", at=NOON + timedelta(minutes=number // 2)) for number in range(5)]
    await place.keep(*kept, a_memory("theirs", "other"), a_memory("k9", agent="sales"))
    which = Which(tenant="acme", agent="retail")
    first = await place.memories.of(which, 3)
    rest = await place.memories.of(which, 3, first[-1].id)
    assert [one.id for one in (*first, *rest)] == [
        one.id for one in sorted(kept, key=lambda one: (one.created, one.id), reverse=True)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "meant",
    [
        pytest.param({"task": "tsk_1"}, id="of a task"),
        pytest.param({"source": "https://x.example"}, id="from a source"),
        pytest.param({"actor": "person:bob"}, id="said by somebody"),
        pytest.param({"about": "person:bob"}, id="about somebody"),
        pytest.param({"agent": "sales"}, id="of an agent"),
    ],
)
async def test_what_is_forgotten_is_deleted_and_nothing_else(place: Place, meant: dict[str, Any]) -> None:
    await place.keep(a_memory("k1", **meant), a_memory("k2", **meant), a_memory("k3"), a_memory("k1", "other", **meant))
    which = Which(tenant="acme", **meant)
    assert [one.tenant for one in (await place.commit(place.memories.forget(which, 1)))[0]] == ["acme"]
    assert len((await place.commit(place.memories.forget(which, 9)))[0]) == 1
    assert await place.commit(place.memories.forget(which, 9)) == [[]]
    assert [one.id for one in await place.memories.of(Which(tenant="acme"), 9)] == [a_memory("k3").id]
    assert len(await place.memories.of(Which(tenant="other"), 9)) == 1


async def test_only_what_is_in_certain_namespaces_is_forgotten(place: Place) -> None:
    await place.keep(a_memory("k1", namespace="prod"), a_memory("k2"))
    await place.commit(place.memories.forget(Which(tenant="acme", agent="retail", namespaces=frozenset(("prod",))), 9))
    assert [one.namespace for one in await place.memories.of(Which(tenant="acme"), 9)] == ["default"]


async def test_what_was_forgotten_may_be_told_anew(place: Place) -> None:
    one = a_memory("k1")
    await place.keep(one)
    await place.commit(place.memories.repeat("acme", one.id, "mem_again", NOON, ()))
    await place.commit(place.memories.forget(Which(tenant="acme", memory=one.id), 9))
    assert await place.memories.known("acme", "mem_again") is None
    assert await place.commit(place.memories.keep(one)) == [(one, True)]


async def test_time_deletes_what_has_expired_and_faded_some_at_a_time(place: Place) -> None:
    soon = a_memory("soon", expires=NOON + timedelta(days=1))
    fading = a_memory("fading", "other", kind="episode")
    lasting = a_memory("lasting", kind="preference")
    await place.keep(soon, fading, lasting)
    assert await place.commit(place.memories.sweep(NOON + timedelta(hours=23), 9)) == [[]]
    assert await place.commit(place.memories.sweep(NOON + timedelta(days=31), 1)) == [[soon]]
    assert await place.commit(place.memories.sweep(NOON + timedelta(days=31), 9)) == [[fading]]
    assert await place.memories.get("acme", lasting.id) == lasting


async def test_the_weakest_go_when_there_are_too_many(place: Place) -> None:
    kept = [a_memory(f"k{day}", at=NOON + timedelta(days=day)) for day in range(6)]
    await place.keep(*kept, a_memory("theirs", "other"), a_memory("sales", agent="sales"))
    now = NOON + timedelta(days=6)
    assert await place.commit(place.memories.thin("acme", "retail", now, 6)) == [[]]
    [gone] = await place.commit(place.memories.thin("acme", "retail", now, 4))
    assert {one.id for one in gone} == {one.id for one in kept[:3]}
    assert len(await place.memories.of(Which(tenant="acme"), 99)) == 4


async def test_vectors_of_another_model_are_found_and_replaced(place: Place) -> None:
    one = named("k1", 90)
    await place.keep(one)
    assert [other.id for other in await place.memories.others("m2", 9)] == [one.id]
    await place.commit(place.memories.embed("acme", one.id, "m2", vector(1)), place.memories.embed("acme", "mem_gone", "m2", vector(1)))
    assert await place.memories.others("m2", 9) == []
    assert await place.near(model="m2") == ["k1"]
