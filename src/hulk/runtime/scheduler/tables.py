"""The schedules: the truth of when what is begun. JetStream only keeps the next moment of each."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from hulk.runtime.store import Document, Moment, metadata

schedule_table = Table(
    "schedule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("owner", String(128), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("expression", Text, nullable=False),
    Column("zone", String(64), nullable=False),
    Column("begins", String(32), nullable=False),
    Column("wish", Document, nullable=False),
    Column("policy", String(8), nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("next", Moment),
    Column("asked", Moment),
    Column("last", Moment),
    Column("begun", String(64)),
    Column("problem", Document),
    Column("fired", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", Moment, nullable=False),
    UniqueConstraint("tenant", "name"),
    Index("ix_schedule_next", "next"),
    Index("ix_schedule_asked", "asked"),
)
