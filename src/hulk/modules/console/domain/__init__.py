"""What the console knows by itself: its places, and which of them something that has happened concerns."""

from hulk.modules.console.domain.decimals import read_amount, written_amount
from hulk.modules.console.domain.graph import Box, Drawing, Piece, drawn
from hulk.modules.console.domain.places import GROUPS, PLACES, ROOT, Group, Place, place_of, within
from hulk.modules.console.domain.spans import Span, each_day, span
from hulk.modules.console.domain.topics import concerns, topic_of

__all__ = [
    "GROUPS", "PLACES", "ROOT", "Box", "Drawing", "Group", "Piece", "Place", "Span", "concerns", "drawn", "each_day", "place_of",
    "read_amount", "span", "topic_of", "within", "written_amount",
]  # fmt: skip
