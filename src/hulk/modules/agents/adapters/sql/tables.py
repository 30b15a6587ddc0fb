"""The tables of tasks, of what their steps have come to, and of what they take."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from hulk.runtime.store import Document, Moment, metadata

task_table = Table(
    "agent_task",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("actor", Text, nullable=False),
    Column("grants", Document, nullable=False),
    Column("text", Text, nullable=False),
    Column("language", String(8), nullable=False),
    Column("run", String(64), nullable=False),
    Column("intent", String(64)),
    Column("playbook", String(64), nullable=False),
    Column("parameters", Document, nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan", Document),
    Column("answer", Text),
    Column("error", Document),
    Column("p0", Boolean, nullable=False),
    Column("limited", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Column("ended", Moment),
    Column("case", String(64), nullable=False),
    Column("found", Text, nullable=False),
    Column("model", Text, nullable=False),
)
Index("agent_task_newest", task_table.c.tenant, task_table.c.at.desc(), task_table.c.id)
Index("agent_task_intent", task_table.c.intent)

made_table = Table(
    "agent_step",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("run", String(64), nullable=False),
    Column("output", Document),
    Column("sources", Document, nullable=False),
    Column("calls", Document, nullable=False),
    Column("model", Text, nullable=False),
    Column("p0", Boolean, nullable=False),
    Column("limited", Boolean, nullable=False),
    Column("autonomy", String(16)),
    Column("approver", Text, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("error", Document),
    Column("at", Moment),
    Column("tried", Document, nullable=False),
    Column("files", Document, nullable=False),
)
"""What the steps of tasks have come to."""

wait_table = Table(
    "agent_wait",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("run", String(64), primary_key=True),
    Column("since", Moment, primary_key=True),
    Column("until", Moment),
)
"""When people were waited for in the runs of tasks."""

account_table = Table(
    "agent_account",
    metadata,
    Column("task", String(64), primary_key=True),
    Column("most_tokens", Integer, nullable=False),
    Column("most_cost", String(64)),
    Column("tokens", Integer, nullable=False),
    Column("cost", String(64), nullable=False),
    Column("written", Integer, nullable=False),
)
"""What tasks may take, and what they have taken or set aside."""

hold_table = Table(
    "agent_hold",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("task", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("cost", String(64), nullable=False),
    Column("settled", Boolean, nullable=False),
)
"""What was set aside for questions to models, and what they took once that is settled."""
Index("agent_hold_task", hold_table.c.task, hold_table.c.key)
