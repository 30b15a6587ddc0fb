"""Tickets: units of work, done by durable runs (those of a plan), by workers anywhere under leases, or by people.

What workers and people do is of a kind that a tenant has registered, with JSON Schemas for input and result. A worker takes what is
ready under a lease, with a token that ends with it and a fence that grows with each lease of a ticket: a write from who does not hold the
ticket any more touches nothing. Each change is told to the trail in the same transaction.
"""

from hulk.modules.tickets.domain import (
    Artefact,
    Assignee,
    Done,
    Draft,
    Filter,
    FollowUp,
    Handler,
    New,
    NewArtefact,
    Priority,
    Status,
    Ticket,
    Work,
    doomed,
    ready,
    view,
)
from hulk.modules.tickets.ports import Board, Chain, Surroundings, Tickets
from hulk.modules.tickets.usecases import WORKFLOW, AskPerson, BeginTicket, Matter, Persisted, TicketActs, Wish, fact, in_time, opened

__all__ = [
    "WORKFLOW", "Artefact", "AskPerson", "Assignee", "BeginTicket", "Board", "Chain", "Done", "Draft", "Filter", "FollowUp",
    "Handler", "Matter", "New", "NewArtefact", "Persisted", "Priority", "Status", "Surroundings", "Ticket", "TicketActs", "Tickets",
    "Wish", "Work", "doomed", "fact", "in_time", "opened", "ready", "view",
]  # fmt: skip
