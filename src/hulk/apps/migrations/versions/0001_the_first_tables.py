"""The first tables."""

import sqlalchemy as sa
from alembic import op

from hulk.runtime.store import Document, Moment, Texts

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the tables of the revision before to this one."""
    op.create_table(
        "account",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=110), nullable=True),
        sa.Column("subject", sa.String(length=400), nullable=True),
        sa.Column("groups", Document(), nullable=False),
        sa.Column("grants", Document(), nullable=False),
        sa.Column("disabled", Moment(), nullable=True),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("tenant", "email", name=op.f("uq_account_tenant_email")),
        sa.UniqueConstraint("tenant", "subject", name="uq_account_tenant_subject"),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index("ix_account_tenant_id", ["tenant", "id"], unique=False)

    op.create_table(
        "agent_account",
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("most_tokens", sa.Integer(), nullable=False),
        sa.Column("most_cost", sa.String(length=64), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("cost", sa.String(length=64), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("task", name=op.f("pk_agent_account")),
    )
    op.create_table(
        "agent_case",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "task", name=op.f("pk_agent_case")),
    )
    op.create_table(
        "agent_hold",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("cost", sa.String(length=64), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_hold")),
    )
    with op.batch_alter_table("agent_hold", schema=None) as batch_op:
        batch_op.create_index("agent_hold_task", ["task", "key"], unique=False)

    op.create_table(
        "agent_memory",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("labels", Document(), nullable=False),
        sa.Column("p0", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("last_used", Moment(), nullable=False),
        sa.Column("used", sa.Float(), nullable=False),
        sa.Column("expires", Moment(), nullable=True),
        sa.Column("ends", Moment(), nullable=False),
        sa.Column("superseded_by", sa.String(length=64), nullable=True),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_agent_memory")),
    )
    with op.batch_alter_table("agent_memory", schema=None) as batch_op:
        batch_op.create_index("ix_agent_memory_agent", ["tenant", "agent", "created"], unique=False)
        batch_op.create_index("ix_agent_memory_ends", ["ends"], unique=False)
        batch_op.create_index(
            "ix_agent_memory_search",
            ["tenant", "agent", "model", "id", "strength", "used", "ends", "superseded_by", "p0", "namespace", "kind"],
            unique=False,
        )
        batch_op.create_index("ix_agent_memory_task", ["tenant", "task"], unique=False)

    op.create_table(
        "agent_memory_name",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("memory", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_agent_memory_name")),
    )
    with op.batch_alter_table("agent_memory_name", schema=None) as batch_op:
        batch_op.create_index("ix_agent_memory_name_memory", ["tenant", "memory"], unique=False)

    op.create_table(
        "agent_reasoning",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", Document(), nullable=False),
        sa.Column("labels", Document(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_agent_reasoning")),
    )
    with op.batch_alter_table("agent_reasoning", schema=None) as batch_op:
        batch_op.create_index("ix_agent_reasoning_task", ["tenant", "task", "place"], unique=True)

    op.create_table(
        "agent_review",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("object", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_agent_review")),
    )
    with op.batch_alter_table("agent_review", schema=None) as batch_op:
        batch_op.create_index("ix_agent_review_task", ["tenant", "task", "place"], unique=True)

    op.create_table(
        "agent_step",
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("output", Document(), nullable=True),
        sa.Column("sources", Document(), nullable=False),
        sa.Column("calls", Document(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("p0", sa.Boolean(), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("autonomy", sa.String(length=16), nullable=True),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("error", Document(), nullable=True),
        sa.Column("at", Moment(), nullable=True),
        sa.Column("tried", Document(), nullable=False),
        sa.Column("files", Document(), nullable=False),
        sa.PrimaryKeyConstraint("task", "key", name=op.f("pk_agent_step")),
    )
    op.create_table(
        "agent_task",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("grants", Document(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("playbook", sa.String(length=64), nullable=False),
        sa.Column("parameters", Document(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan", Document(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("error", Document(), nullable=True),
        sa.Column("p0", sa.Boolean(), nullable=False),
        sa.Column("limited", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agent_task")),
    )
    with op.batch_alter_table("agent_task", schema=None) as batch_op:
        batch_op.create_index("agent_task_intent", ["intent"], unique=False)
        batch_op.create_index("agent_task_newest", ["tenant", sa.literal_column("at DESC"), "id"], unique=False)

    op.create_table(
        "agent_wait",
        sa.Column("task", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("task", "run", "since", name=op.f("pk_agent_wait")),
    )
    op.create_table(
        "aggregate",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "id", name=op.f("pk_aggregate")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("grants", Document(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=True),
        sa.Column("prefix", sa.String(length=8), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("expires", Moment(), nullable=True),
        sa.Column("revoked", Moment(), nullable=True),
        sa.Column("last_use", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_tenant"), ["tenant"], unique=False)

    op.create_table(
        "artefact",
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=128), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", "name", name=op.f("pk_artefact")),
    )
    op.create_table(
        "audit_gap",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("removed", sa.String(length=27), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "first", name=op.f("pk_audit_gap")),
    )
    op.create_table(
        "audit_hold",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("lifted", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_hold")),
    )
    with op.batch_alter_table("audit_hold", schema=None) as batch_op:
        batch_op.create_index("ix_audit_hold_tenant", ["tenant"], unique=False)

    op.create_table(
        "audit_mark",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("archive", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("moved", Moment(), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "archive", name=op.f("pk_audit_mark")),
    )
    op.create_table(
        "budget",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("scope", Document(), nullable=False),
        sa.Column("daily", sa.String(64), nullable=True),
        sa.Column("monthly", sa.String(64), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("until", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("owner", "name", "version", name=op.f("pk_budget")),
    )
    with op.batch_alter_table("budget", schema=None) as batch_op:
        batch_op.create_index("ix_budget_until", ["until"], unique=False)

    op.create_table(
        "budget_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_head")),
    )
    op.create_table(
        "channel_arrival",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("arrival", Document(), nullable=False),
        sa.Column("received", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_channel_arrival")),
        sa.UniqueConstraint("id", name=op.f("uq_channel_arrival_id")),
    )
    with op.batch_alter_table("channel_arrival", schema=None) as batch_op:
        batch_op.create_index("channel_arrival_channel", ["tenant", "channel", "place"], unique=False)
        batch_op.create_index(
            "channel_arrival_done",
            ["received"],
            unique=False,
            postgresql_where=sa.text("outcome <> ''"),
            sqlite_where=sa.text("outcome <> ''"),
        )
        batch_op.create_index("channel_arrival_intent", ["intent"], unique=False)
        batch_op.create_index("channel_arrival_message", ["channel", "address", "message"], unique=False)
        batch_op.create_index("channel_arrival_tenant", ["tenant", "place"], unique=False)

    op.create_table(
        "channel_code",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.Column("used_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "code", name=op.f("pk_channel_code")),
    )
    with op.batch_alter_table("channel_code", schema=None) as batch_op:
        batch_op.create_index("channel_code_until", ["until"], unique=False)

    op.create_table(
        "channel_contact",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("person", sa.String(length=64), nullable=True),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("seen", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sender", name=op.f("pk_channel_contact")),
    )
    with op.batch_alter_table("channel_contact", schema=None) as batch_op:
        batch_op.create_index("channel_contact_person", ["tenant", "person"], unique=False)
        batch_op.create_index("channel_contact_seen", ["tenant", "seen"], unique=False)

    op.create_table(
        "channel_conversation",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("group", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("heard", Moment(), nullable=False),
        sa.Column("reply", Document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_conversation")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_channel_conversation_channel_address")),
    )
    with op.batch_alter_table("channel_conversation", schema=None) as batch_op:
        batch_op.create_index("channel_conversation_heard", ["tenant", "heard"], unique=False)
        batch_op.create_index(
            "channel_conversation_people",
            ["tenant", "mode", "heard"],
            unique=False,
            postgresql_where=sa.text("mode = 'person'"),
            sqlite_where=sa.text("mode = 'person'"),
        )
        batch_op.create_index("channel_conversation_sender", ["channel", "sender"], unique=False)

    op.create_table(
        "channel_guess",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "sender", name=op.f("pk_channel_guess")),
    )
    with op.batch_alter_table("channel_guess", schema=None) as batch_op:
        batch_op.create_index("channel_guess_at", ["at"], unique=False)

    op.create_table(
        "channel_mark",
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_channel_mark")),
    )
    op.create_table(
        "channel_message",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("message", Document(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", Moment(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("held_until", Moment(), nullable=True),
        sa.Column("sent_id", sa.Text(), nullable=False),
        sa.Column("problem", Document(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_channel_message")),
        sa.UniqueConstraint("id", name=op.f("uq_channel_message_id")),
    )
    with op.batch_alter_table("channel_message", schema=None) as batch_op:
        batch_op.create_index("channel_message_channel", ["tenant", "channel", "place"], unique=False)
        batch_op.create_index(
            "channel_message_ended",
            ["ended"],
            unique=False,
            postgresql_where=sa.text("ended IS NOT NULL"),
            sqlite_where=sa.text("ended IS NOT NULL"),
        )
        batch_op.create_index("channel_message_intent", ["intent"], unique=False)
        batch_op.create_index(
            "channel_message_open",
            ["channel", "address", "place"],
            unique=False,
            postgresql_where=sa.text("state IN ('waiting', 'sending')"),
            sqlite_where=sa.text("state IN ('waiting', 'sending')"),
        )
        batch_op.create_index("channel_message_sent", ["channel", "address", "sent_id"], unique=False)
        batch_op.create_index("channel_message_tenant", ["tenant", "place"], unique=False)
        batch_op.create_index(
            "channel_message_unsent",
            ["channel", "state", "due"],
            unique=False,
            postgresql_where=sa.text("state NOT IN ('sent', 'withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('sent', 'withdrawn')"),
        )

    op.create_table(
        "channel_turn",
        sa.Column("place", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_channel_turn")),
        sa.UniqueConstraint("conversation", "id", name=op.f("uq_channel_turn_conversation_id")),
    )
    with op.batch_alter_table("channel_turn", schema=None) as batch_op:
        batch_op.create_index("channel_turn_at", ["at"], unique=False)
        batch_op.create_index("channel_turn_newest", ["conversation", "place"], unique=False)

    op.create_table(
        "charge",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reserved", sa.String(64), nullable=False),
        sa.Column("amount", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("original", sa.String(64), nullable=False),
        sa.Column("rate", sa.String(64), nullable=True),
        sa.Column("rate_day", sa.String(length=10), nullable=True),
        sa.Column("rate_source", sa.String(length=256), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("deadline", Moment(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("provider", sa.String(length=128), nullable=True),
        sa.Column("model", sa.String(length=256), nullable=True),
        sa.Column("agent", sa.String(length=256), nullable=True),
        sa.Column("channel", sa.String(length=256), nullable=True),
        sa.Column("person", sa.String(length=256), nullable=True),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tariff", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_read_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_write_tokens", sa.Integer(), nullable=False),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.create_index("ix_charge_day", ["day"], unique=False)
        batch_op.create_index("ix_charge_status_deadline", ["status", "deadline"], unique=False)
        batch_op.create_index("ix_charge_tenant_day", ["tenant", "day"], unique=False)
        batch_op.create_index("ix_charge_tenant_intent", ["tenant", "intent"], unique=False)
        batch_op.create_index("ix_charge_tenant_person_day", ["tenant", "person", "day"], unique=False)

    op.create_table(
        "choice",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("episode", sa.String(length=128), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("p0", sa.Boolean(), nullable=False),
        sa.Column("arm", sa.String(length=128), nullable=False),
        sa.Column("regime", sa.String(length=16), nullable=False),
        sa.Column("how", sa.String(length=16), nullable=False),
        sa.Column("chances", Document(), nullable=False),
        sa.Column("estimates", Document(), nullable=False),
        sa.Column("reasons", Document(), nullable=False),
        sa.Column("enrolled", Document(), nullable=False),
        sa.Column("cost", sa.Float(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("reward", sa.Float(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "decision", name=op.f("pk_choice")),
    )
    with op.batch_alter_table("choice", schema=None) as batch_op:
        batch_op.create_index("ix_choice_tenant_at", ["tenant", "at"], unique=False)
        batch_op.create_index("ix_choice_tenant_changed", ["tenant", "changed"], unique=False)
        batch_op.create_index("ix_choice_tenant_episode", ["tenant", "episode"], unique=False)

    op.create_table(
        "cost",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider", sa.String(length=128), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("agent", sa.String(length=256), nullable=False),
        sa.Column("channel", sa.String(length=256), nullable=False),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("person", sa.String(length=256), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.String(64), nullable=False),
        sa.Column("assumed", sa.String(64), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost")),
    )
    with op.batch_alter_table("cost", schema=None) as batch_op:
        batch_op.create_index("ix_cost_day_personal", ["day", "personal"], unique=False)
        batch_op.create_index("ix_cost_tenant_personal_day", ["tenant", "personal", "day"], unique=False)

    op.create_table(
        "decision",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=True),
        sa.Column("reasons", Document(), nullable=False),
        sa.Column("sensitivity", sa.String(length=16), nullable=False),
        sa.Column("labels", Document(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("candidates", Document(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index("ix_decision_tenant_at", ["tenant", "at", "id"], unique=False)
        batch_op.create_index("ix_decision_tenant_intent", ["tenant", "intent"], unique=False)

    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=128), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("time", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("trace", sa.String(length=64), nullable=True),
        sa.Column("data", Document(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_event")),
        sa.UniqueConstraint("id", name=op.f("uq_event_id")),
        sa.UniqueConstraint("tenant", "position", name=op.f("uq_event_tenant_position")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_event_intent_sequence",
            ["intent", "sequence"],
            unique=False,
            sqlite_where=sa.text("intent is not null"),
            postgresql_where=sa.text("intent is not null"),
        )
        batch_op.create_index(
            "ix_event_lone",
            ["subject", "sequence"],
            unique=False,
            sqlite_where=sa.text("intent is null"),
            postgresql_where=sa.text("intent is null"),
        )
        batch_op.create_index(
            "ix_event_steered",
            ["subject", "sequence"],
            unique=False,
            sqlite_where=sa.text(
                "type in ('hulk.run.cancelled.v1', 'hulk.run.replayed.v1', 'hulk.run.forked.v1', 'hulk.run.discarded.v1')"
            ),
            postgresql_where=sa.text(
                "type in ('hulk.run.cancelled.v1', 'hulk.run.replayed.v1', 'hulk.run.forked.v1', 'hulk.run.discarded.v1')"
            ),
        )

    op.create_table(
        "event_head",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_event_head")),
    )
    op.create_table(
        "experiment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("state", Document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiment")),
    )
    with op.batch_alter_table("experiment", schema=None) as batch_op:
        batch_op.create_index("ix_experiment_tenant_name", ["tenant", "name"], unique=True)

    op.create_table(
        "fact",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("aggregate", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("data", Document(), nullable=False),
        sa.Column("time", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_fact")),
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index("uq_fact_tenant_kind_aggregate_version", ["tenant", "kind", "aggregate", "version"], unique=True)

    op.create_table(
        "fact_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_head")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("by", sa.String(length=256), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("thumb", sa.String(length=8), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
    )
    with op.batch_alter_table("feedback", schema=None) as batch_op:
        batch_op.create_index("ix_feedback_tenant_subject", ["tenant", "subject"], unique=False)

    op.create_table(
        "flow",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=True),
        sa.Column("at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "tenant", "key", name=op.f("pk_flow")),
    )
    with op.batch_alter_table("flow", schema=None) as batch_op:
        batch_op.create_index("ix_flow_run", ["run"], unique=False)

    op.create_table(
        "intent",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("sources", Document(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=True),
        sa.Column("trace_id", sa.String(length=32), sa.Computed("substr(trace, 4, 32)", persisted=True), nullable=True),
        sa.Column("agent", sa.String(length=64), nullable=True),
        sa.Column("grants", Document(), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("turns", Document(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=True),
        sa.Column("plan", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("problem", Document(), nullable=True),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intent")),
        sa.UniqueConstraint("tenant", "key", name=op.f("uq_intent_tenant_key")),
    )
    with op.batch_alter_table("intent", schema=None) as batch_op:
        batch_op.create_index(
            "ix_intent_apart",
            ["tenant", "status", "created", "id"],
            unique=False,
            sqlite_where=sa.text("status in ('accepted', 'running', 'failed')"),
            postgresql_where=sa.text("status in ('accepted', 'running', 'failed')"),
        )
        batch_op.create_index("ix_intent_tenant_created", ["tenant", "created", "id"], unique=False)
        batch_op.create_index(
            "ix_intent_trace",
            ["trace_id", "id"],
            unique=False,
            sqlite_where=sa.text("trace_id is not null"),
            postgresql_where=sa.text("trace_id is not null"),
        )

    op.create_table(
        "intent_cost",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("settled", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("month", "tenant", "intent", "currency", name=op.f("pk_intent_cost")),
    )
    with op.batch_alter_table("intent_cost", schema=None) as batch_op:
        batch_op.create_index("ix_intent_cost_tenant_month_settled", ["tenant", "month", "settled"], unique=False)

    op.create_table(
        "learnt",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_learnt")),
    )
    op.create_table(
        "login",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=600), nullable=False),
        sa.Column("expires", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login")),
    )
    with op.batch_alter_table("login", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_expires"), ["expires"], unique=False)

    op.create_table(
        "model_receipt",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("local", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_receipt")),
    )
    with op.batch_alter_table("model_receipt", schema=None) as batch_op:
        batch_op.create_index("ix_model_receipt_decision", ["tenant", "decision"], unique=False)

    op.create_table(
        "namespace",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_namespace")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=False),
        sa.Column("skill", sa.String(length=128), nullable=False),
        sa.Column("arguments", Document(), nullable=False),
        sa.Column("tickets", Document(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    with op.batch_alter_table("plan", schema=None) as batch_op:
        batch_op.create_index("ix_plan_intent", ["intent"], unique=False)

    op.create_table(
        "policy_version",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("policies", Document(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "projection",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projection")),
    )
    op.create_table(
        "queue",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("paused", Moment(), nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queue")),
    )
    op.create_table(
        "quota",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("own", Document(), nullable=False),
        sa.Column("full", Moment(), nullable=True),
        sa.Column("open_tickets", sa.BigInteger(), nullable=False),
        sa.Column("storage", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name=op.f("pk_quota")),
    )
    op.create_table(
        "quota_file",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("blob", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "blob", name=op.f("pk_quota_file")),
    )
    op.create_table(
        "rate",
        sa.Column("base", sa.String(length=3), nullable=False),
        sa.Column("quote", sa.String(length=3), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.Column("source", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("base", "quote", "day", name=op.f("pk_rate")),
    )
    op.create_table(
        "regime",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("arm", sa.String(length=128), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("regime", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=256), nullable=False),
        sa.Column("price", sa.String(length=256), nullable=False),
        sa.Column("why", Document(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "arm", "since", name=op.f("pk_regime")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("workflow", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.Column("fan", sa.String(length=128), nullable=True),
        sa.Column("cause", sa.String(length=128), nullable=True),
        sa.Column("origin", sa.String(length=64), nullable=True),
        sa.Column("trace", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("input", Document(), nullable=False),
        sa.Column("result", Document(), nullable=True),
        sa.Column("error", Document(), nullable=True),
        sa.Column("code", sa.String(length=64), sa.Computed("error ->> 'code'", persisted=True), nullable=True),
        sa.Column("dead", sa.Boolean(), nullable=False),
        sa.Column("cancelling", sa.Boolean(), nullable=False),
        sa.Column("behind", sa.Integer(), nullable=False),
        sa.Column("lane", sa.String(length=200), nullable=True),
        sa.Column("lane_most", sa.Integer(), nullable=True),
        sa.Column("keyed", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("wake", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("takes", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("backoff", Document(), nullable=True),
        sa.Column("due", Moment(), nullable=True),
        sa.Column("awaits", sa.String(length=128), nullable=True),
        sa.Column("touched", Moment(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("let_in", Moment(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    with op.batch_alter_table("run", schema=None) as batch_op:
        batch_op.create_index(
            "ix_run_active",
            ["queue", "tenant", "due"],
            unique=False,
            sqlite_where=sa.text("status in ('pending', 'running')"),
            postgresql_where=sa.text("status in ('pending', 'running')"),
        )
        batch_op.create_index(
            "ix_run_apart",
            ["tenant", "status", "created", "id", "queue", "namespace"],
            unique=False,
            sqlite_where=sa.text("status in ('held', 'waiting', 'needs_attention', 'failed', 'cancelled')"),
            postgresql_where=sa.text("status in ('held', 'waiting', 'needs_attention', 'failed', 'cancelled')"),
        )
        batch_op.create_index(
            "ix_run_dead", ["tenant", "ended", "dead"], unique=False, sqlite_where=sa.text("dead"), postgresql_where=sa.text("dead")
        )
        batch_op.create_index(
            "ix_run_dead_created", ["tenant", "created", "id"], unique=False, sqlite_where=sa.text("dead"), postgresql_where=sa.text("dead")
        )
        batch_op.create_index(
            "ix_run_dead_group",
            ["tenant", "workflow", "code", "created", "id", "namespace", "ended", "dead"],
            unique=False,
            sqlite_where=sa.text("dead"),
            postgresql_where=sa.text("dead"),
        )
        batch_op.create_index(
            "ix_run_elsewhere",
            ["tenant", "queue", "created", "id"],
            unique=False,
            sqlite_where=sa.text("queue <> 'default'"),
            postgresql_where=sa.text("queue <> 'default'"),
        )
        batch_op.create_index(
            "ix_run_going",
            ["status", "touched", "queue", "tenant", "namespace", "due"],
            unique=False,
            sqlite_where=sa.text("status in ('pending', 'running')"),
            postgresql_where=sa.text("status in ('pending', 'running')"),
        )
        batch_op.create_index(
            "ix_run_held",
            ["queue", "tenant", "behind", "created", "touched", "namespace"],
            unique=False,
            sqlite_where=sa.text("status in ('held') and due is null"),
            postgresql_where=sa.text("status in ('held') and due is null"),
        )
        batch_op.create_index(
            "ix_run_held_due",
            ["queue", "due"],
            unique=False,
            sqlite_where=sa.text("status in ('held') and due is not null"),
            postgresql_where=sa.text("status in ('held') and due is not null"),
        )
        batch_op.create_index("ix_run_intent", ["intent"], unique=False)
        batch_op.create_index(
            "ix_run_lane",
            ["tenant", "lane"],
            unique=False,
            sqlite_where=sa.text("lane is not null and status not in ('completed', 'failed', 'cancelled')"),
            postgresql_where=sa.text("lane is not null and status not in ('completed', 'failed', 'cancelled')"),
        )
        batch_op.create_index(
            "ix_run_let_be",
            ["tenant", "created", "id"],
            unique=False,
            sqlite_where=sa.text("status in ('failed') and not dead"),
            postgresql_where=sa.text("status in ('failed') and not dead"),
        )
        batch_op.create_index("ix_run_parent_fan", ["parent", "fan"], unique=False)
        batch_op.create_index("ix_run_tenant_created", ["tenant", "created", "id", "queue", "namespace"], unique=False)
        batch_op.create_index("ix_run_tenant_workflow_created", ["tenant", "workflow", "created", "id"], unique=False)
        batch_op.create_index(
            "ix_run_waiting_due",
            ["due"],
            unique=False,
            sqlite_where=sa.text("status in ('waiting') and due is not null"),
            postgresql_where=sa.text("status in ('waiting') and due is not null"),
        )
        batch_op.create_index(
            "ix_run_wrong",
            ["tenant", "code", "created", "id"],
            unique=False,
            sqlite_where=sa.text("error is not null"),
            postgresql_where=sa.text("error is not null"),
        )

    op.create_table(
        "schedule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("expression", sa.Text(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("begins", sa.String(length=32), nullable=False),
        sa.Column("wish", Document(), nullable=False),
        sa.Column("policy", sa.String(length=8), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("next", Moment(), nullable=True),
        sa.Column("asked", Moment(), nullable=True),
        sa.Column("last", Moment(), nullable=True),
        sa.Column("begun", sa.String(length=64), nullable=True),
        sa.Column("problem", Document(), nullable=True),
        sa.Column("fired", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule")),
        sa.UniqueConstraint("tenant", "name", name=op.f("uq_schedule_tenant_name")),
    )
    with op.batch_alter_table("schedule", schema=None) as batch_op:
        batch_op.create_index("ix_schedule_asked", ["asked"], unique=False)
        batch_op.create_index("ix_schedule_next", ["next"], unique=False)

    op.create_table(
        "session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("seen", Moment(), nullable=False),
        sa.Column("expires", Moment(), nullable=False),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("hash", name=op.f("uq_session_hash")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index("ix_session_account_created", ["account", "created"], unique=False)

    op.create_table(
        "signing_key",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "snapshot",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("aggregate", sa.String(length=128), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("state", Document(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "aggregate", name=op.f("pk_snapshot")),
    )
    op.create_table(
        "spending",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=True),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("budget", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("scope", Document(), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("limit", sa.String(64), nullable=True),
        sa.Column("reserved", sa.String(64), nullable=True),
        sa.Column("spent", sa.String(64), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("foretold", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spending")),
    )
    with op.batch_alter_table("spending", schema=None) as batch_op:
        batch_op.create_index("ix_spending_period_budget", ["period", "budget"], unique=False)

    op.create_table(
        "tenant",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=True),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("title", Document(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("input", Document(), nullable=False),
        sa.Column("after", Document(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("assignee", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("labels", Document(), nullable=False),
        sa.Column("run", sa.String(length=64), nullable=True),
        sa.Column("waiter", sa.String(length=64), nullable=True),
        sa.Column("asker", sa.Text(), nullable=True),
        sa.Column("result", Document(), nullable=True),
        sa.Column("problem", Document(), nullable=True),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("worker", sa.String(length=128), nullable=True),
        sa.Column("sla", sa.Float(), nullable=True),
        sa.Column("deadline", Moment(), nullable=True),
        sa.Column("due_by", Moment(), nullable=False),
        sa.Column("late_at", Moment(), nullable=True),
        sa.Column("begins", Moment(), nullable=True),
        sa.Column("wakes", Moment(), nullable=True),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("updated", Moment(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_deadline",
            ["deadline"],
            unique=False,
            sqlite_where=sa.text("ended is null"),
            postgresql_where=sa.text("ended is null"),
        )
        batch_op.create_index(
            "ix_ticket_held",
            ["lease"],
            unique=False,
            sqlite_where=sa.text("status = 'running' and owner = 'worker'"),
            postgresql_where=sa.text("status = 'running' and owner = 'worker'"),
        )
        batch_op.create_index(
            "ix_ticket_intent_place",
            ["intent", "place"],
            unique=False,
            sqlite_where=sa.text("intent is not null"),
            postgresql_where=sa.text("intent is not null"),
        )
        batch_op.create_index(
            "ix_ticket_late_at",
            ["late_at"],
            unique=False,
            sqlite_where=sa.text("late_at is not null"),
            postgresql_where=sa.text("late_at is not null"),
        )
        batch_op.create_index(
            "ix_ticket_plan", ["plan"], unique=False, sqlite_where=sa.text("plan is not null"), postgresql_where=sa.text("plan is not null")
        )
        batch_op.create_index(
            "ix_ticket_takable",
            ["tenant", "namespace", "kind", "assignee", "priority", "due_by", "created", "id"],
            unique=False,
            sqlite_where=sa.text("status = 'ready' and owner = 'worker'"),
            postgresql_where=sa.text("status = 'ready' and owner = 'worker'"),
        )
        batch_op.create_index("ix_ticket_tenant_created", ["tenant", "created", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_tenant_owner_created",
            ["tenant", "owner", "created", "id"],
            unique=False,
            sqlite_where=sa.text("owner <> 'run'"),
            postgresql_where=sa.text("owner <> 'run'"),
        )
        batch_op.create_index("ix_ticket_tenant_status_created", ["tenant", "status", "created", "id"], unique=False)
        batch_op.create_index(
            "ix_ticket_wakes",
            ["wakes"],
            unique=False,
            sqlite_where=sa.text("wakes is not null"),
            postgresql_where=sa.text("wakes is not null"),
        )

    op.create_table(
        "ticket_comment",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_comment")),
    )
    with op.batch_alter_table("ticket_comment", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_comment_ticket", ["ticket", "at"], unique=False)

    op.create_table(
        "ticket_dependency",
        sa.Column("needs", sa.String(length=64), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("needs", "ticket", name=op.f("pk_ticket_dependency")),
    )
    with op.batch_alter_table("ticket_dependency", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_dependency_ticket", ["ticket"], unique=False)

    op.create_table(
        "ticket_kind",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("input_schema", Document(), nullable=False),
        sa.Column("result_schema", Document(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("lease", sa.Float(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "name", name=op.f("pk_ticket_kind")),
    )
    op.create_table(
        "ticket_lease",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_lease")),
    )
    with op.batch_alter_table("ticket_lease", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_lease_until"), ["until"], unique=False)

    op.create_table(
        "ticket_search",
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("terms", Texts(), nullable=False),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_ticket_search")),
    )
    with op.batch_alter_table("ticket_search", schema=None) as batch_op:
        batch_op.create_index("ix_ticket_search_tenant_created", ["tenant", "created", "ticket"], unique=False)
        batch_op.create_index("ix_ticket_search_terms", ["terms"], unique=False, postgresql_using="gin")

    op.create_table(
        "ticket_term",
        sa.Column("term", sa.String(length=260), nullable=False),
        sa.Column("created", Moment(), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("term", "created", "ticket", name=op.f("pk_ticket_term")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tool_call",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("tool", sa.String(length=128), nullable=False),
        sa.Column("arguments", Document(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("intent", sa.String(length=64), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("deadline", Moment(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("rules", Document(), nullable=False),
        sa.Column("ticket", sa.String(length=64), nullable=True),
        sa.Column("output", Document(), nullable=True),
        sa.Column("labels", Document(), nullable=False),
        sa.Column("error", Document(), nullable=True),
        sa.Column("ended", Moment(), nullable=True),
        sa.Column("grants", Document(), nullable=False),
        sa.Column("namespace", sa.String(length=64), nullable=True),
        sa.Column("p0", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id", name=op.f("pk_tool_call")),
    )
    with op.batch_alter_table("tool_call", schema=None) as batch_op:
        batch_op.create_index("tool_call_newest", ["tenant", sa.literal_column("at DESC"), "id"], unique=False)
        batch_op.create_index(
            "tool_call_running",
            ["deadline"],
            unique=False,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.create_table(
        "tool_named",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("what", Document(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "kind", "name", name=op.f("pk_tool_named")),
    )
    op.create_table(
        "tool_pin",
        sa.Column("server", sa.String(length=31), nullable=False),
        sa.Column("tool", sa.String(length=128), nullable=False),
        sa.Column("seen", Document(), nullable=False),
        sa.Column("approved", Document(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("at", Moment(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("server", "tool", name=op.f("pk_tool_pin")),
    )
    op.create_table(
        "outbox",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["event.sequence"], name=op.f("fk_outbox_sequence")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outbox")),
    )
    op.create_table(
        "run_attribute",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_attribute_run")),
        sa.PrimaryKeyConstraint("run", "name", name=op.f("pk_run_attribute")),
    )
    with op.batch_alter_table("run_attribute", schema=None) as batch_op:
        batch_op.create_index("ix_run_attribute_name_value", ["name", "value", "run"], unique=False)

    op.create_table(
        "run_failure",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("error", Document(), nullable=False),
        sa.Column("due", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_run_failure_run")),
        sa.PrimaryKeyConstraint("run", "epoch", name=op.f("pk_run_failure")),
    )
    op.create_table(
        "signal",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("payload", Document(), nullable=True),
        sa.Column("consumed", sa.Integer(), nullable=True),
        sa.Column("left", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_signal_run")),
        sa.PrimaryKeyConstraint("run", "key", name=op.f("pk_signal")),
    )
    with op.batch_alter_table("signal", schema=None) as batch_op:
        batch_op.create_index("ix_signal_run_consumed", ["run", "consumed"], unique=False)

    op.create_table(
        "step",
        sa.Column("run", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("value", Document(), nullable=True),
        sa.Column("began", Moment(), nullable=True),
        sa.Column("recorded", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["run.id"], name=op.f("fk_step_run")),
        sa.PrimaryKeyConstraint("run", "position", name=op.f("pk_step")),
    )
