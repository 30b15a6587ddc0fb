"""The trail (append only), the head of each tenant's chain, and what was not yet told to the bus."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from hulk.runtime.store import Document, Moment, metadata

Sequence = BigInteger().with_variant(Integer(), "sqlite")

STEERED = text("type in ('hulk.run.cancelled.v1', 'hulk.run.replayed.v1', 'hulk.run.forked.v1', 'hulk.run.discarded.v1')")
"""What people did to runs, which is looked up by the run. Written out, since a partial index serves only a condition that it can see."""

LONE, OWNED = text("intent is null"), text("intent is not null")
"""What belongs to no intent is looked up by its subject, all else by its intent: each is in one of the two indexes. In an index of all by
their intent SQLite would also look for those that have none, and go through every one of them."""

event_table = Table(
    "event",
    metadata,
    Column("sequence", Sequence, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("id", String(64), nullable=False, unique=True),
    Column("source", String(128), nullable=False),
    Column("type", String(128), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("time", Moment, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("intent", String(64)),
    Column("trace", String(64)),
    Column("data", Document, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("tenant", "position"),
    Index("ix_event_intent_sequence", "intent", "sequence", sqlite_where=OWNED, postgresql_where=OWNED),
    Index("ix_event_lone", "subject", "sequence", sqlite_where=LONE, postgresql_where=LONE),
    Index("ix_event_steered", "subject", "sequence", sqlite_where=STEERED, postgresql_where=STEERED),
)

head_table = Table(
    "event_head",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
)

outbox_table = Table(
    "outbox",
    metadata,
    Column("sequence", Sequence, ForeignKey("event.sequence"), primary_key=True, autoincrement=False),
)
