"""`/console/tickets`: work for programs and people as a list and as a board; one ticket, and deciding on it."""

from hulk.modules.console.pages.tickets.routes import ticket_routes

__all__ = ["ticket_routes"]
