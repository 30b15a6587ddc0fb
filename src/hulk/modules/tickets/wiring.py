"""The tickets module, put together."""

from collections.abc import Mapping
from dataclasses import dataclass

from hulk.kernel.durable import Runs, Workflow
from hulk.kernel.events import Trail
from hulk.modules.tickets.adapters.files import BlobFiles
from hulk.modules.tickets.adapters.sql import SqlTickets
from hulk.modules.tickets.domain import Handler
from hulk.modules.tickets.ports import Tickets, Voices
from hulk.modules.tickets.usecases import BeginTicket, ReopenTicket, RunTicket
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.store import Store


@dataclass(frozen=True, slots=True)
class TicketsModule:
    """What bootstrap hands on: the tickets, the act that begins one, the body of their runs."""

    tickets: Tickets
    begin: BeginTicket
    workflow: Workflow


def tickets_of(store: Store) -> Tickets:
    """Only the tickets, for those who look."""
    return SqlTickets(store)


def reopening(store: Store, trail: Trail) -> ReopenTicket:
    """Only what becomes true when a ticket's run goes on again, for those who steer runs and execute none."""
    return ReopenTicket(SqlTickets(store), trail)


def wired(store: Store, blobs: FolderBlobs, runs: Runs, trail: Trail, voices: Voices, handlers: Mapping[str, Handler]) -> TicketsModule:
    """The module over the store; `handlers` do the work, by kind of ticket."""
    tickets = SqlTickets(store)
    return TicketsModule(
        tickets=tickets,
        begin=BeginTicket(tickets, runs),
        workflow=RunTicket(tickets, BlobFiles(blobs), trail, voices, handlers),
    )
