"""Lease tokens: JWTs (RFC 7519) signed with Ed25519 (RFC 8037; `alg` as RFC 9864 has it), by keys that all processes share.

The keys lie in the store, enciphered with the installation's own secret, so that who reads the database can forge no token. A new key
signs only once every process has had the time to read it (`SPREAD`); a former one verifies until the last token that it
signed has ended. Verified tokens are remembered until they end: to verify one costs as much as half a call.
"""

import base64
import json
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from sqlalchemy import Column, Connection, Row, String, Table, Text, delete, insert, select

from hulk.kernel import ids
from hulk.kernel.errors import Unauthenticated
from hulk.kernel.records import JsonObject
from hulk.modules.tickets.domain import Lease
from hulk.modules.tickets.domain.kinds import LONGEST_LEASE
from hulk.runtime.secrets import KeyRing, RingKey
from hulk.runtime.store import Moment, Store, Transaction, metadata

ISSUER = "hulk"
AUDIENCE = "hulk.tickets"
ALGORITHM = "Ed25519"
TYPE = "lease+jwt"
SPREAD = timedelta(seconds=30)
"""How long a new key is only published, before it signs."""
AGAIN = timedelta(seconds=10)
"""How often the keys are read again."""
LEEWAY = timedelta(seconds=30)
"""By how much clocks may differ. What has run out is decided by the store's clock in the end, at every write."""
_OVERLAP = LONGEST_LEASE + LEEWAY + SPREAD
_MOST = 10_000

signing_table = Table(
    "signing_key",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("sealed", Text, nullable=False),
)
"""Private keys as JWK, enciphered with AES-256-GCM: nonce, then text and tag, in base 64."""


def ring(keys: Iterable[RingKey[OKPKey]]) -> KeyRing[OKPKey]:
    """The keys by age: which one signs, and which may have signed a token that still holds."""
    return KeyRing(tuple(sorted(keys, key=lambda key: (key.since, key.id))), settle=SPREAD, overlap=_OVERLAP)


class JwtTokens:
    """`ports.Tokens` by keys in the store. `secret` is the installation's; `rotation` after how long a new key is made."""

    def __init__(self, store: Store, secret: bytes, rotation: timedelta, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._cipher = AESGCM(HKDF(SHA256(), 32, None, b"hulk lease tokens").derive(secret))
        self._rotation = rotation
        self._clock = clock
        self._keys = ring(())
        self._read_at = self._kept_at = float("-inf")
        self._verified: OrderedDict[str, Lease] = OrderedDict()

    @property
    def due(self) -> bool:
        """Whether `AGAIN` has passed since they were kept."""
        return time.monotonic() - self._kept_at >= AGAIN.total_seconds()

    async def keep(self) -> None:
        """Read the keys, make one when none is young enough, forget those that verify nothing any more. Done at the start and every
        `AGAIN`; raises `Unavailable`."""
        await self._read()
        now = self._clock()
        if not self._keys.keys or self._keys.keys[-1].since <= now - self._rotation:
            await self.rotate()
        old = {key.id for key in self._keys.keys} - {key.id for key in self._keys.valid(now)}
        if old:
            await self._store.commit(lambda tx: tx.execute(delete(signing_table).where(signing_table.c.id.in_(old))))
            await self._read()
        self._kept_at = time.monotonic()

    async def rotate(self) -> str:
        """Make a new key; gives its id."""
        id_ = ids.new("kid")
        key = RingKey(id_, self._clock(), OKPKey.generate_key("Ed25519", {"kid": id_, "use": "sig", "alg": ALGORITHM}))
        await self._store.commit(lambda tx: self._put(tx, key))
        await self._read()
        return id_

    def _put(self, tx: Transaction, key: RingKey[OKPKey]) -> None:
        nonce = os.urandom(12)
        text = json.dumps(key.value.as_dict(private=True)).encode()
        sealed = base64.b64encode(nonce + self._cipher.encrypt(nonce, text, key.id.encode())).decode()
        tx.execute(insert(signing_table), {"id": key.id, "created": key.since, "sealed": sealed})

    async def _read(self) -> None:
        rows = await self._store.read(_rows)
        self._keys = ring(found for row in rows if (found := self._opened(row)) is not None)
        self._read_at = time.monotonic()

    def _opened(self, row: Row[Any]) -> RingKey[OKPKey] | None:
        """None for a key that was enciphered with another secret: whoever has that one uses it."""
        sealed = base64.b64decode(row.sealed)
        try:
            text = self._cipher.decrypt(sealed[:12], sealed[12:], row.id.encode())
        except InvalidTag:
            return None
        return RingKey(row.id, row.created, OKPKey.import_key(json.loads(text)))

    def issue(self, lease: Lease) -> str:
        """See `Tokens`. `keep()` was called at the start."""
        key = self._keys.current(self._clock())
        header = {"alg": ALGORITHM, "kid": key.id, "typ": TYPE}
        return jwt.encode(header, _claims(lease, self._clock()), key.value, algorithms=[ALGORITHM])

    async def verify(self, token: str) -> Lease:
        """See `Tokens`."""
        now = self._clock()
        lease = self._verified.get(token)
        if lease is None:
            lease = await self._checked(token, now)
            self._remember(token, lease)
        if lease.until + LEEWAY <= now:
            self._verified.pop(token, None)
            raise _invalid()
        return lease

    async def _checked(self, token: str, now: datetime) -> Lease:
        if len(token) > 4096:
            raise _invalid()
        try:
            found = jwt.decode(token, await self._key(token), algorithms=[ALGORITHM])
            return _lease(found.header, found.claims, now)
        except (JoseError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise _invalid() from error

    async def _key(self, token: str) -> OKPKey:
        """The key that the token names; one that is not known is looked for in the store, but not too often."""
        kid = _named(token)
        if kid not in {key.id for key in self._keys.keys} and time.monotonic() - self._read_at > 1:
            await self._read()
        return next((key.value for key in self._keys.keys if key.id == kid), _NOBODYS)

    def _remember(self, token: str, lease: Lease) -> None:
        self._verified[token] = lease
        while len(self._verified) > _MOST:
            self._verified.popitem(last=False)

    def public(self) -> JsonObject:
        """The keys that verify, as a JWK Set (RFC 7517)."""
        found: JsonObject = dict(KeySet([key.value for key in self._keys.keys]).as_dict(private=False))
        return found


_NOBODYS = OKPKey.generate_key("Ed25519", {"kid": "nobody"})
"""What a token with an unknown key is checked with, in vain: it takes as long as with one that is known."""


def _rows(connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(select(signing_table).order_by(signing_table.c.created)).all()


def _claims(lease: Lease, now: datetime) -> dict[str, Any]:
    return {
        "iss": ISSUER, "aud": AUDIENCE, "sub": lease.worker, "jti": ids.new("jti"), "iat": int(now.timestamp()),
        "exp": lease.until.timestamp(), "hulk_tenant": lease.tenant, "hulk_lease": lease.id, "hulk_actor": lease.actor,
        "hulk_lasting": lease.lasting.total_seconds(),
    }  # fmt: skip


def _lease(header: Mapping[str, Any], claims: Mapping[str, Any], now: datetime) -> Lease:
    """What the claims say; raises when they are not for us, not of now, or not whole."""
    if header.get("typ") != TYPE or claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
        raise ValueError("not one of our lease tokens")
    if claims["iat"] > (now + LEEWAY).timestamp():
        raise ValueError("of the future")
    texts = [claims[name] for name in ("hulk_lease", "hulk_tenant", "sub", "hulk_actor")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a claim is no text")
    id_, tenant, worker, actor = texts
    until, lasting = datetime.fromtimestamp(claims["exp"], UTC), timedelta(seconds=claims["hulk_lasting"])
    return Lease(id=id_, tenant=tenant, worker=worker, actor=actor, until=until, lasting=lasting)


def _named(token: str) -> str:
    """The `kid` of a token's header; raises when it has none."""
    header = json.loads(_unpadded(token.split(".", 1)[0]))
    if not isinstance(header, dict) or not isinstance(header["kid"], str):
        raise TypeError("no key is named")
    return header["kid"]


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _invalid() -> Unauthenticated:
    """Of a wrong token it is not told what is wrong with it."""
    return Unauthenticated("This lease token is not valid: it has ended, was altered, or is not of this Hulk. Lease the ticket again.")
