"""What happened, as a CloudEvent, and the hash chain that makes a trail of them provable.

Events are facts that commit together with the change they tell of; types are versioned (`hulk.ticket.completed.v1`).
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from hulk.kernel import ids
from hulk.kernel.durable import Change
from hulk.kernel.errors import Refused
from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import writable
from hulk.kernel.time import iso, utc_now

T = TypeVar("T")

GENESIS = "0" * 64
"""What the first link of a tenant's chain points at."""
PLATFORM = "-"
"""In place of a tenant: the chain of what is done to the installation itself."""
LONGEST_REASON = 500
"""Characters of why somebody changes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A CloudEvents 1.0 event. `subject` is the id it is about; `intent` the intent in whose chain of ids it stands."""

    type: str
    subject: str
    tenant: str
    actor: str
    data: JsonObject = field(default_factory=dict)
    intent: str | None = None
    trace: str | None = None
    id: str = field(default_factory=lambda: ids.new("evt"))
    time: datetime = field(default_factory=utc_now)
    source: str = "hulk"


def changed(reason: str, before: JsonObject | None, after: JsonObject | None) -> JsonObject:
    """What the event of a change tells, whatever was changed: why, how it was (None when it is made), and how it is (None when it is
    removed). No secret, and no text of somebody's: what these were before and after shows by a digest."""
    return {"reason": reason, "before": before, "after": after}


def changed_as(plain: Callable[[T], JsonObject], reason: str, before: T | None, after: T | None) -> JsonObject:
    """The same of a thing of which `plain` gives what may be told."""
    return changed(reason, None if before is None else plain(before), None if after is None else plain(after))


def is_reason(text: str) -> bool:
    """Whether it can be kept as a reason."""
    return len(text) <= LONGEST_REASON and writable(text) == text


def reasoned(reason: str) -> str:
    """`reason` as it can be kept; raises `Refused`."""
    if not is_reason(reason):
        raise Refused("A reason has at most {most} characters, and no NUL or half of a UTF-16 pair.", most=LONGEST_REASON)
    return reason


def digest(data: Json) -> str:
    """SHA-256 of data as JSON, to tell that it is another without telling what it is."""
    return hashlib.sha256(_canonical(data)).hexdigest()


def canonical(event: Event) -> bytes:
    """The bytes that are hashed: JSON of all fields, keys sorted, no spaces, so that every reader computes the same."""
    fields = {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": iso(event.time),
        "tenant": event.tenant,
        "actor": event.actor,
        "intent": event.intent,
        "trace": event.trace,
        "data": event.data,
    }
    return _canonical(fields)


def _canonical(data: Json) -> bytes:
    return _encoded(data).encode()


_encoded = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def link(previous: str, position: int, event: Event) -> str:
    """The hash of the event at that position (1, 2, …) of its tenant's chain: SHA-256 over previous hash, position and event."""
    return linked(previous, position, canonical(event))


def linked(previous: str, position: int, written: bytes) -> str:
    """`link` of an event that is at hand as the bytes that are hashed."""
    return hashlib.sha256(previous.encode() + b"\n" + str(position).encode() + b"\n" + written).hexdigest()


def seal(key: bytes, tenant: str, position: int, hash_: str) -> str:
    """The mark on a chain's head (HMAC-SHA-256), so that a chain cut short or computed anew without the key is noticed."""
    return hmac.new(key, f"{tenant}\n{position}\n{hash_}".encode(), hashlib.sha256).hexdigest()


class Trail(Protocol):
    """Where what happened is kept, in the same transaction as the change it tells of."""

    def append(self, *events: Event) -> Change[None]:
        """Keep `events`, in that order, at the end of their tenants' chains."""
