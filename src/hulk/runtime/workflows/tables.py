"""The journal: runs, their recorded steps, the signals left for them."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from hulk.runtime.store import Document, Moment, metadata

run_table = Table(
    "run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workflow", String(128), nullable=False),
    Column("queue", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("intent", String(64)),
    Column("parent", String(64)),
    Column("trace", String(64)),
    Column("status", String(16), nullable=False),
    Column("input", Document, nullable=False),
    Column("result", Document),
    Column("error", Document),
    Column("dead", Boolean, nullable=False, default=False),
    Column("epoch", BigInteger, nullable=False, default=0),
    Column("wake", BigInteger, nullable=False, default=1),
    Column("failures", Integer, nullable=False, default=0),
    Column("takes", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False),
    Column("due", Moment),
    Column("touched", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("ended", Moment),
    Index("ix_run_status_touched", "status", "touched"),
    Index("ix_run_intent", "intent"),
    Index("ix_run_tenant_created", "tenant", "created"),
)

step_table = Table(
    "step",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("value", Document),
    Column("recorded", Moment, nullable=False),
)

signal_table = Table(
    "signal",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("payload", Document),
    Column("consumed", Integer),
    Column("left", Moment, nullable=False),
    Index("ix_signal_run_consumed", "run", "consumed"),
)
