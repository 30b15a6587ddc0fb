"""Doing several things at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(acts: Iterable[Awaitable[T]]) -> list[T]:
    """What they give, in their order, once all have ended. Of failures the first itself is raised, not a group of them, since callers look
    at its kind. Cancelling this cancels them."""
    failures: list[Exception] = []

    async def one(act: Awaitable[T]) -> list[T]:
        try:
            return [await act]
        except Exception as error:  # noqa: BLE001  # raised below, when all have ended
            failures.append(error)
            return []

    async with asyncio.TaskGroup() as group:
        begun = [group.create_task(one(act)) for act in acts]
    if failures:
        raise failures[0]
    return [found for task in begun for found in task.result()]
