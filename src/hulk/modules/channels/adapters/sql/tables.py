"""The tables of channels."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    FromClause,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from hulk.modules.channels.domain import Mode
from hulk.runtime.store import Document, Moment, metadata

_PLACE = BigInteger().with_variant(Integer, "sqlite")

arrival_table = Table(
    "channel_arrival",
    metadata,
    Column("place", _PLACE, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("tenant", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("arrival", Document, nullable=False),
    Column("received", Moment, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("intent", String(64)),
)
"""`id` is derived from channel and key, so that a thing which is sent again finds its row."""
Index("channel_arrival_tenant", arrival_table.c.tenant, arrival_table.c.place)
Index("channel_arrival_channel", arrival_table.c.tenant, arrival_table.c.channel, arrival_table.c.place)
Index("channel_arrival_intent", arrival_table.c.intent)
Index("channel_arrival_message", arrival_table.c.channel, arrival_table.c.address, arrival_table.c.message)
_DONE = text("outcome <> ''")
Index("channel_arrival_done", arrival_table.c.received, postgresql_where=_DONE, sqlite_where=_DONE)


def is_done(arrivals: FromClause) -> ColumnElement[bool]:
    """Whether something came of an arrival, in the words of the index of those (`is_open`)."""
    outcome: ColumnElement[str] = arrivals.c.outcome
    return outcome != _word("")


message_table = Table(
    "channel_message",
    metadata,
    Column("place", _PLACE, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("tenant", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("conversation", String(64), nullable=False),
    Column("intent", String(64)),
    Column("message", Document, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Moment, nullable=False),
    Column("created", Moment, nullable=False),
    Column("holder", Text, nullable=False),
    Column("held_until", Moment),
    Column("sent_id", Text, nullable=False),
    Column("problem", Document),
    Column("ended", Moment),
)
_OPEN, _UNSENT = text("state IN ('waiting', 'sending')"), text("state NOT IN ('sent', 'withdrawn')")


def is_open(messages: FromClause) -> ColumnElement[bool]:
    """Whether a message waits or is being sent, in the words of the index of those: a planner takes an index of a few only for a statement
    that says the same, and with a parameter in its place reads all that were ever sent."""
    return _among(messages, "waiting", "sending")


def is_unsent(messages: FromClause) -> ColumnElement[bool]:
    """Whether a message did not go out and may still, likewise."""
    return ~_among(messages, "sent", "withdrawn")


def _among(messages: FromClause, *states: str) -> ColumnElement[bool]:
    column: ColumnElement[str] = messages.c.state
    return column.in_([_word(state) for state in states])


def _word(word: str) -> ColumnElement[str]:
    """One of our own words, written out and not as a parameter: a partial index serves only what it can see."""
    return literal_column(f"'{word}'", String)


Index(
    "channel_message_open",
    message_table.c.channel,
    message_table.c.address,
    message_table.c.place,
    postgresql_where=_OPEN,
    sqlite_where=_OPEN,
)
Index(
    "channel_message_unsent",
    message_table.c.channel,
    message_table.c.state,
    message_table.c.due,
    postgresql_where=_UNSENT,
    sqlite_where=_UNSENT,
)
Index("channel_message_tenant", message_table.c.tenant, message_table.c.place)
Index("channel_message_channel", message_table.c.tenant, message_table.c.channel, message_table.c.place)
_ENDED = text("ended IS NOT NULL")
Index("channel_message_ended", message_table.c.ended, postgresql_where=_ENDED, sqlite_where=_ENDED)
Index("channel_message_sent", message_table.c.channel, message_table.c.address, message_table.c.sent_id)
Index("channel_message_intent", message_table.c.intent)

contact_table = Table(
    "channel_contact",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("sender", String(255), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("language", String(8)),
    Column("person", String(64)),
    Column("blocked", Boolean, nullable=False),
    Column("seen", Moment, nullable=False),
)
Index("channel_contact_person", contact_table.c.tenant, contact_table.c.person)
Index("channel_contact_seen", contact_table.c.tenant, contact_table.c.seen)

code_table = Table(
    "channel_code",
    metadata,
    Column("tenant", String(64), primary_key=True),
    Column("code", String(64), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("until", Moment, nullable=False),
    Column("used_by", Text, nullable=False),
)
"""Codes by which people say who they are: their SHA-256."""
Index("channel_code_until", code_table.c.until)

guess_table = Table(
    "channel_guess",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("sender", String(255), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)
"""Codes that were tried and were not right; of all of a channel together where `sender` is empty."""
Index("channel_guess_at", guess_table.c.at)

conversation_table = Table(
    "channel_conversation",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("address", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("group", Boolean, nullable=False),
    Column("language", String(8)),
    Column("mode", String(16), nullable=False),
    Column("by", Text, nullable=False),
    Column("heard", Moment, nullable=False),
    Column("reply", Document, nullable=False),
    UniqueConstraint("channel", "address"),
)
_WITH_PEOPLE = text("mode = 'person'")
Index("channel_conversation_heard", conversation_table.c.tenant, conversation_table.c.heard)
Index(
    "channel_conversation_people",
    conversation_table.c.tenant,
    conversation_table.c.mode,
    conversation_table.c.heard,
    postgresql_where=_WITH_PEOPLE,
    sqlite_where=_WITH_PEOPLE,
)
Index("channel_conversation_sender", conversation_table.c.channel, conversation_table.c.sender)


def is_in_mode(conversations: FromClause, mode: Mode) -> ColumnElement[bool]:
    """Whether Hulk or a person answers a conversation, in the words of the index of those with people (`is_open`)."""
    column: ColumnElement[str] = conversations.c.mode
    return column == _word(mode)


turn_table = Table(
    "channel_turn",
    metadata,
    Column("place", _PLACE, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False),
    Column("conversation", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("ours", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("conversation", "id"),
)
"""What was said."""
Index("channel_turn_newest", turn_table.c.conversation, turn_table.c.place)
Index("channel_turn_at", turn_table.c.at)

mark_table = Table(
    "channel_mark",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("mark", Text, nullable=False),
)
"""How far channels were heard."""
