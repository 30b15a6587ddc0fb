"""The chain of ids that the work of a run stands in."""

from collections.abc import Mapping

from hulk.kernel.records import JsonObject
from hulk.modules.intents import plan_of
from hulk.modules.tickets import WORKFLOW as TICKET


def chain(workflow: str, intent: str | None, data: JsonObject) -> Mapping[str, str]:
    """The ticket and plan of a ticket's run (`runtime.workflows.Chain`)."""
    if workflow != TICKET:
        return {}
    return {"ticket": str(data["ticket"]), **({} if intent is None else {"plan": plan_of(intent)})}
