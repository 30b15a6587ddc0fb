"""Tickets: the units of work of a plan, executed by durable runs, and the ones that wait for a person."""

from hulk.modules.tickets.domain import Artefact, Done, Draft, FollowUp, Handler, NewArtefact, Status, Ticket, Work, doomed, ready, view
from hulk.modules.tickets.ports import Tickets
from hulk.modules.tickets.usecases import WORKFLOW, BeginTicket

__all__ = [
    "WORKFLOW", "Artefact", "BeginTicket", "Done", "Draft", "FollowUp", "Handler", "NewArtefact", "Status", "Ticket", "Tickets", "Work",
    "doomed", "ready", "view",
]  # fmt: skip
