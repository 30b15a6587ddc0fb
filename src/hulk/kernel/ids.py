"""Sortable, typed ids: `int_01h455vb4pex5vsknk084sn02q` is a prefix and a UUIDv7 in base 32.

The format is TypeID 0.3 (https://github.com/jetify-com/typeid): the suffix is 26 characters of Crockford's
alphabet, most significant bits first, so ids sort by the millisecond in which they were made.
"""

import os
import re
import socket
import time
import uuid
from collections import deque

from hulk.kernel.errors import Refused

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(r"([a-z]{2,10})_([0-7][0-9a-hjkmnp-tv-z]{25})")
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
"""Two characters at a time: many ids are made."""


_chances: deque[bytes] = deque()
"""Random bytes for some ids to come. To ask the system lets go of the interpreter, and where threads wait for that, it costs more than all
else about an id."""
_MANY = 256
os.register_at_fork(after_in_child=_chances.clear)  # else a child would make its parent's ids


def uuid7(milliseconds: int, random: bytes) -> uuid.UUID:
    """The UUIDv7 (RFC 9562, 5.7) of a Unix time in milliseconds and 10 random bytes."""
    return uuid.UUID(int=_number7(milliseconds, random))


def _number7(milliseconds: int, random: bytes) -> int:
    value = (milliseconds & (1 << 48) - 1) << 80 | int.from_bytes(random, "big")
    return value & ~(0xF << 76 | 0b11 << 62) | (0x7 << 76 | 0b10 << 62)


def new(prefix: str) -> str:
    """A fresh id of that kind: `new("tkt")` gives `tkt_…`, later ones sorting after it."""
    return _typeid(prefix, _number7(time.time_ns() // 1_000_000, _ten()))


def _ten() -> bytes:
    """Ten random bytes that nobody else gets."""
    try:
        return _chances.popleft()
    except IndexError:
        many = os.urandom(10 * _MANY)
        _chances.extend(many[at : at + 10] for at in range(10, len(many), 10))
        return many[:10]


def process() -> str:
    """This process, by host and number: `node-1:4711`."""
    return f"{socket.gethostname()}:{os.getpid()}"


def derived(prefix: str, *parts: str) -> str:
    """The same id for the same parts, always: what makes an act that is run again find its first effect."""
    return typeid(prefix, uuid.uuid5(uuid.NAMESPACE_OID, "\x00".join((prefix, *parts))))


def typeid(prefix: str, value: uuid.UUID) -> str:
    """`prefix` and `value` as a TypeID."""
    return _typeid(prefix, value.int)


def _typeid(prefix: str, number: int) -> str:
    return f"{prefix}_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def parse(text: str, prefix: str) -> str:
    """`text` if it is an id of that kind; raises `Refused` naming what was expected."""
    match = _SHAPE.fullmatch(text)
    if match is None or match[1] != prefix:
        raise Refused("“{value}” is not an id of this kind: expected {prefix}_ and 26 letters or digits.", value=text[:80], prefix=prefix)
    return text


def is_id(text: str, prefix: str) -> bool:
    """Whether `text` is an id of that kind."""
    match = _SHAPE.fullmatch(text)
    return match is not None and match[1] == prefix


def uuid_of(text: str) -> uuid.UUID:
    """The UUID inside a TypeID; raises `Refused` when `text` is none."""
    parse(text, text.partition("_")[0])
    number = 0
    for letter in text.partition("_")[2]:
        number = number << 5 | _VALUE[letter]
    return uuid.UUID(int=number)
