"""The tables of memories, and memories as their rows."""

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, Row, String, Table, Text

from hulk.modules.agents.domain.memory import Memory, Provenance
from hulk.runtime.store import Document, Moment, metadata

memory_table = Table(
    "agent_memory",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("namespace", String(64), nullable=False),
    Column("agent", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("labels", Document, nullable=False),
    Column("p0", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("task", String(64), nullable=False),
    Column("intent", String(64)),
    Column("call", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("strength", Float, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    Column("last_used", Moment, nullable=False),
    Column("used", Float, nullable=False),
    Column("expires", Moment),
    Column("ends", Moment, nullable=False),
    Column("superseded_by", String(64)),
    Column("model", String(256), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_agent_memory_agent", "tenant", "agent", "created"),
    Index(
        "ix_agent_memory_search", "tenant", "agent", "model", "id", "strength", "used", "ends", "superseded_by", "p0", "namespace", "kind"
    ),
    Index("ix_agent_memory_task", "tenant", "task"),
    Index("ix_agent_memory_ends", "ends"),
)
"""What agents remember. `ends` is when it is deleted unless it is used before; `used` is `last_used` in seconds since 1970, since searches
weigh thousands, and to make that many moments takes longer than all else. They read nothing but `ix_agent_memory_search`."""

name_table = Table(
    "agent_memory_name",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("memory", String(64), nullable=False),
    Index("ix_agent_memory_name_memory", "tenant", "memory"),
)
"""Under which ids a memory was kept, and said again."""

_PLAIN = ("id", "tenant", "namespace", "agent", "text", "kind", "trusted", "strength", "uses", "created", "last_used", "expires",
          "superseded_by", "model", "vector")  # fmt: skip
_FROM = ("actor", "at", "task", "intent", "call", "source", "about")


def row_of(memory: Memory) -> dict[str, Any]:
    """A memory as its row."""
    plain = {name: getattr(memory, name) for name in (*_PLAIN, "p0", "ends")}
    provenance = {name: getattr(memory.provenance, name) for name in _FROM}
    return {**plain, **provenance, "labels": list(memory.labels), "used": memory.last_used.timestamp()}


def memory_of(row: Row[Any]) -> Memory:
    """The reverse of `row_of`."""
    provenance = Provenance(**{name: getattr(row, name) for name in _FROM})
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Memory(**{**plain, "vector": bytes(row.vector)}, provenance=provenance, labels=tuple(row.labels))
