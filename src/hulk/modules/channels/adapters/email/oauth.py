"""Logging in with an access token in place of a password: OAuth 2.0 (RFC 6749) and XOAUTH2, as Gmail and Microsoft 365 have it.

Source: https://developers.google.com/gmail/imap/xoauth2-protocol, and Microsoft's "Authenticate an IMAP, POP or SMTP connection using
OAuth".
"""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hulk.kernel.errors import HulkError, Unauthenticated
from hulk.modules.channels.adapters.email.wire import Tokens
from hulk.modules.channels.adapters.vendor import Answer, Vendor

SPARE_SECONDS = 120.0
"""How long before its end a token is not used any more."""
_LIFE = 300.0
"""Seconds that a token is taken to live whose giver does not say."""
_LONGEST_LIFE = 86_400.0
_LARGEST = 16_000
_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who we are at the giver of tokens. With a refresh token we act for whoever gave it (RFC 6749, 6), else for ourselves (4.4)."""

    id: str
    secret: Callable[[], str] = field(repr=False)
    refresh: Callable[[], str] = field(repr=False)
    scope: str = ""

    def asks(self, refresh: str) -> dict[str, str]:
        """What is said for a token."""
        grant = {"grant_type": "refresh_token", "refresh_token": refresh} if refresh else {"grant_type": "client_credentials"}
        secret = {"client_secret": self.secret()} if self.secret() else {}
        return {**grant, "client_id": self.id, **secret, **({"scope": self.scope} if self.scope else {})}


@dataclass(slots=True)
class Granted:
    """`Tokens` by a token endpoint at `path` of `giver`: one is kept until shortly before its end. Who gives another refresh token with it
    is asked with that one next, as long as this process lives."""

    giver: Vendor
    path: str
    client: Client
    ticks: Callable[[], float] = time.monotonic
    _token: str = ""
    _until: float = float("-inf")
    _given: str = ""
    _instead_of: str = ""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> str:
        """See `Tokens`."""
        async with self._lock:
            if self.ticks() >= self._until:
                self._keep(await self._asked())
            return self._token

    def refused(self, token: str) -> None:
        """See `Tokens`."""
        if token == self._token:
            self._until = float("-inf")

    async def _asked(self) -> Answer:
        written = self.client.refresh()
        if written != self._instead_of:
            self._given, self._instead_of = "", written
        body = urlencode(self.client.asks(self._given or written)).encode()
        return await self.giver.ask("POST", self.path, headers=_FORM, body=body)

    def _keep(self, answer: Answer) -> None:
        told = answer.data if isinstance(answer.data, dict) else {}
        token, life = told.get("access_token"), told.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not _fit(token):
            raise self._refusal(answer, told)
        seconds = min(float(life), _LONGEST_LIFE) if isinstance(life, int | float) and life > 0 else _LIFE
        self._token, self._until = token, self.ticks() + max(seconds - SPARE_SECONDS, seconds / 2)
        given = told.get("refresh_token")
        self._given = given if isinstance(given, str) and _fit(given) else self._given

    def _refusal(self, answer: Answer, told: dict[str, Any]) -> HulkError:
        """Of its words only the code is shown (RFC 6749, 5.2): the rest may quote what was asked."""
        code = str(told.get("error", ""))[:60] if str(told.get("error", "")).replace("_", "").isalnum() else ""
        if 400 <= answer.status < 429 or answer.status == 200:
            return Unauthenticated(
                "{vendor} gives us no token ({reason}): look at the oauth_ settings of the channel, and what the app may do there.",
                vendor=self.giver.called, reason=code or f"HTTP {answer.status}",
            )  # fmt: skip
        return self.giver.refusal(answer, code)


def _fit(token: str) -> bool:
    """Whether it can stand in a line to a server: what RFC 6750, 2.1, has."""
    return 0 < len(token) <= _LARGEST and token.isascii() and token.isprintable() and " " not in token


async def by_token(tokens: Tokens, host: str, log_in: Callable[[str], Awaitable[None]]) -> None:
    """Log in at `host` with the token that is held; once more with a new one where that is refused. Raises what `log_in` and `current`
    do."""
    token = await tokens.current()
    try:
        await log_in(token)
    except Unauthenticated:
        tokens.refused(token)
        try:
            await log_in(await tokens.current())
        except Unauthenticated as error:
            raise Unauthenticated(
                "{host} does not take the access token that we were given: may the app use this mailbox?", host=host
            ) from error


def xoauth2(user: str, token: str) -> bytes:
    """What is said to a server, in base 64."""
    return base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode())
