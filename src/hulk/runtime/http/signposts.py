"""Finding the route of a request among hundreds: only those are tried that begin as its path does, in their order.

FastAPI tries one after the other, which costs up to half a millisecond; a page that asks the API ten things pays it ten times.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

_WORDS = 2
"""How many words of a path are looked at."""
_MOST = 1000
"""For how many beginnings is remembered what is tried."""
_Beginning: TypeAlias = Sequence[str] | None
"""The first words of what a route takes, `{…}` standing for any; None when it takes anything."""


class Signposts:
    """Stands where the router does (`router.middleware_stack`), and hands each request to a router of fewer routes."""

    def __init__(self, router: APIRouter) -> None:
        self._router = router
        self._known: Sequence[tuple[BaseRoute, frozenset[_Beginning]]] = ()
        self._near: dict[Sequence[str], APIRouter] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on; what nobody takes is answered as the router would."""
        if scope["type"] != "http":
            await self._router.app(scope, receive, send)
            return
        self._learn()
        words = _words(scope["path"])
        if (near := self._near.get(words)) is None:
            near = self._near[words] = self._found(words)
        await near.app(scope, receive, send)

    def _learn(self) -> None:
        """What routes there are, once more when some came; nothing is remembered for ever, for paths may be anything."""
        if len(self._known) != len(self._router.routes):
            self._known = [(route, frozenset(_beginnings(route))) for route in self._router.routes]
            self._near.clear()
        if len(self._near) > _MOST:
            self._near.clear()

    def _found(self, words: Sequence[str]) -> APIRouter:
        return APIRouter(routes=[route for route, beginnings in self._known if any(_fits(one, words) for one in beginnings)])


def _beginnings(route: Any) -> Iterator[_Beginning]:
    """Of all that a route takes, or of those that were included as one."""
    included: Sequence[BaseRoute] | None = getattr(getattr(route, "original_router", None), "routes", None)
    if included is not None and not route.include_context.prefix:
        for one in included:
            yield from _beginnings(one)
        return
    words = _words(route.path) if isinstance(route, Route) else None
    yield None if words is None or any(":path}" in word for word in words) else words


def _words(path: str) -> tuple[str, ...]:
    return tuple(path.strip("/").split("/")[:_WORDS])


def _fits(beginning: _Beginning, words: Sequence[str]) -> bool:
    if beginning is None:
        return True
    return len(beginning) == len(words) and all(one.startswith("{") or one == word for one, word in zip(beginning, words, strict=True))
