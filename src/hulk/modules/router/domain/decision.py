"""What was asked of the router, and what it decided and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hulk.kernel.text import Language, Text
from hulk.modules.router.domain.matching import Attachment
from hulk.modules.router.domain.sensitivity import Label, Sensitivity


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said before, by whoever asks or (`ours`) by Hulk."""

    text: str
    ours: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A sentence to decide on. `key` is the caller's idempotency key: the same key gives a decision of the same id.
    `channel` is where it came from, `agent` the one that asks, `person` whoever it asks for; empty when nobody said. `addressed` is the
    agent that is asked by its name; `turns` what was said before, oldest first. `private`: it must stay in the company, whatever
    is found."""

    text: str
    language: Language
    tenant: str
    intent: str
    key: str
    attachments: tuple[Attachment, ...] = ()
    channel: str = ""
    agent: str = ""
    person: str = ""
    addressed: str = ""
    turns: tuple[Turn, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What answers a question: a skill, an agent (`agents.retail`, with what it is to do: `agents.retail.sales-review`), a model (`name` is
    the provider's), or nothing, and why.

    `score`, `margin` and `threshold` are those of the best skill (see `matching`); `candidates` all that were looked at."""

    id: str
    tenant: str
    intent: str
    kind: Literal["skill", "agent", "model", "none"]
    name: str | None
    reasons: tuple[Text, ...]
    sensitivity: Sensitivity
    labels: tuple[Label, ...]
    language: Language
    candidates: tuple[str, ...]
    score: float
    margin: float
    threshold: float
    at: datetime
