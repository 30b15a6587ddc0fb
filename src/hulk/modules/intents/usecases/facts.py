"""The events of an intent."""

from hulk.kernel.events import Event
from hulk.kernel.records import JsonObject
from hulk.modules.intents.domain import Intent


def fact(kind: str, intent: Intent, data: JsonObject, subject: str | None = None) -> Event:
    """An event in the intent's chain of ids, about the intent itself unless `subject` says otherwise."""
    return Event(
        type=kind, subject=subject or intent.id, tenant=intent.tenant, actor="hulk", data=data, intent=intent.id, trace=intent.trace
    )
