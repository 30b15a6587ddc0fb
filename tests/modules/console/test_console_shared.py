"""Many who look at the same at once cost as much as one; nobody is shown what is another's, or old."""

import asyncio
from dataclasses import dataclass, field

import pytest

from hulk.kernel.errors import Unavailable
from hulk.modules.console.usecases import Shared
from hulk.modules.console.usecases.shared import KEPT_SECONDS, MOST_SECONDS
from support.patience import until


@dataclass
class Counted:
    """Makes numbers, each time the next, once it may."""

    made: int = 0
    may: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.may.wait()
        return number


async def test_all_who_come_meanwhile_are_given_what_one_found_out() -> None:
    counted, shared = Counted(), Shared()
    async with asyncio.TaskGroup() as group:
        looking = [group.create_task(shared("a", counted)) for _ in range(100)]
        await until(lambda: counted.made == 1)
        counted.may.set()
    assert {one.result() for one in looking} == {1}


async def test_it_is_found_out_anew_once_it_is_old() -> None:
    now, counted = [0.0], Counted()
    counted.may.set()
    shared = Shared(lambda: now[0])
    assert [await shared("a", counted), await shared("a", counted)] == [1, 1]
    now[0] += KEPT_SECONDS
    assert await shared("a", counted) == 2


@pytest.mark.parametrize(("took", "kept"), [(0.0, KEPT_SECONDS), (0.001, KEPT_SECONDS), (0.05, 2.5), (60.0, MOST_SECONDS)])
async def test_what_takes_long_to_find_out_is_kept_for_as_long_in_proportion(took: float, kept: float) -> None:
    """From when it was there: who waited for it is given it, however long it took."""
    now, made = [100.0], [0]
    shared = Shared(lambda: now[0])

    async def slow() -> int:
        now[0] += took
        made[0] += 1
        return made[0]

    assert await shared("a", slow, times=50) == 1
    now[0] += kept - 0.01
    assert await shared("a", slow, times=50) == 1
    now[0] += 0.02
    assert await shared("a", slow, times=50) == 2


async def test_another_key_is_another_answer() -> None:
    counted, shared = Counted(), Shared()
    counted.may.set()
    assert [await shared(("acme", "viewer"), counted), await shared(("other", "viewer"), counted)] == [1, 2]


async def test_what_went_wrong_is_kept_for_nobody() -> None:
    shared = Shared()

    async def fails() -> int:
        raise Unavailable("Ask later.")

    async def works() -> int:
        return 1

    with pytest.raises(Unavailable):
        await shared("a", fails)
    assert await shared("a", works) == 1


async def test_who_leaves_takes_nothing_from_those_who_wait() -> None:
    counted, shared = Counted(), Shared()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(shared("a", counted))
        await until(lambda: counted.made == 1)
        second = group.create_task(shared("a", counted))
        first.cancel()
        await until(lambda: counted.made == 2)
        counted.may.set()
    assert second.result() == 2


async def test_it_does_not_grow_without_end() -> None:
    now = [0.0]
    shared = Shared(lambda: now[0])
    counted = Counted()
    counted.may.set()
    for number in range(5000):
        await shared(number, counted)
    assert len(shared._kept) <= 1000
    assert shared._making == {}
