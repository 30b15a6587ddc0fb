"""Gives each request an id, taken from `X-Request-Id` when that is sane, and binds it to the logs."""

import re
from collections.abc import Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hulk.kernel import ids
from hulk.kernel.text import Language
from hulk.runtime.http.problems import Face, Shape
from hulk.runtime.http.request import state

_SANE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class Identification:
    """The outermost of our own: what goes wrong further in has an id and a language already, and the form in which it is told at that
    address (`shapes`, by paths), or shown there and below (`faces`)."""

    def __init__(self, app: ASGIApp, language: Language, shapes: Mapping[str, Shape], faces: Mapping[str, Face] | None = None) -> None:
        self.app = app
        self.language = language
        self.shapes = shapes
        self.faces = faces or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with an id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = Headers(scope=scope).get("x-request-id", "")
        found = wanted if _SANE.fullmatch(wanted) else ids.new("req")
        state(scope).update(request_id=found, language=self.language, shape=self.shapes.get(scope["path"]), face=self._face(scope["path"]))

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = found
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=found):
            await self.app(scope, receive, told)

    def _face(self, path: str) -> Face | None:
        return next((face for top, face in self.faces.items() if path == top or path.startswith(f"{top}/")), None)
