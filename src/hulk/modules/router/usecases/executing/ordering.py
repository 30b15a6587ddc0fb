"""The models of a chain in their order: what one does not give another may, at once where the first is slow."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeAlias, TypeVar

import structlog

from hulk.kernel.errors import Forbidden, HulkError
from hulk.modules.router.usecases.weighing import Able, none_of

log = structlog.get_logger(__name__)
T = TypeVar("T")
Ask: TypeAlias = Callable[[Able, bool], Awaitable[T]]
"""Asks a model; told whether it is the last."""


@dataclass(frozen=True, slots=True)
class First(Generic[T]):
    """What the first model gave that gave something."""

    able: Able
    answer: T


async def first_of(chain: Sequence[Able], ask: Ask[T]) -> First[T]:
    """What keeps one model from answering is no hindrance to the next, but for leave that is denied.

    Raises `Forbidden` when something may not go out, else what the only model raised, or for all of them `Unavailable` when one may
    be asked later, `Exhausted`, `Refused`."""
    errors: list[HulkError] = []
    for able in chain:
        try:
            return First(able, await ask(able, able is chain[-1]))
        except Forbidden:
            raise
        except HulkError as error:
            log.info("model_passed_over", model=able.model.name, reason=error.code)
            errors.append(error)
    raise errors[0] if len(errors) == 1 else none_of(errors)


async def in_order(chain: Sequence[Able], ask: Ask[T], hedge_after: timedelta | None) -> First[T]:
    """The same; when the first takes longer than `hedge_after` the others are asked besides. Raises as `first_of`."""
    if hedge_after is None or len(chain) < 2:
        return await first_of(chain, ask)
    return await _hedged(lambda part: first_of(part, ask), chain, hedge_after.total_seconds())


async def _hedged(act: Callable[[Sequence[Able]], Awaitable[First[T]]], chain: Sequence[Able], seconds: float) -> First[T]:
    """What `act` gives for the first of the chain; when that takes longer than so many seconds, or fails, also for the others, whichever
    comes first. The slower one is cancelled, and paid for in full."""
    errors: list[HulkError] = []
    answers: asyncio.Queue[First[T] | HulkError] = asyncio.Queue()

    async def told(part: Sequence[Able]) -> None:
        try:
            answers.put_nowait(await act(part))
        except HulkError as error:
            answers.put_nowait(error)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(told(chain[:1]))]
        found = await _within(answers, seconds)
        if not isinstance(found, First):
            tasks.append(group.create_task(told(chain[1:])))
            errors += [found] if found is not None else []
        while not isinstance(found, First) and len(errors) < len(tasks):
            if isinstance(found := await answers.get(), HulkError):
                errors.append(found)
        for task in tasks:
            task.cancel()
    if isinstance(found, First):
        return found
    raise none_of(errors)


async def _within(answers: "asyncio.Queue[First[T] | HulkError]", seconds: float) -> First[T] | HulkError | None:
    try:
        async with asyncio.timeout(seconds):
            return await answers.get()
    except TimeoutError:
        return None
