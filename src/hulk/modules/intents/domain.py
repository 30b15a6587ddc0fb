"""An intent: what somebody asked, from its acceptance to its answer. Pure rules."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from hulk.kernel import ids
from hulk.kernel.addresses import require_no_password
from hulk.kernel.errors import Refused, TooLarge
from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.tenancy import DEFAULT_NAMESPACE, Grant, Principal
from hulk.kernel.text import Language, writable
from hulk.modules.router import Turn
from hulk.modules.skills import Source

Status: TypeAlias = Literal["accepted", "running", "completed", "failed"]
FINAL: frozenset[Status] = frozenset({"completed", "failed"})
LONGEST_TEXT = 32_000
"""Characters of an intent's text; more belongs into a file."""
MOST_SOURCES = 20
_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asks, parsed and not yet accepted. `key` is the idempotency key, if one was given; `agent` is asked by its name;
    `reason` is for the trail, and makes it no other request; nor do `channel` (where it came from), `turns` (what was said there before,
    oldest first) and `private` (it must stay in the company)."""

    text: str
    language: Language | None = None
    zone: str | None = None
    sources: tuple[Source, ...] = ()
    key: str | None = None
    namespace: str = DEFAULT_NAMESPACE
    agent: str | None = None
    reason: str = ""
    channel: str = ""
    turns: tuple[Turn, ...] = ()
    private: bool = False

    def checked(self) -> "Asked":
        """This, if it can be accepted; raises `Refused` or `TooLarge` naming what is wrong."""
        if not self.text.strip():
            raise Refused("The text is empty. Say in a sentence what should be done.")
        if len(self.text) > LONGEST_TEXT:
            raise TooLarge(
                "The text has {length} characters; at most {most} are taken. Send the rest as a file.",
                length=len(self.text),
                most=LONGEST_TEXT,
            )
        if writable(self.text) != self.text:
            raise Refused("The text holds a NUL or half of a UTF-16 pair, which no text has. Send such data as a file.")
        require_no_password(self.text)
        if len(self.sources) > MOST_SOURCES:
            raise Refused("{count} files were sent; at most {most} are taken.", count=len(self.sources), most=MOST_SOURCES)
        if any(writable(name) != name for source in self.sources for name in (source.name, source.path, source.blob) if name):
            raise Refused("The name or path of a file holds a NUL or half of a UTF-16 pair. Give it as it is written on disk.")
        self._check_key(self.key)
        return self

    def _check_key(self, key: str | None) -> None:
        if key is None:
            return
        if not 0 < len(key) <= _KEY_LENGTH:
            raise Refused("The idempotency key has {length} characters; allowed are 1 to {most}.", length=len(key), most=_KEY_LENGTH)
        if writable(key) != key:
            raise Refused("The idempotency key holds a NUL or half of a UTF-16 pair: use letters, digits and signs.")

    def digest(self) -> str:
        """SHA-256 of what is asked, to know the same request again under its idempotency key."""
        fields = [self.text, self.language, self.zone, to_json(self.sources), self.namespace, *([self.agent] if self.agent else [])]
        return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


def plan_of(intent: str) -> str:
    """The id of an intent's plan, which it has one of at most."""
    return ids.derived("pln", intent)


def agent_run(intent: "Intent") -> str:
    """The id of the run in which an agent works for an intent."""
    return ids.derived("run", intent.id, "agent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The tickets of an intent as a DAG, by id, with the skill and arguments they came from."""

    id: str
    skill: str
    arguments: Mapping[str, Any]
    tickets: Mapping[str, str]
    """Ticket ids by their keys in the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """An intent as lists have it: without what may be large and is read of one only."""

    id: str
    namespace: str
    actor: str
    text: str
    language: Language
    agent: str | None
    channel: str
    status: Status
    created: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """An accepted intent. `digest` tells requests under one key apart; `trace` is a W3C traceparent; `grants` are what `actor` could do
    when it was accepted; `channel`, `turns` and `private` are as of what was asked. Turns are kept until it is completed."""

    id: str
    tenant: str
    namespace: str = DEFAULT_NAMESPACE
    actor: str
    text: str
    language: Language
    zone: str
    sources: tuple[Source, ...]
    key: str | None
    digest: str
    run: str
    trace: str | None
    agent: str | None = None
    grants: tuple[Grant, ...] = ()
    channel: str = ""
    turns: tuple[Turn, ...] = ()
    private: bool = False
    status: Status
    decision: str | None = None
    plan: str | None = None
    answer: str | None = None
    problem: JsonObject | None = None
    created: datetime
    ended: datetime | None = None

    @property
    def brief(self) -> "Brief":
        """As lists have it."""
        return Brief(**{name: getattr(self, name) for name in Brief.__dataclass_fields__})

    @property
    def principal(self) -> Principal:
        """In whose name it is worked on."""
        return Principal(tenant=self.tenant, actor=self.actor, grants=self.grants)

    @property
    def ended_already(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL

    @property
    def trace_id(self) -> str | None:
        """The trace's id, 32 hexadecimal digits, out of `00-<trace>-<span>-<flags>`."""
        return self.trace.split("-")[1] if self.trace else None

    def seconds(self, now: datetime) -> float:
        """From acceptance to the end, or to `now`."""
        return ((self.ended or now) - self.created).total_seconds()
