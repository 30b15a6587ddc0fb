"""How channels and what is in them are shown."""

from collections.abc import Mapping
from datetime import datetime

from hulk.kernel.errors import retold
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Voice
from hulk.kernel.time import iso
from hulk.modules.channels.domain import Contact, Conversation, Health, Invitation, Outgoing, Tried, Turn
from hulk.modules.channels.ports import Kept
from hulk.modules.channels.usecases import version


def health_view(health: Health, voice: Voice) -> JsonObject:
    """A channel, and how it is."""
    channel, standing = health.channel, health.standing
    return {
        "channel": channel.name, "kind": channel.kind, "namespace": channel.namespace, "status": health.status, "led": health.led,
        "process": standing.by if standing and health.led else None, "listens": standing.listens if standing else None,
        "deaf": standing.deaf if standing else "", "told_off": standing.told_off if standing else "",
        "last_arrival": _at(health.heard), "last_sent": _at(health.sent), "messages": dict(health.counts), "next_due": _at(health.due),
        "check": None if health.tried is None else tried_view(health.tried, voice),
    }  # fmt: skip


def tried_view(tried: Tried, voice: Voice) -> JsonObject:
    """What came of trying it."""
    return {
        "ok": tried.ok, "at": iso(tried.at), "seconds": round(tried.seconds, 3),
        "steps": [{"proved": voice.say(one.what), "seconds": round(one.seconds, 3)} for one in tried.steps],
        "problem": _problem(tried.problem, voice),
    }  # fmt: skip


def message_view(message: Outgoing, voice: Voice) -> JsonObject:
    """A message that goes out, and what has become of it."""
    return {
        "message_id": message.id, "channel": message.channel, "address": message.address, "conversation_id": message.conversation,
        "intent_id": message.intent, "state": message.state, "attempts": message.attempts, "text": message.text,
        "language": message.language, "created": iso(message.created), "due": iso(message.due), "ended": _at(message.ended),
        "sent_id": message.sent_id or None, "problem": _problem(message.problem, voice), "etag": tag(message),
    }  # fmt: skip


def tag(message: Outgoing) -> str:
    """Its entity tag (RFC 9110, 8.8.3): another whenever something else has become of it."""
    return f'"{version(message)}"'


def arrival_view(kept: Kept) -> JsonObject:
    """What came in, and what came of it; `outcome` is null while that is not known."""
    arrival = kept.arrival
    return {
        "arrival_id": kept.id, "channel": kept.channel, "kind": arrival.kind, "address": arrival.address, "sender": arrival.sender.id,
        "name": arrival.sender.name, "sent": iso(arrival.at), "received": iso(kept.received), "text": arrival.text,
        "files": [{"name": one.name, "media_type": one.media_type, "size": one.size} for one in arrival.files],
        "outcome": kept.outcome or None, "intent_id": kept.intent,
    }  # fmt: skip


def conversation_view(one: Conversation, names: Mapping[tuple[str, str], str]) -> JsonObject:
    """A conversation; `names` are how people are called, by channel and sender."""
    return {
        "conversation_id": one.id, "channel": one.channel, "address": one.address, "sender": one.sender,
        "name": names.get((one.channel, one.sender)), "group": one.group,
        "language": one.language, "mode": one.mode, "by": one.by or None, "heard": iso(one.heard),
    }  # fmt: skip


def turn_view(turn: Turn) -> JsonObject:
    """One thing that was said."""
    return {"at": iso(turn.at), "ours": turn.ours, "text": turn.text}


def contact_view(one: Contact) -> JsonObject:
    """Somebody as a channel knows them."""
    return {
        "channel": one.channel, "sender": one.sender, "name": one.name, "phone": one.phone or None, "email": one.email or None,
        "language": one.language, "person": one.person, "blocked": one.blocked, "seen": iso(one.seen),
    }  # fmt: skip


def invitation_view(one: Invitation) -> JsonObject:
    """A code, without the code."""
    return {"person": one.person, "until": iso(one.until), "used_by": one.used_by or None}


def _problem(problem: JsonObject | None, voice: Voice) -> JsonObject | None:
    return None if problem is None else {"code": problem["code"], "detail": voice.say(retold(problem).text)}


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)
