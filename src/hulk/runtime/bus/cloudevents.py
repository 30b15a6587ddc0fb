"""Events on the bus: CloudEvents 1.0 in NATS's binary mode, attributes in headers, data as the message.

Source: NATS protocol binding 1.0.3, section 3.1,
https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md.
`tenant`, `actor` and `intent` are extension attributes (`ce-tenant`, …). The trace is the extension `traceparent` of the
Distributed Tracing extension, as `ce-traceparent` and, for tracing tools, as the plain W3C header `traceparent`.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote, unquote_to_bytes

from hulk.kernel.errors import Refused
from hulk.kernel.events import Event
from hulk.kernel.time import from_iso, iso

PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands for itself in a header value (section 3.1.3.2): the rest, so also any line break, is percent-encoded."""

_PRINTABLE = re.compile(f"[{re.escape(PRINTABLE)}]*")
_VERSION = re.compile(r"\.v\d+$")
_REQUIRED = ("id", "source", "type", "subject", "time", "tenant", "actor")


def subject_of(event_type: str) -> str:
    """The bus subject of an event type, which is the type without its version: `hulk.ticket.completed.v1` → `hulk.ticket.completed`.

    CloudEvents leaves the choice of the NATS subject to the sender (binding, section 1.2). Readers tell versions by `ce-type`.
    """
    return _VERSION.sub("", event_type)


def to_message(event: Event) -> tuple[str, dict[str, str], bytes]:
    """The event as (subject, headers, data)."""
    return subject_of(event.type), headers_of(event), json.dumps(event.data, separators=(",", ":"), ensure_ascii=False).encode()


def headers_of(event: Event) -> dict[str, str]:
    """What is said of the event, all but its data."""
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": iso(event.time),
        "datacontenttype": "application/json",
        "tenant": event.tenant,
        "actor": event.actor,
        "intent": event.intent,
        "traceparent": event.trace,
    }
    headers = {f"ce-{name}": encoded(value) for name, value in attributes.items() if value is not None}
    headers["content-type"] = "application/json"
    if event.trace is not None:
        headers["traceparent"] = encoded(event.trace)
    return headers


def from_message(headers: Mapping[str, str], data: bytes) -> Event:
    """The reverse of `to_message`; raises `Refused` when an attribute is missing or the message is no CloudEvent of ours."""
    found = {name.lower()[3:]: decoded(value) for name, value in headers.items() if name.lower().startswith("ce-")}
    missing = [name for name in _REQUIRED if name not in found]
    if missing or found.get("specversion") != "1.0":
        raise Refused(
            "This message is not a CloudEvent 1.0 of Hulk's: missing {missing}, specversion {version}.",
            missing=", ".join(missing) or "-",
            version=found.get("specversion", "-"),
        )
    try:
        moment, body = from_iso(found["time"]), json.loads(data or b"{}")
    except ValueError as error:
        raise Refused("The event {id} has an unreadable time or data: {reason}.", id=found["id"], reason=str(error)) from error
    if not isinstance(body, dict):
        raise Refused("The event {id} has data that is not a JSON object.", id=found["id"])
    return Event(
        id=found["id"],
        source=found["source"],
        type=found["type"],
        subject=found["subject"],
        time=moment,
        tenant=found["tenant"],
        actor=found["actor"],
        intent=found.get("intent"),
        trace=found.get("traceparent"),
        data=body,
    )


def encoded(value: str) -> str:
    """A header value for any text; never a line break, so never a second header."""
    return value if _PRINTABLE.fullmatch(value) else quote(value, safe=PRINTABLE)


def decoded(value: str) -> str:
    """The reverse; also undoes the double quotes of older senders. Raises `Refused` for bytes that are not UTF-8."""
    bare = value.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = re.sub(r"\\(.)", r"\1", bare[1:-1])
    try:
        return unquote_to_bytes(bare).decode()
    except UnicodeDecodeError as error:
        raise Refused("The header value {value} is not percent-encoded UTF-8.", value=value[:200]) from error
