"""A skill's plan done here and now, for whoever waits for it: no ticket is opened, nothing is kept, nothing is tried again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeAlias

import structlog

from hulk.kernel.errors import HulkError, Refused
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.skills.domain.skill import Answer, Arguments, Report, Skill
from hulk.modules.tickets import Done, Draft, Handler, NewArtefact, Work

log = structlog.get_logger(__name__)
Told: TypeAlias = Callable[[int, int, Text], Awaitable[None]]
"""Is told of each piece of work that has ended: how many have, of how many, and its title."""


async def untold(_: int, __: int, ___: Text) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """What is wanted of a skill: by whom, in whose words. `key` is the same each time that the same is wanted; `scratch` is the caller's
    folder, in which what was made lies afterwards."""

    skill: Skill
    arguments: Arguments
    tenant: str
    key: str
    voice: Voice
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """What came of it: the answer, each piece's result by its key (missing when an optional one failed), and files still in scratch."""

    answer: Answer
    results: Mapping[str, JsonObject]
    artefacts: tuple[NewArtefact, ...]


@dataclass(frozen=True, slots=True)
class DoSkill:
    """Does skills. `turns` bounds how many pieces of work there are at once, over all who ask."""

    handlers: Mapping[str, Handler]
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))

    async def __call__(self, wanted: Doing, told: Told = untold) -> Did:
        """Do all pieces, each as soon as those that it comes after are done, then join them.

        Raises what the first required piece that fails does: `Refused`, `NotFound` (the input is wrong) or `Unavailable`."""
        plan = _Plan(self, wanted, {draft.key: draft for draft in wanted.skill.plan(wanted.arguments)}, told)
        await plan.done()
        results = {key: done.result for key, done in plan.ended.items() if done is not None}
        artefacts = tuple(made for done in plan.ended.values() if done is not None for made in done.artefacts)
        names = tuple(made.name for made in artefacts)
        report = Report(arguments=wanted.arguments, results=results, artefacts=names, voice=wanted.voice)
        return Did(answer=wanted.skill.answer(report), results=results, artefacts=artefacts)


@dataclass(slots=True)
class _Plan:
    """A plan being done. `ended` has None for a piece that failed or could not begin."""

    act: DoSkill
    wanted: Doing
    drafts: Mapping[str, Draft]
    told: Told
    ended: dict[str, Done | None] = field(default_factory=dict)

    async def done(self) -> None:
        order = TopologicalSorter({key: draft.after for key, draft in self.drafts.items()})
        order.prepare()
        try:
            while order.is_active():
                ready = order.get_ready()
                async with asyncio.TaskGroup() as group:
                    for key in ready:
                        group.create_task(self._end(self.drafts[key]))
                order.done(*ready)
        except ExceptionGroup as failed:
            raise _first(failed) from failed

    async def _end(self, draft: Draft) -> None:
        try:
            self.ended[draft.key] = await self._work(draft)
        except HulkError as error:
            if draft.required:
                raise
            log.warning("skill_part_failed", skill=self.wanted.skill.name, part=draft.key, code=error.code)
            self.ended[draft.key] = None
        await self.told(len(self.ended), len(self.drafts), draft.title)

    async def _work(self, draft: Draft) -> Done:
        before = {key: done.result for key in draft.after if (done := self.ended[key]) is not None}
        if lost := [key for key in draft.after if key not in before]:
            raise Refused("“{part}” needs what “{lost}” would have given.", part=draft.key, lost=", ".join(lost))
        async with self.act.turns:
            folder = self.wanted.scratch / draft.key
            await asyncio.to_thread(folder.mkdir)
            return await self._handler(draft.kind)(self._given(draft, before, folder))

    def _handler(self, kind: str) -> Handler:
        if (handler := self.act.handlers.get(kind)) is None:
            raise Refused(
                "This Hulk does not know how to do “{kind}”; it knows {known}.", kind=kind, known=", ".join(sorted(self.act.handlers))
            )
        return handler

    def _given(self, draft: Draft, before: Mapping[str, JsonObject], folder: Path) -> Work:
        key = f"{self.wanted.key}/{draft.key}"
        return Work(
            ticket=key, kind=draft.kind, tenant=self.wanted.tenant, input=draft.input, before=before, scratch=folder,
            voice=self.wanted.voice, key=key,
        )  # fmt: skip


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first cause: what the others did after it is in the group that it is raised from."""
    cause = failed.exceptions[0]
    return _first(cause) if isinstance(cause, BaseExceptionGroup) else cause
