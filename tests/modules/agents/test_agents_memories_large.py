"""Thousands of memories of one agent, searched in the store: the same are found as by weighing each by itself, whatever was held before."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hulk.modules.agents.adapters import nearest
from hulk.modules.agents.adapters.memory_memories import MemoryMemories
from hulk.modules.agents.adapters.shelves import MOST_ROWS, SPARE, Shelves
from hulk.modules.agents.adapters.sql_memories import SqlMemories
from hulk.modules.agents.domain.memory import likeness
from hulk.modules.agents.domain.memory.fading import days
from hulk.modules.agents.ports.memories import Sought, Which
from hulk.runtime.store import Store
from support.memory import at_once
from support.minds import NOON, a_memory
from support.postgres import Postgres
from support.stores import KINDS, a_store

MANY = 2_000
SIZE = 384


@pytest.fixture(params=KINDS)
async def store(request: pytest.FixtureRequest, tmp_path: Path, postgres: Callable[[], Postgres]) -> AsyncIterator[Store]:
    async with a_store(request.param, tmp_path, postgres) as made:
        yield made


def vectors(count: int, seed: int = 7) -> list[bytes]:
    """As e5's lie: all near one direction."""
    drawn = np.random.default_rng(seed).standard_normal((count, SIZE)) * 0.4 / np.sqrt(SIZE)
    drawn[:, 0] += 1
    return [row.astype("<f2").tobytes() for row in drawn / np.linalg.norm(drawn, axis=1, keepdims=True)]


async def test_many_memories_are_searched_as_if_each_was_weighed_by_itself(store: Store) -> None:
    one = a_memory("one")
    many = [
        replace(one, id=f"mem_{place:05d}", vector=vector, last_used=NOON - timedelta(hours=place % 700), text=f"Memory {place}.")
        for place, vector in enumerate(vectors(MANY))
    ]
    memories, plain = SqlMemories(store), MemoryMemories()
    for start in range(0, MANY, 1_000):
        await store.commit(*(memories.keep(memory) for memory in many[start : start + 1_000]))
    await at_once(*(plain.keep(memory) for memory in many))
    sought = Sought(tenant="acme", agent="retail", vector=vectors(1, 8)[0], model="m1", now=NOON, most=20)
    found = [(near.memory, round(near.score, 5)) for near in await memories.near(sought)]
    assert found == [(near.memory, round(near.score, 5)) for near in await plain.near(sought)]
    assert found == [(near.memory, round(near.score, 5)) for near in await memories.near(sought)]
    gone = Which(tenant="acme", memory=found[0][0].id)
    await store.commit(memories.forget(gone, 1))
    assert [near.memory for near in await memories.near(replace(sought, most=19))] == [memory for memory, _ in found[1:]]


@given(
    cosines=st.lists(st.floats(-1, 1), min_size=1, max_size=40), most=st.integers(1, 45), data=st.data(),
)  # fmt: skip
def test_what_is_worked_out_for_many_is_what_is_said_of_one(cosines: list[float], most: int, data: st.DataObject) -> None:
    ages = data.draw(st.lists(st.floats(0, 5_000), min_size=len(cosines), max_size=len(cosines)))
    strengths = data.draw(st.lists(st.floats(1, 3_650), min_size=len(cosines), max_size=len(cosines)))
    scored = nearest.scores(np.array(cosines), ages, strengths)
    expected = [likeness(cosine) * 2 ** (-age / strength) for cosine, age, strength in zip(cosines, ages, strengths, strict=True)]
    assert list(scored) == pytest.approx(expected)
    order = sorted(range(len(cosines)), key=lambda place: (-scored[place], place))
    assert nearest.best(scored, most) == [place for place in order if scored[place] > 0][:most]


def test_days_never_run_backwards() -> None:
    assert days(NOON, NOON - timedelta(days=1)) == 0


def asked(shelves: Shelves, ids: list[str], whose: str = "a") -> list[str]:
    """Which were read for a search among those; the rows are what they are to be."""
    read = list[str]()

    def reading(missing: object) -> list[tuple[str, bytes]]:
        read.extend(missing)  # type: ignore[arg-type]  # ids
        return [(id_, np.full(4, int(id_), "<f2").tobytes()) for id_ in read]

    rows = shelves.rows((whose,), ids, 8, reading)
    assert rows[:, 0].tolist() == [float(id_) for id_ in ids]
    return read


def test_a_vector_is_read_once_and_held_while_it_may_be_asked_for() -> None:
    shelves = Shelves()
    assert asked(shelves, ["1", "2", "3"]) == ["1", "2", "3"]
    assert asked(shelves, ["3", "1"]) == []
    assert asked(shelves, ["3", "4"]) == ["4"]
    assert asked(shelves, ["1", "2", "3", "4"]) == []


def test_what_was_forgotten_is_not_held_for_ever() -> None:
    shelves = Shelves()
    asked(shelves, [str(number) for number in range(SPARE + 2)])
    asked(shelves, ["1", "1500"])
    assert asked(shelves, ["1", "2", "1500"]) == ["2"]


def test_agents_make_room_for_one_another() -> None:
    shelves = Shelves(most_rows=3)
    asked(shelves, ["1", "2"], "a")
    asked(shelves, ["1", "2"], "b")
    assert asked(shelves, ["1"], "b") == []
    assert asked(shelves, ["1"], "a") == ["1"]
    assert MOST_ROWS > 3
