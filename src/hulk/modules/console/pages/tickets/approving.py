"""What exactly would be done, of a ticket that asks whether a tool may be called."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

KIND = "tool.approval"
_MOST, _LONGEST = 40, 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The call that is asked for: its arguments by name, as they would be sent, each cut to what a page shows; `left` were left out."""

    tool: str
    arguments: Sequence[tuple[str, str]]
    left: int
    actor: str
    agent: str
    reason: str
    call: str

    @classmethod
    def of(cls, ticket: Mapping[str, Any]) -> Self | None:
        """None for any other ticket. What is in it was written by others, and may be anything."""
        asked = ticket["input"]
        if ticket["kind"] != KIND or not isinstance(asked, dict):
            return None
        given = asked.get("arguments")
        arguments = list(given.items()) if isinstance(given, dict) else []
        texts = {name: str(asked.get(name) or "")[:_LONGEST] for name in ("tool", "actor", "agent", "reason", "call")}
        shown = [(name[:60], _text(value)) for name, value in arguments[:_MOST]]
        return cls(arguments=shown, left=len(arguments) - len(shown), **texts)


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
