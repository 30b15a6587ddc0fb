"""A server that nobody has a backend for: it repeats what it is sent, takes orders, and moves things."""

from typing import Any

from aiohttp import web

from support.twins.systems.serving import Answer, Route


class Twin:
    """Orders by their idempotency key (“The Idempotency-Key HTTP Header Field”, draft-ietf-httpapi-idempotency-key-header)."""

    def __init__(self) -> None:
        self._orders: dict[str, Any] = {}

    def be(self, how: dict[str, Any]) -> None:
        """Nothing to tell."""

    def error(self, status: int) -> web.Response:
        """RFC 9457."""
        return web.json_response({"title": "Error", "detail": "As it is told"}, status=status, content_type="application/problem+json")

    def routes(self) -> list[Route]:
        """What may be asked."""
        return [
            Route("GET", "/api/v1/echo", self._echo),
            Route("HEAD", "/api/v1/echo", self._echo),
            Route("GET", "/api/v1/picture", self._picture),
            Route("GET", "/api/v1/moved", self._moved),
            Route("GET", "/admin", self._echo),
            Route("POST", "/api/v1/orders", self._order),
            Route("DELETE", "/api/v1/orders/{id}", self._gone),
        ]

    async def _echo(self, request: web.Request) -> web.Response:
        return web.json_response({"query": dict(request.query), "headers": dict(request.headers)}, headers={"ETag": '"1"'})

    async def _picture(self, _: web.Request) -> web.Response:
        return web.Response(body=b"\x89PNG", content_type="image/png")

    async def _moved(self, _: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/admin"})

    async def _order(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", str(len(self._orders)))
        if request.headers.get("Authorization") != "Bearer right":
            raise Answer(self.error(401))
        self._orders.setdefault(key, await request.json())
        return web.json_response({"orders": len(self._orders), "first": self._orders[key]}, status=201)

    async def _gone(self, _: web.Request, **__: str) -> web.Response:
        return web.Response(status=204)
