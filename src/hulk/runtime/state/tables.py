"""Facts of aggregates, their heads and snapshots, and how far each projection has read."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from hulk.runtime.store import Document, Moment, metadata

aggregate_table = Table(
    "aggregate",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("id", String(128), primary_key=True),
    Column("version", Integer, nullable=False),
)

fact_table = Table(
    "fact",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("tenant", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("aggregate", String(128), nullable=False),
    Column("version", Integer, nullable=False),
    Column("type", String(64), nullable=False),
    Column("form", Integer, nullable=False),
    Column("data", Document, nullable=False),
    Column("time", Moment, nullable=False),
    Index("uq_fact_tenant_kind_aggregate_version", "tenant", "kind", "aggregate", "version", unique=True),
)

head_table = Table("fact_head", metadata, Column("id", Integer, primary_key=True), Column("sequence", BigInteger, nullable=False))

snapshot_table = Table(
    "snapshot",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("kind", String(64), primary_key=True),
    Column("aggregate", String(128), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("form", Integer, nullable=False),
    Column("state", Document, nullable=False),
)

projection_table = Table(
    "projection", metadata, Column("name", String(64), primary_key=True), Column("sequence", BigInteger, nullable=False)
)
