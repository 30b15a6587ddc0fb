"""Several things at once: all to their end, and the first failure as it is."""

import asyncio

import pytest

from hulk.kernel.errors import NotFound, Refused
from hulk.kernel.together import together


async def test_what_they_give_comes_in_their_order_and_none_waits_for_another() -> None:
    heard = asyncio.Event()

    async def waits() -> str:
        await heard.wait()
        return "first"

    async def tells() -> str:
        heard.set()
        return "second"

    assert await together([waits(), tells()]) == ["first", "second"]
    assert await together(()) == []


async def test_the_first_failure_is_raised_once_all_have_ended() -> None:
    ended, other = list[str](), asyncio.Event()

    async def fails(error: Exception) -> None:
        other.set()
        raise error

    async def ends() -> None:
        await other.wait()
        ended.append("it")

    with pytest.raises(NotFound):
        await together([ends(), fails(NotFound("gone")), fails(Refused("no"))])
    assert ended == ["it"]


async def test_who_is_cancelled_cancels_them() -> None:
    cancelled = list[int]()

    async def waits(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(number)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(together([waits(1), waits(2)]), 0.01)
    assert sorted(cancelled) == [1, 2]
