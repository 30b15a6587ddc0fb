"""Tickets over HTTP: looking and deciding, leases for workers, kinds."""

from hulk.modules.tickets.api.keys import key_set_routes
from hulk.modules.tickets.api.kinds import kind_routes
from hulk.modules.tickets.api.leases import lease_routes
from hulk.modules.tickets.api.tickets import ticket_routes

__all__ = ["key_set_routes", "kind_routes", "lease_routes", "ticket_routes"]
