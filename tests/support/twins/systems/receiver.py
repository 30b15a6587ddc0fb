"""Somebody's program that takes what Hulk signs (Standard Webhooks 1.0.0): as its specification has receivers do, and no more.

What it was sent before, by `webhook-id`, it takes and leaves. What is not signed with its secret, or five minutes off, is answered by 401.
"""

import base64
import hmac
import time
from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LEEWAY_SECONDS = 300


def signed(secret: str, id_: str, at: str, body: bytes) -> str:
    """The signature of a message: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, f"{id_}.{at}.".encode() + body, "sha256").digest()).decode()


class Twin:
    """Keeps what it took. `secret` is what it knows."""

    def __init__(self) -> None:
        self.secret = SECRET
        self.taken: dict[str, Any] = {}

    def be(self, how: dict[str, Any]) -> None:
        """`secret`: another from now on."""
        self.secret = how.get("secret", self.secret)

    def error(self, status: int) -> web.Response:
        """As any server tells of it."""
        return web.json_response({"error": "as it is told"}, status=status)

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [Route("POST", "/hulk", self._take), Route("GET", "/taken", self._taken)]

    async def _take(self, request: web.Request) -> web.Response:
        body, head = await request.read(), request.headers
        id_, at = head.get("webhook-id", ""), head.get("webhook-timestamp", "")
        fresh = at.isdigit() and abs(int(at) - time.time()) <= LEEWAY_SECONDS
        wanted = signed(self.secret, id_, at, body)
        if not fresh or not any(hmac.compare_digest(one, wanted) for one in head.get("webhook-signature", "").split(" ")):
            raise Answer(self.error(401))
        self.taken.setdefault(id_, await request.json())
        return web.Response(status=204)

    async def _taken(self, _: web.Request) -> web.Response:
        return web.json_response(list(self.taken.values()))
