"""How far the conversation of a step is, and what a model that takes part in it means. Pure, but for what it remembers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import writable
from hulk.modules.agents.domain.plan import Node
from hulk.modules.agents.domain.talk import ANSWER, Thought, Turn, Wish, answered, tool_of
from hulk.modules.agents.domain.task import Tried
from hulk.modules.agents.ports import Used
from hulk.modules.agents.usecases.acting import files_of
from hulk.modules.tools import File

LONGEST_NAME = 128
MOST_WISHES = 8
"""Tools called in one turn; a model that wants more is told so."""


@dataclass(slots=True)
class Talk:
    """How far the conversation is; the model is asked at most `most` times."""

    turns: list[Turn]
    p0: bool
    most: int
    model: str = ""
    limited: bool = False
    calls: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    tried: list[Tried] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    def heard(self, thought: Thought) -> None:
        """What the model said."""
        self.model, self.limited = thought.model, self.limited or thought.limited
        self.turns.append(Turn(who="assistant", text=thought.text, wishes=thought.wishes))

    def used(self, wish: Wish, tool: str, used: Used) -> None:
        """What came of a wish."""
        self.p0 |= used.p0
        self.calls += [used.call] if used.call else []
        self.sources += [used.call] if used.call and used.done else []
        self.tried.append(Tried(tool=tool, status=used.status))
        self.files += files_of([used])
        self.turns.append(answered(wish, used.call or tool, _shown(used)))


def form_of(node: Node) -> JsonObject | None:
    """The form that its answer has, if that is more than words."""
    return node.output if node.output and node.output != ANSWER else None


def named(wish: Wish, names: Sequence[str]) -> str:
    """The tool that it means, else what it says, cut to what a name may be."""
    return tool_of(wish.name, names) or writable(wish.name)[:LONGEST_NAME]


def asked_for(wish: Wish, names: Sequence[str], place: int) -> Tried:
    """What is known of a wish before anything was called."""
    callable_ = place < MOST_WISHES and None not in understood(wish, names)
    return Tried(tool=named(wish, names), status="asked" if callable_ else "failed")


def understood(wish: Wish, names: Sequence[str]) -> tuple[str | None, JsonObject | None]:
    """The tool that it means and what that is to be given, each if it is there."""
    return tool_of(wish.name, names), parsed(wish.arguments or "{}")


def parsed(text: str) -> JsonObject | None:
    """The object that it is, also within a fence of Markdown; None when it is none, or one that cannot be kept: NaN, half a character."""
    bare = text.strip().removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    try:
        found = json.loads(bare)
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def cited(output: Json, sources: Sequence[str]) -> bool:
    """Whether it names sources, and none but these."""
    given = output.get("sources") if isinstance(output, Mapping) else None
    return isinstance(given, list) and bool(given) and all(one in sources for one in given)


def _shown(used: Used) -> str:
    """What a model is shown of it."""
    if used.status == "done":
        return used.text or json.dumps(used.data, ensure_ascii=False)
    return f"{used.status}: {used.why or ''}"
