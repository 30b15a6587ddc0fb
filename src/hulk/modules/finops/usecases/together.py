"""Doing several things at once."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any


async def together(acts: Iterable[Awaitable[Any]]) -> None:
    """Wait until all have ended; then the first failure itself is raised, not a group of them, since callers look at its kind.
    Cancelling this cancels them."""
    failures: list[Exception] = []

    async def one(act: Awaitable[Any]) -> None:
        try:
            await act
        except Exception as error:  # noqa: BLE001  # raised below, when all have ended
            failures.append(error)

    async with asyncio.TaskGroup() as group:
        for act in acts:
            group.create_task(one(act))
    if failures:
        raise failures[0]
