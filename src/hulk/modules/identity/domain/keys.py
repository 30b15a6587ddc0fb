"""What an API key looks like, how it is kept and when it holds.

hulk_7q2mzk0d_0JxXb…43 letters and digits…c9  a public prefix, by which the key is found and named;
                                              256 random bits; and a checksum, so that a typing mistake is noticed
                                              without asking the store and a leaked key is found by scanners.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field, replace
from datetime import datetime

from hulk.kernel.ids import ALPHABET
from hulk.kernel.tenancy import Grant

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _SUM = 43, 6
_SHAPE = re.compile(rf"(hulk_([{ALPHABET}]{{8}})_[0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_SUM}}})")
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept. `prefix` is public; `hash` is the SHA-256 of the whole key in hexadecimal.

    A key of an `account` has the account's grants, cut to its own when it has any; one of no account has its own."""

    id: str
    tenant: str
    name: str
    grants: tuple[Grant, ...]
    account: str | None = None
    prefix: str
    hash: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    last_use: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    def ending(self, at: datetime) -> "ApiKey":
        """The key, holding no longer than until then."""
        return self if self.expires is not None and self.expires <= at else replace(self, expires=at)

    def renewed(self, now: datetime) -> datetime | None:
        """When a key that takes its place ends: it lives as long as this one was made to."""
        return None if self.expires is None else now + (self.expires - self.created)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key that was just made. `secret` is the key itself, shown this once."""

    key: ApiKey
    secret: str = field(repr=False)


def written(random: bytes) -> str:
    """A key from 37 random bytes: 5 for the prefix, 32 for the secret."""
    start = int.from_bytes(random[:5], "big")
    prefix = "".join(ALPHABET[start >> shift & 31] for shift in range(35, -1, -5))
    body = f"hulk_{prefix}_{_base62(int.from_bytes(random[5:37], 'big'), _SECRET)}"
    return body + _checksum(body)


def prefix_of(key: str) -> str | None:
    """The prefix of a well-formed key, None when it is none."""
    match = _SHAPE.fullmatch(key)
    return match[2] if match and hmac.compare_digest(match[3], _checksum(match[1])) else None


def hashed(key: str) -> str:
    """What is kept of a key. A fast hash suffices: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(key.encode()).hexdigest()


def opens(kept: ApiKey | None, key: str, now: datetime) -> bool:
    """Whether `key` is the one kept and holds, in a time that does not depend on where they differ or whether there is one."""
    same = hmac.compare_digest(kept.hash if kept else _NOBODY, hashed(key))
    return kept is not None and same and kept.holds(now)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _SUM)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
