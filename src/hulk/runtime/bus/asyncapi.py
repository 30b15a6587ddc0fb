"""The bus described for other programs: an AsyncAPI 3.0 document made from the streams and the kinds of events.

Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hulk.kernel.records import JsonObject
from hulk.runtime.bus.cloudevents import subject_of
from hulk.runtime.bus.streams import STREAMS, Stream

ATTRIBUTES: Mapping[str, str] = {
    "ce-specversion": "1.0",
    "ce-id": "evt_… (TypeID)",
    "ce-source": "who says so",
    "ce-type": "the kind of event, with its version",
    "ce-subject": "the id it is about",
    "ce-time": "RFC 3339, UTC",
    "ce-tenant": "whose it is",
    "ce-actor": "who caused it",
    "content-type": "application/json",
}
OPTIONAL: Mapping[str, str] = {
    "ce-intent": "the intent in whose chain of ids it stands",
    "ce-traceparent": "W3C trace context",
    "traceparent": "the same, where tracing tools look for it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A kind of event: `type` with version (`hulk.ticket.completed.v1`), and the keys of its data, each with an example."""

    type: str
    summary: str
    data: Mapping[str, object]


def document(events: Sequence[EventType]) -> JsonObject:
    """The AsyncAPI document: a channel for each stream subject and each event's subject, a `send` operation for each event."""
    channels = {_key(subject): _channel(subject, stream) for stream in STREAMS for subject in stream.subjects}
    for event in events:
        channel = channels.setdefault(_key(subject_of(event.type)), _channel(subject_of(event.type), _stream(event)))
        channel.setdefault("messages", {})[event.type] = {"$ref": f"#/components/messages/{event.type}"}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Hulk events", "version": "1", "description": "CloudEvents 1.0 over NATS JetStream, binary mode."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {f"send {event.type}": _operation(event) for event in events},
        "components": {"messages": {event.type: _message(event) for event in events}, "schemas": {"attributes": _attributes()}},
    }


def _key(subject: str) -> str:
    """A channel's key: no dots needed, wildcards spelled out."""
    return subject.replace(">", "*")


def _channel(subject: str, stream: Stream | None) -> JsonObject:
    """`hulk.intent.>` is an address with a parameter in AsyncAPI's words."""
    channel: JsonObject = {"address": re.sub(r"[>*]$", "{rest}", subject), "bindings": {"nats": {}}}
    if subject != channel["address"]:
        channel["parameters"] = {"rest": {"description": "One or more words, divided by dots."}}
    if stream is not None:
        channel |= {"summary": stream.summary, "x-jetstream-stream": stream.name}
    return channel


def _stream(event: EventType) -> Stream | None:
    """The stream that keeps the event."""
    subject = subject_of(event.type)
    return next((stream for stream in STREAMS for pattern in stream.subjects if covers(pattern, subject)), None)


def covers(pattern: str, subject: str) -> bool:
    """Whether a NATS subject pattern takes a subject: `*` one word, a last `>` one or more."""
    words, given = pattern.split("."), subject.split(".")
    if words[-1] == ">":
        words, given = words[:-1], given[: len(words) - 1] if len(given) >= len(words) else []
    return len(words) == len(given) and all(word in {"*", other} for word, other in zip(words, given, strict=True))


def _operation(event: EventType) -> JsonObject:
    channel = f"#/channels/{_key(subject_of(event.type))}"
    return {
        "action": "send",
        "summary": event.summary,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.type}"}],
    }


def _message(event: EventType) -> JsonObject:
    return {
        "name": event.type,
        "summary": event.summary,
        "headers": {"$ref": "#/components/schemas/attributes"},
        "payload": {"type": "object", "properties": {name: {"examples": [example]} for name, example in event.data.items()}},
        "examples": [{"headers": {"ce-type": event.type}, "payload": dict(event.data)}],
    }


def _attributes() -> JsonObject:
    properties = {name: {"type": "string", "description": text} for name, text in {**ATTRIBUTES, **OPTIONAL}.items()}
    return {"type": "object", "properties": properties, "required": list(ATTRIBUTES)}
