"""Which pages something that has happened concerns, by the middle word of its type: `ticket` of `hulk.ticket.completed.v1`."""

from collections.abc import Collection, Mapping

from hulk.kernel.tenancy import Principal, Resource

_RESOURCES: Mapping[str, Resource] = {
    "intent": "intents", "decision": "intents", "plan": "intents", "ticket": "tickets", "kind": "kinds", "run": "runs", "errors": "runs",
    "queue": "queues", "schedule": "schedules", "scheduler": "schedules", "file": "files", "feedback": "router", "experiment": "router",
    "policies": "router", "key": "keys", "account": "members", "namespace": "namespaces", "tool": "tools", "agent": "agents",
    "memory": "agents", "reasoning": "agents", "channel": "channels", "conversation": "channels", "budget": "costs", "rate": "costs",
    "quota": "quotas",
}  # fmt: skip


def topic_of(kind: str) -> str:
    """The topic of an event's type."""
    return kind.split(".")[1] if kind.count(".") else kind


def concerns(topic: str, caller: Principal, topics: Collection[str]) -> bool:
    """Whether who looks at pages on these topics is told of one more event on that one: only where they may see what it is about."""
    resource = _RESOURCES.get(topic)
    return topic in topics and resource is not None and caller.somewhere("read", resource)
