"""Giving an agent something to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hulk.kernel.durable import Change, Runs, Started, followed
from hulk.kernel.errors import Forbidden, HulkError, NotFound, Refused, retold
from hulk.kernel.events import Trail
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Principal
from hulk.kernel.text import Language, Text
from hulk.kernel.time import Clock
from hulk.modules.agents.domain.agent import Agent, AgentBook
from hulk.modules.agents.domain.made import files_made
from hulk.modules.agents.domain.task import FILES, SAID, Task, id_of
from hulk.modules.agents.ports import Tasks, Voices
from hulk.modules.agents.usecases.facts import About, fact
from hulk.modules.agents.usecases.orchestrate import TASK
from hulk.modules.skills import Request, Source, read
from hulk.modules.tools import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an agent is asked, by whom, in which run; `waiter` is the run that is told of its end. Relative dates refer to `at`. `p0`: all
    of it must stay in the company, whatever a scan of it finds; `said` is what was said before; `case`, `found` and `model` are as of the
    task."""

    by: Principal
    agent: str
    text: str
    language: Language
    zone: ZoneInfo
    at: datetime
    run: str
    playbook: str = ""
    sources: tuple[Source, ...] = ()
    said: tuple[str, ...] = ()
    namespace: str = DEFAULT_NAMESPACE
    intent: str | None = None
    waiter: str | None = None
    trace: str | None = None
    p0: bool = False
    case: str = ""
    found: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginTask:
    """Begin a task."""

    book: AgentBook
    tasks: Tasks
    runs: Runs
    trail: Trail
    clock: Clock

    def __call__(self, wanted: Wanted) -> tuple[Task, Sequence[Change[Any]]]:
        """The task, and the changes that begin it. Raises `NotFound` when there is no such agent, `Forbidden` when it is not for them, and
        `Refused` for a parameter that is missing or wrong."""
        agent = self.agent(wanted.by, wanted.agent)
        task = self._task(agent, wanted)
        data = {"task": task.id, "agent": task.agent, "p0": task.p0}
        started = Started(
            workflow=TASK, data=data, tenant=task.tenant, id=wanted.run, intent=wanted.intent, parent=wanted.waiter,
            cause=wanted.waiter, trace=wanted.trace, namespace=wanted.namespace, attributes={"agent": agent.name, "actor": task.actor},
        )  # fmt: skip
        told = {"playbook": task.playbook, "digest": agent.digest}
        event = self.trail.append(fact("begun", About.of(task), told, task.actor))
        return task, [followed(self.tasks.add(task), lambda new: [event, self.runs.begin(started)] if new else [])]

    def agent(self, by: Principal, name: str) -> Agent:
        """The agent, if it is for them; raises `NotFound`, `Forbidden`."""
        agent = self.book.get(name)
        if agent is None or (agent.tenants and by.tenant not in agent.tenants):
            known = ", ".join(one.name for one in self.book.open_to(by)) or "—"
            raise NotFound("There is no agent “{agent}”; there are: {known}.", agent=name[:80], known=known)
        if not agent.open_to(by):
            raise Forbidden(
                "The agent “{agent}” works for those who have one of the roles {roles}; yours are {own}.", agent=name,
                roles=", ".join(agent.roles), own=by.roles or "—",
            )  # fmt: skip
        return agent

    def _task(self, agent: Agent, wanted: Wanted) -> Task:
        playbook = agent.playbook(wanted.playbook)
        asked = Request(text=wanted.text, language=wanted.language, now=wanted.at, zone=wanted.zone, sources=wanted.sources)
        return Task(
            id=id_of(wanted.run), tenant=wanted.by.tenant, agent=agent.name, actor=wanted.by.actor, grants=wanted.by.grants,
            text=wanted.text, language=_language(agent, wanted), run=wanted.run, at=self.clock(), namespace=wanted.namespace,
            intent=wanted.intent, p0=wanted.p0, playbook="" if playbook is None else playbook.name,
            parameters=_enclosed(wanted) if playbook is None else _plain(read(playbook.parameters, asked)), case=wanted.case,
            found=wanted.found, model=wanted.model,
        )  # fmt: skip


def _kept(task: Task) -> Text:
    return Text("The answer holds what must stay in the company: whoever asked sees it with the task {task}.", task=task.id)


def _enclosed(wanted: Wanted) -> dict[str, Any]:
    """The files that go with it, as tools take them."""
    files = [_source({name: getattr(one, name) for name in ("name", "path", "blob", "url")}) for one in wanted.sources]
    return ({FILES: files} if files else {}) | ({SAID: list(wanted.said)} if wanted.said else {})


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty: a file is `{"name": …, "path": …}`, as tools take it."""
    return {name: _source(value) if isinstance(value, Mapping) and "kind" in value else value for name, value in parameters.items()}


def _source(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: one for key, one in value.items() if key != "kind" and one is not None}


def _language(agent: Agent, wanted: Wanted) -> Language:
    return wanted.language if wanted.language in agent.languages else agent.languages[0]


@dataclass(frozen=True, slots=True)
class AnswerOf:
    """What came of a task, for whoever sees the intent."""

    tasks: Tasks
    voices: Voices

    async def __call__(self, run: str) -> str:
        """The answer, in Markdown; of one that must stay in the company, where it is: intents are seen by more than who asked. Raises
        what it failed with, as `Refused`: the task had its tries."""
        task, answer = await self._answered(run)
        return self._elsewhere(task) if task.p0 else answer

    async def whole(self, run: str) -> str:
        """The answer itself, also where it must stay in the company: for where whatever is said does. Raises as calling does."""
        return (await self._answered(run))[1]

    async def _answered(self, run: str) -> tuple[Task, str]:
        task = await self.tasks.get(id_of(run))
        if task.state == "completed" and task.answer is not None:
            return task, task.answer
        error: HulkError | None = None if task.error is None else retold(task.error)
        raise Refused(Text("The agent “{agent}” came to no answer.", agent=task.agent) if error is None else error.text)

    async def files(self, run: str) -> Sequence[File]:
        """The files that go with it, for whoever sees the intent: without those that must stay in the company. None before it has begun."""
        try:
            task = await self.tasks.get(id_of(run))
        except NotFound:
            return ()
        return files_made(task, await self.tasks.steps(task.id), sensitive=False)

    def _elsewhere(self, task: Task) -> str:
        return self.voices(task.language).say(_kept(task))
