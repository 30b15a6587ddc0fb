"""What channels keep, in SQLite or PostgreSQL."""

from hulk.modules.channels.adapters.sql.contacts import SqlContacts
from hulk.modules.channels.adapters.sql.conversations import SqlConversations
from hulk.modules.channels.adapters.sql.guessed import SqlGuessed
from hulk.modules.channels.adapters.sql.inbox import SqlInbox
from hulk.modules.channels.adapters.sql.outbox import SqlOutbox

__all__ = ["SqlContacts", "SqlConversations", "SqlGuessed", "SqlInbox", "SqlOutbox"]
