"""What is done with aiohttp for one request, and with what comes back as JSON."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from hulk.modules.tools.adapters.backends.rest.asking import Reply

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from aiohttp.abc import AbstractResolver

_CONNECT_SECONDS = 10.0
_LARGE = 256_000
"""Bytes above which JSON is read in a thread, so that nobody else waits."""


async def parsed(reply: Reply) -> Any:
    """The body as JSON: at most 200 deep, in UTF-8, without NaN. `None` when it is none."""
    if reply.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        return None
    try:
        if len(reply.body) > _LARGE:
            return await asyncio.to_thread(from_json, reply.body, allow_inf_nan=False)
        return from_json(reply.body, allow_inf_nan=False)
    except ValueError:
        return None


def opened(left: float, reached: asyncio.Event, resolver: Callable[[], "AbstractResolver"] | None) -> "ClientSession":
    """A session for one request; `reached` is set when a connection stands, from which on something may have been sent."""
    # See Rest._once for why aiohttp is imported here.
    from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, TraceConfig

    async def connected(*_: object) -> None:
        reached.set()

    trace = TraceConfig()
    trace.on_connection_create_end.append(connected)
    return ClientSession(
        connector=TCPConnector(force_close=True, use_dns_cache=False, resolver=resolver() if resolver else None),
        auto_decompress=False,
        cookie_jar=DummyCookieJar(),
        timeout=ClientTimeout(total=None, connect=min(_CONNECT_SECONDS, left)),
        trace_configs=[trace],
    )
