"""Models, what they are asked, and what they give back."""

from hulk.modules.router.domain.model.answers import CallPart, Completion, Counted, Delta, Embedded, Ended, Finish, Limits, Reply, Said
from hulk.modules.router.domain.model.counting import Counter
from hulk.modules.router.domain.model.failures import Uncertain, Unsent
from hulk.modules.router.domain.model.models import ABILITIES, Abilities, Kind, Model, Purpose
from hulk.modules.router.domain.model.prompts import (
    MediaKind,
    MediaPart,
    Message,
    Part,
    Prompt,
    Role,
    Schema,
    TextPart,
    Tool,
    ToolCall,
    ToolChoice,
)
from hulk.modules.router.domain.model.translating import fitted, most_input_tokens, reread

__all__ = [
    "ABILITIES",
    "Abilities",
    "CallPart",
    "Completion",
    "Counted",
    "Counter",
    "Delta",
    "Embedded",
    "Ended",
    "Finish",
    "Kind",
    "Limits",
    "MediaKind",
    "MediaPart",
    "Message",
    "Model",
    "Part",
    "Prompt",
    "Purpose",
    "Reply",
    "Role",
    "Said",
    "Schema",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolChoice",
    "Uncertain",
    "Unsent",
    "fitted",
    "most_input_tokens",
    "reread",
]
