"""Memories: what is kept, how it fades, which are alike, how a model reads them."""

from hulk.modules.agents.domain.memory.fading import FLOOR, retention
from hulk.modules.agents.domain.memory.likeness import likeness, same
from hulk.modules.agents.domain.memory.memory import (
    KINDS,
    MOST_OF_AGENT,
    Kind,
    Memory,
    New,
    Provenance,
    made,
    require_new,
    told_of,
    weakest,
)
from hulk.modules.agents.domain.memory.rendering import line, rendered

__all__ = [
    "FLOOR", "KINDS", "MOST_OF_AGENT", "Kind", "Memory", "New", "Provenance", "likeness", "line", "made", "rendered", "require_new",
    "retention", "same", "told_of", "weakest",
]  # fmt: skip
