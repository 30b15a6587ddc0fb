"""What went wrong at a REST server, by what the caller can do."""

import email.utils
import math
import re
import time
from collections.abc import Iterable
from typing import Any

from hulk.kernel.errors import Conflict, Forbidden, HulkError, NotFound, Refused, TooLarge, Unavailable
from hulk.kernel.text import Text
from hulk.modules.tools.adapters.backends.rest.asking import Asking, Reply
from hulk.modules.tools.ports import Uncertain

_DAY = 86_400.0
_MOST_EXCERPT = 200
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?")
_LATER = frozenset({408, 425, 429})
_NEVER = frozenset({501, 505})


class KeyRefused(Refused):
    """The other side does not know the key that it was shown (401). Nothing was done."""


def lost(name: str, asking: Asking, why: Text | str, retry_after: float | None = None) -> Unavailable:
    """The answer to what was sent did not come, or is none: a write may have been done."""
    if asking.writes:
        return Uncertain(
            "{name} may have done it, or not: {why}. Look there before it is asked again.", retry_after=retry_after, name=name, why=why
        )
    return Unavailable("{name} cannot answer right now: {why}.", retry_after=retry_after, name=name, why=why)


def unreached(name: str, url: str, why: Text | str) -> Unavailable:
    """Nothing was sent."""
    return Unavailable("{name} cannot be reached at {url}: {why}. Nothing was sent.", name=name, url=url, why=why)


def no_answer(name: str, reply: Reply) -> HulkError:
    """The status is of success, the body is not: something stands between, or the address is not that of the API."""
    if reply.kind in ("text/html", "application/xhtml+xml") or reply.body.lstrip()[:1] == b"<":
        why = Text("it sent a web page in place of data: a proxy or a login page may stand between, or its `url` is not that of its API")
    else:
        why = Text("it sent something that is no answer, or only a part of one")
    return lost(name, reply.asking, why)


def too_large(name: str, asking: Asking, most: int) -> HulkError:
    """More came than is read."""
    if asking.writes:
        return lost(name, asking, Text("its answer is longer than the {most} bytes that are read", most=most))
    return TooLarge("{name} sends more than the {most} bytes that are read: ask for less at once.", name=name, most=most)


def of_status(name: str, reply: Reply, said: str) -> HulkError:
    """The error that a status outside 200 to 299 means (RFC 9110, section 15). `said` is the server's own sentence, if any."""
    status = reply.status
    told = Text("{status}, “{said}”", status=status, said=said) if said else str(status)
    if status < 400:
        return Refused("{name} answers with {told} and leads elsewhere, which is not followed: check its `url`.", name=name, told=told)
    if status in _LATER:
        return Unavailable("{name} asks to be left alone for a while ({told}).", retry_after=retry_after(reply), name=name, told=told)
    if status >= 500 and status not in _NEVER:
        return _failing(name, reply, told)
    return _refused(name, status, told)


def _failing(name: str, reply: Reply, told: Text | str) -> HulkError:
    """5xx: whether a write was done is not known, unless the server says that it takes nothing at present (503 with a time)."""
    wait = retry_after(reply)
    if reply.status == 503 and wait is not None:
        return Unavailable("{name} takes nothing at present ({told}).", retry_after=wait, name=name, told=told)
    return lost(name, reply.asking, Text("it fails ({told})", told=told), wait)


def _refused(name: str, status: int, told: Text | str) -> HulkError:
    if status == 401:
        return KeyRefused("{name} refuses the key that it is shown ({told}): check it in the settings.", name=name, told=told)
    if status == 403:
        return Forbidden("{name} does not allow this ({told}): check what the key in the settings may do there.", name=name, told=told)
    if status in (404, 410):
        return NotFound("{name} has no such thing, or does not show it to the key in the settings ({told}).", name=name, told=told)
    if status in (409, 412):
        return Conflict("{name} says that it has changed or is there already ({told}): read it again, then decide.", name=name, told=told)
    if status == 413:
        return TooLarge("{name} does not take something of this size ({told}): send less.", name=name, told=told)
    return Refused("{name} does not take this ({told}).", name=name, told=told)


def retry_after(reply: Reply) -> float | None:
    """Seconds of `Retry-After`, a number or a date (RFC 9110, section 10.2.3), at most a day."""
    said = reply.headers.get("Retry-After", "").strip()
    if _NUMBER.fullmatch(said):
        return seconds_of(float(said))
    try:
        return seconds_of(email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def seconds_of(wait: float) -> float | None:
    """Between none and a day; what is no number is not said."""
    return None if math.isnan(wait) else min(max(0.0, wait), _DAY)


def excerpt(said: object, secrets: Iterable[str] = ()) -> str:
    """The beginning of what a server says, on one line and without the secrets that it was shown."""
    text = said if isinstance(said, str) else ""
    for secret in secrets:
        text = text.replace(secret, "***") if len(secret) > 3 else text
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * _MOST_EXCERPT]).split())[:_MOST_EXCERPT]


def at(data: Any, *places: str | int) -> Any:
    """What stands there in JSON from outside; `None` when nothing does."""
    for place in places:
        if isinstance(place, int):
            data = data[place] if isinstance(data, list) and -len(data) <= place < len(data) else None
        else:
            data = data.get(place) if isinstance(data, dict) else None
    return data
