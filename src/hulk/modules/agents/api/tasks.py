"""Agents and their tasks over HTTP. They are asked by `POST /v1/intents`, by their names or by what is said."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path as FilePath
from typing import Annotated, TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from hulk.kernel.errors import retold
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, Voice
from hulk.kernel.time import iso
from hulk.modules.agents.domain.account import Account
from hulk.modules.agents.domain.agent import Agent, said_in
from hulk.modules.agents.domain.evaluating import Judged
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.task import Made, State, Task
from hulk.modules.agents.ports import WantedTasks
from hulk.modules.agents.usecases.evaluating import EvaluateCase
from hulk.modules.agents.usecases.show import ShowAgents, ShowTasks, TaskView
from hulk.modules.tools import File
from hulk.runtime.http import Caller, Reasoned, Spoken, downloaded, sending

_Named: TypeAlias = Annotated[str, Path(max_length=63, description="Its name.")]
_Case: TypeAlias = Annotated[str, Path(max_length=63, description="The case's name.")]
Kept: TypeAlias = Callable[[str, str], Awaitable[FilePath]]
_Task: TypeAlias = Annotated[str, Path(max_length=64, description="Its id, `tsk_…`.")]


class RehearsalBody(Reasoned):
    """How a case is done."""

    model: str = Field(default="", max_length=128, description="The model that is asked in the place of the agent's.")


def routes(agents: ShowAgents, tasks: ShowTasks, evaluate: EvaluateCase, kept: Kept) -> APIRouter:
    """All of them; `kept` says where a file of a tenant lies."""
    router = APIRouter(prefix="/v1", tags=["agents"])
    _of_agents(router, agents)
    _of_cases(router, evaluate)
    _of_tasks(router, tasks)
    _of_files(router, tasks, kept)
    return router


def _of_agents(router: APIRouter, agents: ShowAgents) -> None:
    @router.get("/agents", summary="The agents that you may use")
    async def listed(caller: Caller, voice: Spoken) -> dict[str, list[JsonObject]]:
        """By name."""
        return {"agents": [agent_view(one, voice) for one in agents(caller)]}

    @router.get("/agents/{agent}", summary="An agent")
    async def show(agent: _Named, caller: Caller, voice: Spoken) -> JsonObject:
        """What it may use and how far, what a task of it may take, what it knows how to do."""
        return whole_view(agents.one(caller, agent), voice)


def _of_cases(router: APIRouter, evaluate: EvaluateCase) -> None:
    @router.post("/agents/{agent}/cases/{case}", summary="Have an agent do a case of its evaluation set", status_code=202)
    async def rehearse(agent: _Named, case: _Case, body: RehearsalBody, caller: Caller, voice: Spoken) -> JsonObject:
        """A rehearsal: nothing is changed and nobody is asked; what would change something is noted. The task tells what came of it."""
        return task_view(await evaluate(caller, agent, case, body.model, body.reason), voice)


def _of_files(router: APIRouter, tasks: ShowTasks, kept: Kept) -> None:
    file = {**sending("*/*"), **sending("*/*", status=206)}

    @router.get("/agent-tasks/{task}/artefacts/{name}", summary="A file that an agent has made", response_class=Response, responses=file)
    async def artefact(task: _Task, name: str, caller: Caller) -> Response:
        """For whom the task is shown, also where it must stay in the company."""
        made = await tasks.file(caller, task, name)
        return downloaded(await kept(caller.tenant, made.blob), made.media_type, made.name)


def _of_tasks(router: APIRouter, tasks: ShowTasks) -> None:
    @router.get("/agent-tasks", summary="What agents were asked")
    async def listed(
        caller: Caller,
        voice: Spoken,
        agent: Annotated[str | None, Query(max_length=63, description="Only of that agent.")] = None,
        intent: Annotated[str | None, Query(max_length=64, description="Only of that intent.")] = None,
        state: Annotated[State | None, Query(description="Only those.")] = None,
        before: Annotated[str | None, Query(max_length=64, description="Only those older than that task.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> dict[str, list[JsonObject]]:
        """Your own, newest first; all of the tenant's for its admins."""
        wanted = WantedTasks(tenant=caller.tenant, agent=agent, intent=intent, state=state, before=before, most=limit)
        return {"tasks": [task_view(one, voice) for one in await tasks.find(caller, wanted)]}

    @router.get("/agent-tasks/{task}", summary="What an agent was asked, and how far it is")
    async def show(task: _Task, caller: Caller, voice: Spoken) -> JsonObject:
        """Its plan, what its steps have come to, and what it has taken."""
        return shown_view(await tasks(caller, task), voice)


def agent_view(agent: Agent, voice: Voice) -> JsonObject:
    """In short."""
    return {
        "name": agent.name, "title": said_in(agent.title, voice.language), "about": said_in(agent.about, voice.language),
        "languages": list(agent.languages), "playbooks": [one.name for one in agent.playbooks], "team": list(agent.team),
    }  # fmt: skip


def whole_view(agent: Agent, voice: Voice) -> JsonObject:
    """All of it but its persona's words, which are in its file."""
    limits = agent.limits
    return {
        **agent_view(agent, voice),
        "roles": list(agent.roles), "model": agent.model, "private": agent.private, "file": agent.origin, "digest": agent.digest,
        "tools": [
            {"use": list(one.tools), "autonomy": one.autonomy, "up_to": None if one.up_to is None else str(one.up_to)}
            for one in agent.grants
        ],
        "limits": {
            "tokens": limits.tokens, "cost": None if limits.cost is None else str(limits.cost), "seconds": limits.seconds,
            "steps": limits.nodes, "turns": limits.turns, "replans": limits.replans, "parallel": limits.parallel,
            "wait": None if limits.wait is None else limits.wait.total_seconds(),
        },
        "knows": [
            {"name": one.name, "title": said_in(one.title, voice.language), "examples": list(_examples(one.examples, voice.language))}
            for one in agent.playbooks
        ],
        "evaluation": [
            {
                "name": one.name, "ask": one.ask, "language": one.language, "playbook": one.playbook or None, "calls": list(one.calls),
                "never": list(one.never), "says": list(one.says), "files": list(one.files), "ends": one.ends,
            }
            for one in agent.cases
        ],
    }  # fmt: skip


def _examples(examples: Mapping[Language, tuple[str, ...]], language: Language) -> tuple[str, ...]:
    return examples.get(language) or next(iter(examples.values()), ())


def task_view(task: Task, voice: Voice) -> JsonObject:
    """In short."""
    return {
        "id": task.id, "agent": task.agent, "playbook": task.playbook or None, "actor": task.actor, "text": task.text, "state": task.state,
        "intent": task.intent, "run": task.run, "sensitive": task.p0, "limited": task.limited, "case": task.case or None,
        "error": None if task.error is None else voice.say(retold(task.error).text), "at": iso(task.at),
        "ended": None if task.ended is None else iso(task.ended),
    }  # fmt: skip


def shown_view(view: TaskView, voice: Voice) -> JsonObject:
    """With its plan, steps, account and answer."""
    plan = view.task.plan
    nodes = () if plan is None else plan.nodes
    return {
        **task_view(view.task, voice), "answer": view.task.answer,
        "plan": None if plan is None else {
            "origin": plan.origin, "version": plan.version,
            "ledger": {"facts": list(plan.ledger.facts), "to_find": list(plan.ledger.to_find), "guesses": list(plan.ledger.guesses)},
        },
        "steps": [step_view(node, view.made.get(node.key), voice) for node in nodes],
        "account": None if view.account is None else account_view(view.account),
        "artefacts": [file_view(view.task, one) for one in view.files],
        "evaluation": None if view.judged is None else judged_view(view.task, view.judged, voice),
    }  # fmt: skip


def file_view(task: Task, file: File) -> JsonObject:
    """A file that it made, and where it is given out."""
    url = f"/v1/agent-tasks/{task.id}/artefacts/{quote(file.name, safe='')}"
    return {"name": file.name, "media_type": file.media_type, "size": file.size, "url": url}


def judged_view(task: Task, judged: Judged, voice: Voice) -> JsonObject:
    """Whether a case came out as its file says."""
    tools = [{"name": one.tool, "status": one.status} for one in judged.tried]
    return {
        "verdict": "left out" if judged.left_out else "failed" if judged.wrong else "passed", "found": task.found, "tools": tools,
        "proposed": list(judged.proposed), "wrong": [voice.say(one) for one in judged.wrong],
    }  # fmt: skip


def step_view(node: Node, made: Made | None, voice: Voice) -> JsonObject:
    """A step of the plan, and what it has come to. What it handed on is told in the answer, and kept from this: it may be private."""
    came = made or Made(task="", key=node.key, status="open")
    return {
        "key": node.key, "title": said_in(node.title, voice.language) or node.key, "does": node.does, "agent": node.agent,
        "tool": node.tool or None, "after": sorted(node.waits_for), "optional": node.optional, "tokens": node.tokens or None,
        "most": node.most if node.each else None, "left_out": came.left_out,
        "status": came.status, "run": came.run or None, "sources": list(came.sources), "calls": list(came.calls),
        "tried": [{"tool": one.tool, "status": one.status} for one in came.tried],
        "autonomy": came.autonomy, "approver": came.approver or None,
        "model": came.model or None, "sensitive": came.p0, "limited": came.limited,
        "error": None if came.error is None else voice.say(retold(came.error).text), "at": None if came.at is None else iso(came.at),
    }  # fmt: skip


def account_view(account: Account) -> JsonObject:
    """What it may take, and has taken or set aside."""
    return {
        "tokens": account.tokens, "written": account.written, "most_tokens": account.most_tokens, "cost": str(account.cost),
        "most_cost": None if account.most_cost is None else str(account.most_cost),
    }  # fmt: skip
