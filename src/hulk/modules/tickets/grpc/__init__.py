"""Tickets over gRPC: the contract proto/hulk/tickets/v1/tickets.proto over the same acts as HTTP."""

from hulk.modules.tickets.grpc.acts import TicketService

__all__ = ["TicketService"]
