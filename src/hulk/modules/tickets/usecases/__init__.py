"""What is done with tickets: those of plans are executed by runs; others are made, taken, finished and decided on from outside."""

from hulk.modules.tickets.usecases.acts import TicketActs
from hulk.modules.tickets.usecases.create import CreateTickets, Persisted, unheard
from hulk.modules.tickets.usecases.decide import AskPerson, CommentTicket, Matter, MoveTicket, Wish, in_time
from hulk.modules.tickets.usecases.execute import WORKFLOW, BeginTicket, ReopenTicket, RunTicket
from hulk.modules.tickets.usecases.facts import Following, fact, opened
from hulk.modules.tickets.usecases.find import Change, FindTickets, ShowTicket, WatchTickets
from hulk.modules.tickets.usecases.kinds import ListKinds, RegisterKind
from hulk.modules.tickets.usecases.lease import Answer, FinishTickets, Grant, HoldOn, LeaseTickets, ProveLease
from hulk.modules.tickets.usecases.sweep import BoundWaits, SweepTickets

__all__ = [
    "WORKFLOW",
    "Answer",
    "AskPerson",
    "BeginTicket",
    "BoundWaits",
    "Change",
    "CommentTicket",
    "CreateTickets",
    "FindTickets",
    "FinishTickets",
    "Following",
    "Grant",
    "HoldOn",
    "LeaseTickets",
    "ListKinds",
    "Matter",
    "MoveTicket",
    "Persisted",
    "ProveLease",
    "RegisterKind",
    "ReopenTicket",
    "RunTicket",
    "ShowTicket",
    "SweepTickets",
    "TicketActs",
    "WatchTickets",
    "Wish",
    "fact",
    "in_time",
    "opened",
    "unheard",
]  # fmt: skip
