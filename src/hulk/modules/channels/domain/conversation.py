"""Conversations and those who take part in them. Pure rules."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.channels.domain.paging import Ended

Mode: TypeAlias = Literal["hulk", "person"]
"""Who answers in a conversation."""

MOST_TURNS = 12
"""Turns of a conversation that are given along with a question."""
MOST_CHARACTERS = 6_000
"""Characters of them, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody as a channel knows them. `person` is their account (`usr_…`), once it is known whose they are; `blocked` are not heard."""

    channel: str
    sender: str
    tenant: str
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language | None = None
    person: str | None = None
    blocked: bool = False
    seen: datetime

    @property
    def ended(self) -> Ended:
        """A page that ends with them. No channel's name has a space."""
        return Ended(self.seen, f"{self.channel} {self.sender}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A code by which somebody says who they are: `person` (`usr_…`), until then. `used_by` is where it was said (`channel:sender`), empty
    while it was not. The code itself is shown once, and not kept."""

    person: str
    until: datetime
    used_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """An address of a channel at which somebody was heard. `heard` is when last; `reply` what the last arrival brought along for answers.
    `mode` is `person` while somebody of the company answers in place of Hulk, `by` them."""

    id: str
    tenant: str
    channel: str
    address: str
    sender: str
    group: bool = False
    language: Language | None = None
    mode: Mode = "hulk"
    by: str = ""
    heard: datetime
    reply: JsonObject = field(default_factory=dict)

    @property
    def ended(self) -> Ended:
        """A page that ends with it."""
        return Ended(self.heard, self.id)

    def handed(self, by: str) -> "Conversation":
        """Answered by a person from now on."""
        return replace(self, mode="person", by=by)

    def back(self) -> "Conversation":
        """Answered by Hulk again."""
        return replace(self, mode="hulk", by="")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing that was said: `ours` if Hulk, or a person in its place, said it."""

    text: str
    ours: bool
    at: datetime


def remembered(turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Those of the newest turns (oldest first) that are given along with a question: of the last its beginning at least."""
    kept, left = list[Turn](), MOST_CHARACTERS
    if turns and len(turns[-1].text) > left:
        return (replace(turns[-1], text=turns[-1].text[:left]),)
    for turn in reversed(turns[-MOST_TURNS:]):
        left -= len(turn.text)
        if left < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nothing is sent that nobody has just asked for, `begins` to `ends` (local time); over midnight, too."""

    begins: time
    ends: time
    zone: ZoneInfo

    def until(self, now: datetime) -> datetime:
        """When what is due at `now` may be sent: `now` itself outside of these hours."""
        here = now.astimezone(self.zone)
        if not self._within(here.time().replace(tzinfo=None)):
            return now
        end = here.replace(hour=self.ends.hour, minute=self.ends.minute, second=0, microsecond=0)
        end = end if end > here else end + timedelta(days=1)
        return max(end.replace(fold=fold).astimezone(now.tzinfo) for fold in (0, 1))  # where clocks are set, an hour comes twice or never

    def _within(self, at: time) -> bool:
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends
