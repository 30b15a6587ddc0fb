"""The journal: runs, their recorded steps, the signals left for them, and what lets them in."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Computed,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    String,
    Table,
    and_,
    literal_column,
    text,
)

from hulk.runtime.store import Document, Moment, metadata


def _few(name: str, *columns: str, where: str) -> Index:
    """An index of the few rows that are so."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


QUEUE = "default"
"""The queue of what names no other."""
SET_APART = ("held", "waiting", "needs_attention", "failed", "cancelled")
"""Statuses that are looked for among many more runs that are completed."""

run_table = Table(
    "run",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("workflow", String(128), nullable=False),
    Column("version", String(64), nullable=False, default=""),
    Column("queue", String(64), nullable=False),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False, default="default"),
    Column("intent", String(64)),
    Column("parent", String(64)),
    Column("fan", String(128)),
    Column("cause", String(128)),
    Column("origin", String(64)),
    Column("trace", String(64)),
    Column("status", String(16), nullable=False),
    Column("input", Document, nullable=False),
    Column("result", Document),
    Column("error", Document),
    Column("code", String(64), Computed("error ->> 'code'", persisted=True)),
    Column("dead", Boolean, nullable=False, default=False),
    Column("cancelling", Boolean, nullable=False, default=False),
    Column("behind", Integer, nullable=False, default=0),
    Column("lane", String(200)),
    Column("lane_most", Integer),
    Column("keyed", Boolean, nullable=False, default=False),
    Column("epoch", BigInteger, nullable=False, default=0),
    Column("wake", BigInteger, nullable=False, default=1),
    Column("failures", Integer, nullable=False, default=0),
    Column("takes", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False),
    Column("backoff", Document),
    Column("due", Moment),
    Column("awaits", String(128)),
    Column("touched", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("let_in", Moment),
    Column("ended", Moment),
    Index("ix_run_intent", "intent"),
    Index("ix_run_parent_fan", "parent", "fan"),
    Index("ix_run_tenant_workflow_created", "tenant", "workflow", "created", "id"),
    Index("ix_run_tenant_created", "tenant", "created", "id", "queue", "namespace"),
    _few("ix_run_elsewhere", "tenant", "queue", "created", "id", where="queue <> 'default'"),
    _few("ix_run_going", "status", "touched", "queue", "tenant", "namespace", "due", where="status in ('pending', 'running')"),
    _few(
        "ix_run_apart", "tenant", "status", "created", "id", "queue", "namespace",
        where="status in ('held', 'waiting', 'needs_attention', 'failed', 'cancelled')",
    ),
    _few("ix_run_lane", "tenant", "lane", where="lane is not null and status not in ('completed', 'failed', 'cancelled')"),
    _few("ix_run_held", "queue", "tenant", "behind", "created", "touched", "namespace", where="status in ('held') and due is null"),
    _few("ix_run_held_due", "queue", "due", where="status in ('held') and due is not null"),
    _few("ix_run_active", "queue", "tenant", "due", where="status in ('pending', 'running')"),
    _few("ix_run_waiting_due", "due", where="status in ('waiting') and due is not null"),
    _few("ix_run_dead", "tenant", "ended", "dead", where="dead"),
    _few("ix_run_wrong", "tenant", "code", "created", "id", where="error is not null"),
    _few("ix_run_dead_created", "tenant", "created", "id", where="dead"),
    _few("ix_run_let_be", "tenant", "created", "id", where="status in ('failed') and not dead"),
    _few("ix_run_dead_group", "tenant", "workflow", "code", "created", "id", "namespace", "ended", "dead", where="dead"),
)  # fmt: skip
DEAD, NOT_DEAD = text("run.dead"), text("not run.dead")
"""That it is a dead letter, and that it is none, as the indexes of those say it."""


def stands(*statuses: str) -> ColumnElement[bool]:
    """Whether a run is in one of these statuses: named in the statement, for with a parameter no planner takes an index of a few."""
    return run_table.c.status.in_([literal_column(f"'{status}'", String) for status in statuses])


def going(*statuses: str) -> ColumnElement[bool]:
    """The same of `pending` and `running`, in the words of the indexes of those that are under way."""
    return and_(stands("pending", "running"), stands(*statuses)) if statuses else stands("pending", "running")


def apart(*statuses: str) -> ColumnElement[bool]:
    """The same of some of `SET_APART`, in the words of their index."""
    return and_(stands(*SET_APART), stands(*statuses))


def in_queue(queue: str) -> ColumnElement[bool]:
    """Whether a run is of that queue. Any other than the one that most are of has an index."""
    mine = run_table.c.queue == queue
    return mine if queue == QUEUE else and_(run_table.c.queue != literal_column(f"'{QUEUE}'", String), mine)


LET_BE = and_(stands("failed"), NOT_DEAD)
"""Whether a run failed and is nobody's dead letter: there was nothing to mend, or it was dealt with."""
READY, LATER = and_(stands("held"), run_table.c.due.is_(None)), and_(stands("held"), run_table.c.due.is_not(None))
"""Whether a run is held and could be let in now, or at a time to come."""


def in_lanes(runs: FromClause) -> ColumnElement[bool]:
    """Whether a run has a lane and has not ended, in the words of the index of those: so what a lane costs does not grow with all that
    were ever in it."""
    ended = [literal_column(f"'{status}'", String) for status in ("completed", "failed", "cancelled")]
    return and_(runs.c.lane.is_not(None), runs.c.status.not_in(ended))


def unindexed(column: Column[str]) -> ColumnElement[str]:
    """The same text, said so that no index of it is taken: where something else is said of the runs that fits few of them, SQLite, which
    has no statistics here, would rather look through all that a tenant or a workflow has."""
    return column.concat("")


step_table = Table(
    "step",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("name", String(128), nullable=False),
    Column("value", Document),
    Column("began", Moment),
    Column("recorded", Moment, nullable=False),
)

failure_table = Table(
    "run_failure",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("epoch", BigInteger, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("error", Document, nullable=False),
    Column("due", Moment),
)
"""The tries that failed, for the timeline; `due` is when the next one was to be."""

attribute_table = Table(
    "run_attribute",
    metadata,
    Column("run", String(64), ForeignKey("run.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", String(200), nullable=False),
    Index("ix_run_attribute_name_value", "name", "value", "run"),
)

queue_table = Table(
    "queue",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("paused", Moment),
    Column("actor", String(128)),
    Column("reason", String(500)),
)

flow_table = Table(
    "flow",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("tenant", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("run", String(64)),
    Column("at", Moment),
    Index("ix_flow_run", "run"),
)
"""What keys hold: `singleton` and `debounce` the run, `throttle` and `rate` the moment at which the next one is due."""

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
