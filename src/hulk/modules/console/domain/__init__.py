"""What the console knows by itself: its places, and which of them something that has happened concerns."""

from hulk.modules.console.domain.graph import Box, Drawing, Piece, drawn
from hulk.modules.console.domain.places import GROUPS, PLACES, Group, Place, place_of, within
from hulk.modules.console.domain.topics import concerns, topic_of

__all__ = ["GROUPS", "PLACES", "Box", "Drawing", "Group", "Piece", "Place", "concerns", "drawn", "place_of", "topic_of", "within"]
