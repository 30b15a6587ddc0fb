"""What is told to the trail of channels: that something came or went, never what."""

from typing import Any

from hulk.kernel.durable import Change
from hulk.kernel.events import Event, Trail
from hulk.modules.channels.domain import Channel, Outgoing, State
from hulk.modules.channels.ports import Conversations, Kept


def received(kept: Kept) -> Event:
    """Something came in."""
    data = {"channel": kept.channel, "kind": kept.arrival.kind, "files": len(kept.arrival.files), "characters": len(kept.arrival.text)}
    return Event(type="hulk.channel.received.v1", subject=kept.id, tenant=kept.tenant, actor=f"channel:{kept.channel}", data=data)


def ended(message: Outgoing) -> Event:
    """A message went out, or will not, or nobody knows."""
    code, seconds = str((message.problem or {}).get("code", "")), None
    if message.ended is not None:
        seconds = (message.ended - message.created).total_seconds()
    data = {"channel": message.channel, "state": message.state, "attempts": message.attempts, "code": code, "seconds": seconds}
    type_ = f"hulk.channel.{message.state}.v1"
    return Event(type=type_, subject=message.id, tenant=message.tenant, actor="hulk", intent=message.intent, data=data)


def receipted(kept: Kept, state: State, code: str = "") -> Event:
    """The channel told what became of a message of ours, after it was thought to be something else."""
    data = {"channel": kept.channel, "state": state, "attempts": None, "code": code, "seconds": None}
    return Event(
        type=f"hulk.channel.{state}.v1", subject=kept.arrival.handle, tenant=kept.tenant, actor=f"channel:{kept.channel}", data=data
    )


def only_if(done: Change[bool], *more: Change[Any]) -> Change[bool]:
    """That, and the rest when something is another because of it."""

    def change(tx: Any) -> bool:
        changed = done(tx)
        for one in more if changed else ():
            one(tx)
        return changed

    return change


def about(what: str, subject: str, tenant: str, actor: str, **data: object) -> Event:
    """Somebody changed something: `hulk.channel.<what>.v1`."""
    return Event(type=f"hulk.channel.{what}.v1", subject=subject, tenant=tenant, actor=actor, data=dict(data))


def handed(conversations: Conversations, trail: Trail, channel: Channel, conversation: str, sender: str) -> Change[bool]:
    """Who talks there wants a person to answer; told unless it was so already."""
    event = about("handed", conversation, channel.tenant, f"channel:{channel.name}", channel=channel.name, sender=sender)
    return only_if(conversations.answered_by(conversation, "person", ""), trail.append(event))
