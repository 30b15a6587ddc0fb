"""What is told to the trail of channels: that something came or went, never what."""

from hulk.kernel.events import Event
from hulk.modules.channels.domain import Outgoing
from hulk.modules.channels.ports import Kept


def received(kept: Kept) -> Event:
    """Something came in."""
    data = {"channel": kept.channel, "kind": kept.arrival.kind, "files": len(kept.arrival.files), "characters": len(kept.arrival.text)}
    return Event(type="hulk.channel.received.v1", subject=kept.id, tenant=kept.tenant, actor=f"channel:{kept.channel}", data=data)


def ended(message: Outgoing) -> Event:
    """A message went out, or will not, or nobody knows."""
    code = str((message.problem or {}).get("code", ""))
    data = {"channel": message.channel, "state": message.state, "attempts": message.attempts, "code": code}
    return Event(type="hulk.channel.sent.v1", subject=message.id, tenant=message.tenant, actor="hulk", intent=message.intent, data=data)


def about(what: str, subject: str, tenant: str, actor: str, **data: object) -> Event:
    """Somebody changed something: `hulk.channel.<what>.v1`."""
    return Event(type=f"hulk.channel.{what}.v1", subject=subject, tenant=tenant, actor=actor, data=dict(data))
