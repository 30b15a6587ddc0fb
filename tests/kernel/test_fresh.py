"""What is answered from memory and looked at again each second."""

import asyncio
from dataclasses import dataclass, field

import pytest

from hulk.kernel.errors import Unavailable
from hulk.kernel.fresh import FRESH, KEPT, Fresh


@dataclass
class Source:
    """What is looked at, and a clock of one's own."""

    value: str = "old"
    at: float = 100.0
    away: bool = False
    looks: list[tuple[str, str | None]] = field(default_factory=list)
    let: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.let.set()

    def now(self) -> float:
        return self.at

    async def look(self, key: str, before: str | None) -> str:
        self.looks.append((key, before))
        found = self.value
        self.begun.set()
        await self.let.wait()
        if self.away:
            raise Unavailable("away")
        return found

    @property
    def fresh(self) -> Fresh[str]:
        return Fresh(self.look, self.now)


async def test_what_was_found_holds_for_a_second_and_then_one_looks_for_all() -> None:
    source = Source()
    fresh = source.fresh
    assert [await fresh("a") for _ in range(50)] == ["old"] * 50
    source.value, source.at = "new", source.at + FRESH / 2
    assert await fresh("a") == "old"
    source.at += FRESH / 2
    async with asyncio.TaskGroup() as group:
        found = [group.create_task(fresh("a")) for _ in range(50)]
    assert {task.result() for task in found} == {"new"}
    assert source.looks == [("a", None), ("a", "old")]


async def test_a_change_of_this_process_holds_at_once_and_only_for_its_key() -> None:
    source = Source()
    fresh = source.fresh
    assert (await fresh("a"), await fresh("b")) == ("old", "old")
    source.value = "new"
    fresh.stale("a")
    fresh.stale("unknown")
    assert (await fresh("a"), await fresh("b")) == ("new", "old")


async def test_a_look_that_began_before_a_change_does_not_count() -> None:
    source = Source()
    fresh = source.fresh
    source.let.clear()
    async with asyncio.TaskGroup() as group:
        early = group.create_task(fresh("a"))
        await source.begun.wait()
        source.value = "new"
        fresh.stale("a")
        source.let.set()
    assert (early.result(), await fresh("a")) == ("old", "new")


async def test_what_cannot_be_looked_at_is_told_and_not_answered_from_long_ago() -> None:
    source = Source()
    fresh = source.fresh
    assert await fresh("a") == "old"
    source.away, source.at = True, source.at + FRESH
    for _ in range(2):
        with pytest.raises(Unavailable):
            await fresh("a")
    source.away = False
    assert await fresh("a") == "old"


async def test_who_asked_long_ago_is_forgotten() -> None:
    source = Source()
    fresh = source.fresh
    for number in range(KEPT + 5):
        await fresh(f"t{number}")
    assert await fresh(f"t{KEPT}") == "old"
    assert len(source.looks) == KEPT + 5
    await fresh("t0")
    assert len(source.looks) == KEPT + 6
