"""What the console knows by itself: its places, and which of them something that has happened concerns."""

from hulk.modules.console.domain.places import GROUPS, PLACES, ROOT, Group, Place, place_of, within
from hulk.modules.console.domain.topics import concerns, topic_of

__all__ = ["GROUPS", "PLACES", "ROOT", "Group", "Place", "concerns", "place_of", "topic_of", "within"]
