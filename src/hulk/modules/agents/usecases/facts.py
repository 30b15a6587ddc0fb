"""The events of a task. They tell no texts: those may be private."""

from dataclasses import dataclass

from hulk.kernel.durable import Started
from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.task import Task
from hulk.modules.agents.ports import Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Which task, where only its run may be at hand."""

    task: str
    agent: str
    run: str
    tenant: str
    intent: str | None

    @classmethod
    def of(cls, task: Task) -> "About":
        """That one."""
        return cls(task=task.id, agent=task.agent, run=task.run, tenant=task.tenant, intent=task.intent)

    @classmethod
    def done_in(cls, run: Started) -> "About":
        """The one that is done in that run."""
        return cls(task=run.data["task"], agent=run.data["agent"], run=run.id, tenant=run.tenant, intent=run.intent)


def fact(word: str, about: About, data: JsonObject, actor: str = "hulk") -> Event:
    """`hulk.agent.<word>.v1`, about the task."""
    told = {"agent": about.agent, "run": about.run, **data}
    return Event(type=f"hulk.agent.{word}.v1", subject=about.task, tenant=about.tenant, actor=actor, intent=about.intent, data=told)


def ended(about: About, ending: Ending) -> Event:
    """Its end."""
    error = None if ending.error is None else ending.error["code"]
    return fact("ended", about, {"state": ending.state, "error": error, "p0": ending.p0, "limited": ending.limited})
