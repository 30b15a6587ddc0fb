"""What came in by a channel, as every channel tells it. Pure rules.

A channel's adapter turns the bytes of its vendor into arrivals; nothing after it knows the vendor's form. What is only named (a file,
a voice note) is fetched later, when the arrival is safe.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from hulk.kernel.records import JsonObject
from hulk.kernel.text import Language, writable

Kind: TypeAlias = Literal["message", "opening", "edit", "deletion", "reaction", "press", "receipt", "move", "other"]
"""`opening`: somebody came, and has said nothing yet; `press`: somebody pressed a button of ours; `receipt`: what became of a message that
we sent; `move`: a person has another id now; `other`: what Hulk has no use for, kept so that it can be seen."""

Fate: TypeAlias = Literal["delivered", "read", "failed"]

LONGEST_TEXT = 32_000
"""Characters that are taken of a message; more is said to the sender."""
STALE = timedelta(days=1)
"""An arrival that was sent longer ago is not worked on without asking: what it wanted may be over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent it, as the channel names them. `id` never changes for a person, or the channel tells (`move`). `email` is only given where
    the channel vouches that it is theirs."""

    id: str
    name: str = ""
    phone: str = ""
    email: str = ""
    language: Language | None = None
    robot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that came with it: `ref` is what the channel fetches it by, `sha256` its digest where the channel says it, `size` in bytes."""

    ref: str
    name: str = ""
    media_type: str = "application/octet-stream"
    size: int | None = None
    sha256: str = ""
    voice: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One thing that came in. `key` is unique in its channel, and the same each time that it is sent again. `address` is where it was said,
    and where answers go (a chat, a thread of one). `id` is the message it is, or is about; `about` the one that it answers or reacts to.

    `addressed`: whether Hulk is meant, which it need not be where many write; `group`: whether others read along. `pressed` is the data of
    the button; `handle` is our id of the message that a receipt is for. `reply` is what an answer needs besides (a token of the vendor's).
    """

    key: str
    kind: Kind
    address: str
    sender: Sender
    at: datetime
    id: str = ""
    about: str = ""
    text: str = ""
    files: tuple[Attached, ...] = ()
    group: bool = False
    addressed: bool = True
    emoji: str = ""
    removed: bool = False
    pressed: str = ""
    handle: str = ""
    fate: Fate | None = None
    problem: str = ""
    whole: str = ""
    """All that was written, where `text` is only what is new in it (a mail quotes what it answers)."""
    moved: str = ""
    """The id that the person has from now on (`move`)."""
    reply: JsonObject = field(default_factory=dict)

    def stale(self, now: datetime) -> bool:
        """Whether it was sent so long ago that its sender is asked before it is worked on."""
        return now - self.at > STALE


def cleaned(text: str) -> str:
    """`text` as every store keeps it, without what shows nothing and hides commands (zero width characters, bidirectional marks at the
    ends), and without spaces around."""
    return writable(text).strip().strip(_UNSEEN).strip()


_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def approving(emoji: str) -> bool | None:
    """What a reaction says of an answer: True for a thumb up, False for one down, None for anything else. Skin tones do not matter."""
    bare = emoji.strip(":").rstrip("\ufe0f").translate(_TONES).lower()
    return _THUMBS.get(bare)


_TONES = dict.fromkeys(range(0x1F3FB, 0x1F400))
_THUMBS = {"👍": True, "+1": True, "thumbsup": True, "👎": False, "-1": False, "thumbsdown": False}
