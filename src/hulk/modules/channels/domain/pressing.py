"""What a button carries: what it does, for whom, and a proof that we made it. Pure rules.

No channel signs which button was pressed, and some let their users write any data; so the data says all itself:

    <act>.<subject>.<until>.<mac>        a.01h455vb4pex5vsknk084sn02q.tgk3wc.9xTq…

`act` is one letter, `subject` an id without its prefix, `until` the minute (base 36, Unix time) from which on it does not hold, `mac` the
first 12 bytes of HMAC-SHA256, in URL-safe base 64, over channel, address, act, subject and until. It is at most 64 bytes long, which is
what Telegram takes. It is bound to its channel and address: pressed elsewhere, it does nothing.
"""

import base64
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from hulk.kernel.errors import Refused

Act: TypeAlias = Literal["approve", "reject", "good", "bad", "person", "again", "rest"]
"""approve and reject a ticket; good and bad: the answer to an intent; person: have somebody answer; again: work on it after all; rest:
send the whole message where it can be read."""

_LETTERS: dict[Act, str] = {"approve": "a", "reject": "r", "good": "g", "bad": "b", "person": "p", "again": "n", "rest": "s"}
_ACTS = {letter: act for act, letter in _LETTERS.items()}
_PREFIXES: dict[Act, str] = {"approve": "tkt", "reject": "tkt", "good": "int", "bad": "int", "person": "cnv", "again": "arr", "rest": "msg"}
_SHAPE = re.compile(r"([a-z])\.([0-7][0-9a-hjkmnp-tv-z]{25})\.([0-9a-z]{1,8})\.([A-Za-z0-9_-]{16})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button does, and to what."""

    act: Act
    subject: str


def pressing(secret: bytes, channel: str, address: str, pressed: Pressed, until: datetime) -> str:
    """The data of a button that holds until then (to the minute)."""
    body = f"{_LETTERS[pressed.act]}.{pressed.subject.partition('_')[2]}.{_written(int(until.timestamp() // 60))}"
    return f"{body}.{_mac(secret, channel, address, body)}"


def pressed(secret: bytes, channel: str, address: str, data: str, now: datetime) -> Pressed:
    """What the button does that was pressed there. Raises `Refused` for data that is not ours, meant for elsewhere, or too old."""
    found = _SHAPE.fullmatch(data) if data.isascii() else None
    body, _, mac = data.rpartition(".")
    if found is None or not hmac.compare_digest(_mac(secret, channel, address, body).encode(), mac.encode()) or found[1] not in _ACTS:
        raise Refused("This button is not one that Hulk made for this conversation.")
    if int(found[3], 36) * 60 <= now.timestamp():
        raise Refused("This button is too old. Ask again.")
    act = _ACTS[found[1]]
    return Pressed(act, f"{_PREFIXES[act]}_{found[2]}")


def _mac(secret: bytes, channel: str, address: str, body: str) -> str:
    said = "\0".join(("channels/button", channel, address, body)).encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, said, "sha256")[:12]).decode()


def _written(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"
