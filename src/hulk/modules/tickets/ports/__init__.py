"""What the use cases of tickets need from outside, by who needs it: runs of plans, and workers and people anywhere."""

from hulk.modules.tickets.ports.board import (
    Board,
    CallOff,
    Chain,
    Ended,
    Feed,
    Happening,
    Kinds,
    Made,
    Moved,
    RequireNamespace,
    Room,
    Schemas,
    Surroundings,
    Swept,
    Taken,
    Tokens,
)
from hulk.modules.tickets.ports.kept import Files, Tickets, Voices

__all__ = [
    "Board",
    "CallOff",
    "Chain",
    "Ended",
    "Feed",
    "Files",
    "Happening",
    "Kinds",
    "Made",
    "Moved",
    "RequireNamespace",
    "Room",
    "Schemas",
    "Surroundings",
    "Swept",
    "Taken",
    "Tickets",
    "Tokens",
    "Voices",
]
