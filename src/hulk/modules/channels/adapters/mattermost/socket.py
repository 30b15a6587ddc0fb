"""The line by which a Mattermost server tells what happens: its websocket, as its own clients use it (@mattermost/client, `websocket.ts`).

    GET /api/v4/websocket?connection_id=…&sequence_number=…     with the token as `Authorization`: without it nothing is taken up again
    < {"event": "hello", "data": {"connection_id": …}, "seq": 0}
    < {"event": "posted", "data": {…}, "broadcast": {…}, "seq": 1}

A line that is taken up again is told what it missed, from `sequence_number` on, and hears no hello. A hello with another id means that the
server does not have it any more (it keeps the last 128 events, in one of its processes): what was missed is asked for by REST.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from hulk.kernel.errors import Unauthenticated, Unavailable
from hulk.modules.channels.adapters.mattermost.server import API, Server
from hulk.modules.channels.adapters.vendor import Answer

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

BEAT_SECONDS = 30.0
_CONNECT_SECONDS = 20.0
_LARGEST = 8_000_000
_PING = 2


@dataclass(frozen=True, slots=True)
class Socket:
    """A line that is open."""

    server: Server
    socket: "ClientWebSocketResponse"

    async def begin(self) -> None:
        """Prove who we are, and ask for a sign of life. The token goes along again for proxies that take it from the headers; a server
        that knows us by them does not mind."""
        await self._say(1, "authentication_challenge", {"token": self.server.token()})
        await self._say(_PING, "ping", {})

    async def _say(self, number: int, action: str, data: dict[str, Any]) -> None:
        await self.socket.send_str(json.dumps({"seq": number, "action": action, "data": data}))

    async def next(self) -> dict[str, Any] | None:
        """What the server tells next; None when the line is cut. Raises `Unauthenticated`."""
        while True:
            message = await self.socket.receive()
            if message.type.name not in ("TEXT", "BINARY"):
                return None
            if (told := _object(message.data)) is None:
                continue
            if told.get("status") == "FAIL" and told.get("seq_reply") in (1, _PING):
                raise Unauthenticated("{vendor} does not know us any more: give it a new token in the settings.", vendor=self._called)
            return told

    @property
    def _called(self) -> str:
        return self.server.vendor.called


def _object(data: str | bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(data)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


@asynccontextmanager
async def opened(server: Server, connection: str = "", sequence: int = 0) -> AsyncIterator[Socket]:
    """A line, taken up again where it can be. Raises `Unauthenticated` and `Unavailable`."""
    import aiohttp  # costs 0.25 s of CPU and 20 MB to import: only who has a channel pays

    asked = urlencode({"connection_id": connection, "sequence_number": sequence}) if connection else "connection_id="
    url = f"{server.vendor.url}{API}/websocket?{asked}"
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_CONNECT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
        try:
            socket = await session.ws_connect(url, headers=server.headers, heartbeat=BEAT_SECONDS, max_msg_size=_LARGEST)
        except aiohttp.WSServerHandshakeError as error:
            headers = {name.lower(): value for name, value in (error.headers or {}).items()}
            raise server.refusal(Answer(error.status, headers, b"")) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable("{vendor} cannot be reached.", vendor=server.vendor.called) from error
        async with socket:
            line = Socket(server, socket)
            try:
                await line.begin()
            except (aiohttp.ClientError, OSError) as error:
                raise Unavailable("{vendor} cannot be reached.", vendor=server.vendor.called) from error
            yield line
