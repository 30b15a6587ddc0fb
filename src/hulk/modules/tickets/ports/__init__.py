"""What the use cases of tickets need from outside, by who needs it: runs of plans, and workers and people anywhere."""

from hulk.modules.tickets.ports.board import Board, Chain, Ended, Feed, Happening, Kinds, Made, Moved, Schemas, Swept, Taken, Tokens
from hulk.modules.tickets.ports.kept import Files, Tickets, Voices

__all__ = [
    "Board",
    "Chain",
    "Ended",
    "Feed",
    "Files",
    "Happening",
    "Kinds",
    "Made",
    "Moved",
    "Schemas",
    "Swept",
    "Taken",
    "Tickets",
    "Tokens",
    "Voices",
]
