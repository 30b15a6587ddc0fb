"""What goes out by a channel: a message, its parts, and what becomes of it. Pure rules.

    waiting > sending > sent
                      > waiting     the channel said that it was not taken, and may be asked again
                      > failed      it said that it never will be
                      > unknown     it said nothing, and cannot be asked: shown to people, never sent again by itself
                      > shown       it says that something is worked on, and stands there until the answer takes its place

`sending` is committed before the channel is called and its end after. So a message that a process leaves in `sending` is one of which
nobody knows whether it went out: its channel is asked by the message's id, where it can be.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language
from hulk.modules.channels.domain.splitting import fitting

State: TypeAlias = Literal["waiting", "sending", "sent", "failed", "unknown", "withdrawn", "shown"]
OPEN: frozenset[State] = frozenset({"waiting", "sending"})
"""While one of a conversation is in one of these, those after it wait."""

HELD = timedelta(seconds=30)
"""For how long whoever sends a message says that they do; by then they have sent it, or are no more."""
GIVE_UP = timedelta(days=1)
"""After which a message that could not be sent is not sent any more."""
FIRST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Button:
    """What a person can press: its words, and the data that comes back (see `pressing`)."""

    text: str
    data: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that goes with a message: its blob, its name and what it is."""

    blob: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to an address of a channel. `id` (`msg_…`) is the handle by which its channel can tell whether it has it already. `text`
    is Markdown. `about` is the channel's id of the message that it answers; `reply` what the arrival brought along for that.

    `passing`: of no use any more when nobody waits for it. `speak` asks for a recording of it to go along, `aloud` for nothing but that;
    with `made`, all goes along that was made for the intent. `sent_id` is what the channel calls it. `place` counts within the
    installation: those of one address go out in its order.

    `until`: it only says that something is worked on, and is of no use once there is the message of that id; `over`: the id of such a one,
    in whose place this one stands where it can (`shown`)."""

    id: str
    tenant: str
    channel: str
    address: str
    text: str
    language: Language
    created: datetime
    due: datetime
    conversation: str = ""
    about: str = ""
    intent: str | None = None
    buttons: tuple[Button, ...] = ()
    files: tuple[Shown, ...] = ()
    speak: bool = False
    aloud: bool = False
    made: bool = False
    passing: bool = False
    until: str = ""
    over: str = ""
    reply: JsonObject = field(default_factory=dict)
    state: State = "waiting"
    attempts: int = 0
    sent_id: str = ""
    problem: JsonObject | None = None
    ended: datetime | None = None
    place: int = 0

    def overdue(self, now: datetime, keeps: timedelta = GIVE_UP) -> bool:
        """Whether it is too late to send it."""
        return now - self.created > keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a message of a channel may be. `text` counts characters, `parts` messages that one answer may become before it is sent as a
    file; `buttons` at once, of `label` characters and `data` bytes; `file` bytes of a file, 0 where none can be sent;
    `files` at once, 0 for any number. With `utf16`, characters are counted as UTF-16 has them: an emoji is two. One that could not be
    sent is kept for as long as `keeps`.
    With `together`, a recording goes in one message with its text; else it follows, and its text waits for nothing.
    That something is worked on stays shown for `shows` seconds; 0 where nobody is shown that."""

    text: int
    parts: int = 4
    buttons: int = 0
    label: int = 20
    data: int = 64
    file: int = 0
    files: int = 0
    utf16: bool = False
    together: bool = False
    keeps: timedelta = GIVE_UP
    shows: float = 0.0

    def fits(self, text: str) -> int:
        """How many characters from its beginning a message may have: all of them where it is short enough."""
        return fitting(text, self.text, utf16=self.utf16)


def waiting_after(attempts: int, chance: float) -> timedelta:
    """How long a message waits that was not taken for the `attempts`th time: doubled each time, at most 5 minutes; `chance` in [0, 1)
    spreads it over the upper half."""
    whole = min(FIRST_WAIT * (1 << min(attempts, 20)), LONGEST_WAIT)
    return whole * (0.5 + chance / 2)
