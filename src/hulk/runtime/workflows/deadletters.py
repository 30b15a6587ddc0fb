"""Dealing with many dead letters at once: each in a change of its own, so that one that cannot be dealt with holds up no other."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.errors import Conflict, NotFound
from hulk.runtime.store import Store
from hulk.runtime.workflows.queries import RunQueries, Which
from hulk.runtime.workflows.steering import Steering

AT_ONCE = 32
"""How many changes wait for the store together, which commits them in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """The runs that were dealt with, or would be; `left` are those that fit but were over the limit or are dead letters no more."""

    runs: Sequence[str]
    left: int


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Replays or discards all dead letters that fit, the oldest first."""

    store: Store
    queries: RunQueries
    steering: Steering

    async def replay(self, which: Which, actor: str, reason: str = "", *, limit: int, dry_run: bool = False) -> Dealt:
        """Have them executed again from where they stopped. Raises `NotFound` for a run that is named and is no dead letter."""
        return await self._each(which, lambda run: self.steering.replay(run, actor, reason), limit, dry_run=dry_run)

    async def discard(self, which: Which, actor: str, reason: str = "", *, limit: int, dry_run: bool = False) -> Dealt:
        """They stay failed, and are no dead letters any more. Raises `NotFound` for a run that is named and is no dead letter."""
        return await self._each(which, lambda run: self.steering.discard(run, actor, reason), limit, dry_run=dry_run)

    async def _each(self, which: Which, change: Callable[[str], Change[Any]], limit: int, *, dry_run: bool) -> Dealt:
        meant, whole = await self.queries.dead_meant(which, limit)
        if missing := sorted(set(which.runs) - set(meant)) if whole <= limit else []:
            raise NotFound("Among the dead letters that fit there is no run {id}.", id=missing[0])
        if dry_run:
            return Dealt(runs=meant, left=whole - len(meant))
        done: list[str] = []
        for at in range(0, len(meant), AT_ONCE):
            done += await self._together(meant[at : at + AT_ONCE], change)
        return Dealt(runs=done, left=whole - len(done))

    async def _together(self, runs: Sequence[str], change: Callable[[str], Change[Any]]) -> list[str]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._done(change(run))) for run in runs]
        return [run for run, task in zip(runs, tasks, strict=True) if task.result()]

    async def _done(self, change: Change[Any]) -> bool:
        """Whether it was dealt with: somebody else, or the replay of a child, may have done so just before."""
        try:
            await self.store.commit(change)
        except Conflict:
            return False
        return True
