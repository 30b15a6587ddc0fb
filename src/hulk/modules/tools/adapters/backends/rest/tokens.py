"""Bearer tokens that are given for credentials: kept while they last, and asked for once more when they are refused."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from hulk.modules.tools.adapters.backends.rest.failures import KeyRefused
from hulk.modules.tools.ports import Calling

T = TypeVar("T")
_EARLY = 30.0
"""Seconds before its end from which a token is not used any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is shown, and how many seconds it lasts."""

    text: str = field(repr=False)
    seconds: float


class Tokens:
    """`credentials` are what a token is asked for with (a new one is asked for as soon as they change); `fetch` asks for one."""

    def __init__(self, credentials: Callable[[], str], fetch: Callable[[Calling], Awaitable[Token]]) -> None:
        self._credentials = credentials
        self._fetch = fetch
        self._fetching = asyncio.Lock()
        self._kept: tuple[str, str, float] | None = None

    async def shown(self, calling: Calling, ask: Callable[[Mapping[str, str]], Awaitable[T]]) -> T:
        """What `ask` gives with the header that holds the token; tried a second time, with a new token, when the first is refused."""
        token = await self._token(calling)
        try:
            return await ask({"Authorization": f"Bearer {token}"})
        except KeyRefused:
            self._forget(token)
        return await ask({"Authorization": f"Bearer {await self._token(calling)}"})

    async def _token(self, calling: Calling) -> str:
        async with self._fetching:
            credentials = self._credentials()
            if self._kept is None or self._kept[0] != credentials or self._kept[2] < time.monotonic():
                token = await self._fetch(calling)
                self._kept = (credentials, token.text, time.monotonic() + token.seconds - _EARLY)
            return self._kept[1]

    def _forget(self, token: str) -> None:
        """Unless another has replaced it already."""
        if self._kept is not None and self._kept[1] == token:
            self._kept = None
