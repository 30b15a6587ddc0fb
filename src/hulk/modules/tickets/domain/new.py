"""A ticket that somebody asks for: what may be asked, and how the same request is known again."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hulk.kernel import ids
from hulk.kernel.events import LONGEST_REASON, is_reason
from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, is_name
from hulk.kernel.text import Text, writable
from hulk.modules.tickets.domain.ticket import Assignee, Priority

MOST_AT_ONCE = 1000
"""Tickets of one request."""
LONGEST_TITLE = 300
LARGEST_INPUT = 256 * 1024
"""Bytes of JSON; more is kept as a file, and named."""
MOST_AFTER = 100
MOST_LABELS = 32
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,62}[A-Za-z0-9])?")
_PLACE = re.compile(r"#(0|[1-9][0-9]{0,3})")

Wrong = tuple[str, Text]
"""Where something is wrong, and what is expected there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """A ticket as it is asked for. `after` are ids of tickets, or `#n` for the n-th of the same request, from 0.

    `request` makes it harmless to ask again: the same one of a tenant gives the same ticket."""

    kind: str
    title: str
    input: JsonObject = field(default_factory=dict)
    request: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    intent: str | None = None
    plan: str | None = None
    after: tuple[str, ...] = ()
    priority: Priority = "normal"
    assignee: Assignee | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    sla: timedelta | None = None
    begins: datetime | None = None
    waiter: str | None = None
    reason: str = ""

    def digest(self) -> str:
        """SHA-256 of what is asked; why makes it no other request."""
        asked = {name: value for name, value in to_json(self).items() if name != "reason"}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def id_for(self, tenant: str) -> str:
        """The ticket's id: always the same for the same request of a tenant."""
        return ids.new("tkt") if self.request is None else ids.derived("tkt", tenant, self.request)


def require_new(new: New, place: int, now: datetime) -> Iterator[Wrong]:
    """What is wrong with the `place`-th ticket of a request, but for its kind and input."""
    yield from _texts(new)
    yield from _labels(new.labels)
    yield from _chain(new)
    yield from _after(new.after, place)
    yield from _times(new, now)


def _texts(new: New) -> Iterator[Wrong]:
    if not 0 < len(new.title.strip()) <= LONGEST_TITLE or writable(new.title) != new.title:
        yield "title", Text("1 to {most} characters, without NUL", most=LONGEST_TITLE)
    if new.request is not None and not (0 < len(new.request) <= 128 and new.request.isprintable() and writable(new.request) == new.request):
        yield "request_id", Text("1 to {most} printable characters", most=128)
    if not is_reason(new.reason):
        yield "reason", Text("at most {most} characters, without NUL", most=LONGEST_REASON)
    if not is_name(new.namespace):
        yield "namespace", Text("1 to 63 small letters, digits and hyphens, no hyphen at the ends")
    if new.assignee and (len(new.assignee.name) > 128 or not (new.assignee.name or "x").isprintable()):
        yield "assignee", Text("at most {most} printable characters", most=128)
    if new.assignee and not new.assignee.name and new.assignee.kind != "person":
        yield "assignee", Text("the name is missing; only of a person it may be")


def _labels(labels: Mapping[str, str]) -> Iterator[Wrong]:
    if len(labels) > MOST_LABELS:
        yield "labels", Text("the number of entries must be at most {count}", count=MOST_LABELS)
    for name, value in labels.items():
        if _LABEL.fullmatch(name) is None or (value and _LABEL.fullmatch(value) is None):
            yield f"labels[{writable(name)[:64]!r}]", Text("name and value have 1 to 64 letters, digits, and . _ / - between them")


def _chain(new: New) -> Iterator[Wrong]:
    for name, value, prefix in (("intent_id", new.intent, "int"), ("plan_id", new.plan, "pln")):
        if value is not None and not ids.is_id(value, prefix):
            yield name, Text("an id is expected: {prefix}_ and 26 letters or digits", prefix=prefix)


def _after(after: tuple[str, ...], place: int) -> Iterator[Wrong]:
    if len(after) > MOST_AFTER:
        yield "after", Text("the number of entries must be at most {count}", count=MOST_AFTER)
    for index, one in enumerate(after):
        match = _PLACE.fullmatch(one)
        if match and int(match[1]) >= place:
            yield f"after[{index}]", Text("a ticket comes after those that stand before it in the request")
        if not match and not ids.is_id(one, "tkt"):
            yield f"after[{index}]", Text("a ticket's id is expected (tkt_…), or # and its place in the request")


def _times(new: New, now: datetime) -> Iterator[Wrong]:
    if new.deadline is not None and new.deadline <= now:
        yield "deadline", Text("it has passed; a deadline lies in the future")
    if new.sla is not None and not timedelta(0) < new.sla <= timedelta(days=3650):
        yield "sla", Text("more than 0 s and at most 10 years")
    if new.begins is not None and new.deadline is not None and new.begins >= new.deadline:
        yield "begins", Text("it must come before the deadline")


def placed(after: tuple[str, ...], known: list[str]) -> tuple[str, ...]:
    """`after` with each `#n` replaced by the id of the n-th ticket of the request."""
    return tuple(known[int(match[1])] if (match := _PLACE.fullmatch(one)) else one for one in after)
