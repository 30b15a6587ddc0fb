"""All that is done with tickets from outside."""

from dataclasses import dataclass

from hulk.modules.tickets.usecases.create import CreateTickets
from hulk.modules.tickets.usecases.decide import AskPerson, CommentTicket, MoveTicket
from hulk.modules.tickets.usecases.find import FindTickets, ShowTicket, WatchTickets
from hulk.modules.tickets.usecases.kinds import ListKinds, RegisterKind
from hulk.modules.tickets.usecases.lease import FinishTickets, HoldOn, LeaseTickets, ProveLease
from hulk.modules.tickets.usecases.sweep import BoundWaits, SweepTickets


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketActs:
    """The acts that HTTP and gRPC offer, `ask` for durable runs, `sweep` and `bound` for time."""

    create: CreateTickets
    find: FindTickets
    show: ShowTicket
    move: MoveTicket
    comment: CommentTicket
    watch: WatchTickets
    lease: LeaseTickets
    hold_on: HoldOn
    finish: FinishTickets
    prove: ProveLease
    register: RegisterKind
    list_kinds: ListKinds
    ask: AskPerson
    sweep: SweepTickets
    bound: BoundWaits
