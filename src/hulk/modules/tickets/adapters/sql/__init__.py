"""Tickets in the store: SQLite on one machine, PostgreSQL in a cluster."""

from hulk.modules.tickets.adapters.sql.board import SqlBoard
from hulk.modules.tickets.adapters.sql.kept import SqlTickets
from hulk.modules.tickets.adapters.sql.kinds import SqlKinds

__all__ = ["SqlBoard", "SqlKinds", "SqlTickets"]
