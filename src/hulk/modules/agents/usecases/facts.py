"""The events of a task. They tell no texts: those may be private."""

from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.modules.agents.domain.task import Task


def fact(word: str, task: Task, data: JsonObject, actor: str = "hulk") -> Event:
    """`hulk.agent.<word>.v1`, about the task."""
    told = {"agent": task.agent, "run": task.run, **data}
    return Event(type=f"hulk.agent.{word}.v1", subject=task.id, tenant=task.tenant, actor=actor, intent=task.intent, data=told)
