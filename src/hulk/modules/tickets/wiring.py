"""The tickets module, put together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from hulk.kernel.bells import Bells
from hulk.kernel.durable import Runs, Workflow
from hulk.kernel.events import Trail
from hulk.kernel.time import utc_now
from hulk.modules.tickets.adapters.feed import TrailFeed
from hulk.modules.tickets.adapters.files import BlobFiles
from hulk.modules.tickets.adapters.sql import SqlBoard, SqlKinds, SqlTickets
from hulk.modules.tickets.adapters.tokens import JwtTokens
from hulk.modules.tickets.domain import Handler
from hulk.modules.tickets.ports import Board, Surroundings, Tickets, Voices
from hulk.modules.tickets.usecases import (
    AskPerson,
    BeginTicket,
    BoundWaits,
    CommentTicket,
    CreateTickets,
    FindTickets,
    FinishTickets,
    Following,
    HoldOn,
    LeaseTickets,
    ListKinds,
    MoveTicket,
    Persisted,
    ProveLease,
    RegisterKind,
    ReopenTicket,
    RunTicket,
    ShowTicket,
    SweepTickets,
    TicketActs,
    WatchTickets,
    unheard,
)
from hulk.runtime.blobs import FolderBlobs
from hulk.runtime.outbox import Outbox
from hulk.runtime.schemas import RustSchemas
from hulk.runtime.store import Store


@dataclass(frozen=True, slots=True)
class TicketsModule:
    """What bootstrap hands on: the tickets of plans, the act that begins one, the body of their runs."""

    tickets: Tickets
    begin: BeginTicket
    workflow: Workflow


def tickets_of(store: Store) -> Tickets:
    """Only the tickets of plans, for those who look."""
    return SqlTickets(store)


def board_of(store: Store) -> Board:
    """Only the board, for those who look."""
    return SqlBoard(store)


def reopening(store: Store, trail: Trail) -> ReopenTicket:
    """Only what becomes true when a ticket's run goes on again, for those who steer runs and execute none."""
    return ReopenTicket(SqlTickets(store), trail)


def wired(store: Store, blobs: FolderBlobs, runs: Runs, trail: Trail, voices: Voices, handlers: Mapping[str, Handler]) -> TicketsModule:
    """Executing the tickets of plans, over the store; `handlers` do the work, by kind of ticket."""
    tickets = SqlTickets(store)
    return TicketsModule(
        tickets=tickets,
        begin=BeginTicket(tickets, runs),
        workflow=RunTicket(tickets, BlobFiles(blobs), trail, voices, handlers),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(TicketActs):
    """The acts, and the tokens that prove a lease."""

    tokens: JwtTokens


async def serving(
    store: Store, outbox: Outbox, runs: Runs, around: Surroundings, *, secret: bytes, rotation: timedelta, persisted: Persisted = unheard
) -> Service:
    """The acts over the store. `secret` is the installation's, which seals the keys that sign leases; one signs for `rotation`.
    `persisted` hears of each ticket that was asked for."""
    board, kinds, schemas, bell = SqlBoard(store), SqlKinds(store), RustSchemas(), Bells()
    tokens = JwtTokens(store, secret, rotation, utc_now)
    await tokens.keep()
    following = Following(outbox, runs, around.room)
    return Service(
        create=CreateTickets(board, kinds, schemas, outbox, store.commit, bell, utc_now, around, persisted),
        find=FindTickets(board),
        show=ShowTicket(board, TrailFeed(outbox)),
        move=MoveTicket(board, outbox, following, store.commit, bell, around.call_off),
        comment=CommentTicket(board, outbox, runs, store.commit, utc_now),
        watch=WatchTickets(board, TrailFeed(outbox), utc_now),
        lease=LeaseTickets(board, kinds, tokens, outbox, store.commit, bell),
        hold_on=HoldOn(board, tokens, store.commit),
        finish=FinishTickets(board, kinds, schemas, outbox, following, store.commit, bell),
        prove=ProveLease(tokens),
        register=RegisterKind(kinds, schemas, outbox, store.commit),
        list_kinds=ListKinds(kinds),
        ask=AskPerson(board, outbox, utc_now),
        sweep=SweepTickets(board, outbox, following, store.commit, bell),
        bound=BoundWaits(board, outbox, store.commit),
        tokens=tokens,
    )
