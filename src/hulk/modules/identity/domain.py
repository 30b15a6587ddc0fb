"""What an API key looks like, how it is kept and when it holds. Pure rules.

hulk_7q2mzk0d_0JxXb…43 letters and digits…c9  a public prefix, by which the key is found and named;
                                              256 random bits; and a checksum, so that a typing mistake is noticed
                                              without asking the store and a leaked key is found by scanners.
"""

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime

from hulk.kernel.errors import Refused
from hulk.kernel.ids import ALPHABET
from hulk.kernel.tenancy import Principal, Role, everywhere

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _SUM = 43, 6
_SHAPE = re.compile(rf"(hulk_([{ALPHABET}]{{8}})_[0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_SUM}}})")
_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NOBODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """To whom work, keys and costs belong. `id` is a name in small letters, digits and hyphens."""

    id: str
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept. `prefix` is public; `hash` is the SHA-256 of the whole key in hexadecimal."""

    id: str
    tenant: str
    name: str
    role: Role
    prefix: str
    hash: str
    created: datetime
    expires: datetime | None = None
    revoked: datetime | None = None
    last_use: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked is None and (self.expires is None or now < self.expires)

    @property
    def principal(self) -> Principal:
        """Whoever uses it."""
        return Principal(tenant=self.tenant, actor=f"key:{self.prefix}", grants=everywhere(self.role))


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


def tenant_name(name: str) -> str:
    """`name` if a tenant may be called so; raises `Refused`."""
    if _TENANT.fullmatch(name) is None:
        raise Refused("“{name}” is no name for a tenant: 1 to 63 small letters, digits and hyphens, no hyphen at the ends.", name=name[:80])
    return name


def label(name: str) -> str:
    """`name` if a key may be called so; raises `Refused`."""
    trimmed = name.strip()
    if not 0 < len(trimmed) <= 100 or not trimmed.isprintable():
        raise Refused("A key's name has 1 to 100 printable characters; this one has {count}.", count=len(trimmed))
    return trimmed


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _SUM)


def _base62(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    return digits
