"""A twin's server: what is the same for all of them. A twin is a module of this package with a class `Twin` (`State`)."""

import asyncio
import importlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PIECE = b'{"flood": [' + b"1," * 50_000


@dataclass(frozen=True)
class Route:
    """What is asked by `method` at `path`; `{name}` stands for one segment, `{name*}` for the rest. `done` is given them by name."""

    method: str
    path: str
    done: Callable[..., Awaitable[web.StreamResponse]]

    def fitting(self, request: web.Request) -> Handler | None:
        """What answers the request, if it is this one."""
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", re.sub(r"{(\w+)\*}", r"(?P<\1>.*)", self.path))
        found = re.fullmatch(pattern, request.rel_url.raw_path)
        if found is None or request.method != self.method:
            return None
        return partial(self.done, **{name: unquote(part) for name, part in found.groupdict().items()})


class State(Protocol):
    """What a twin keeps, and how it answers. A handler may raise the answer (`Answer`)."""

    def routes(self) -> list[Route]:
        """All that may be asked."""

    def error(self, status: int) -> web.Response:
        """As the vendor tells of it."""

    def be(self, how: dict[str, Any]) -> None:
        """Change."""


class Server:
    """Records what is asked, and lets it go wrong when told so."""

    def __init__(self, kind: type[Any]) -> None:
        self._kind = kind
        self.thief = ""
        self._reset()

    def _reset(self) -> None:
        self.twin = self._kind()
        self.seen: list[Any] = []
        self.stolen: list[Any] = []
        self._faults: list[str] = []
        self._skip = "-"

    async def control(self, request: web.Request) -> web.Response:
        """What the tests tell it, and ask."""
        what, how = request.match_info["what"], await request.json()
        if what == "seen":
            return web.json_response(self.seen)
        if what == "stolen":
            return web.json_response(self.stolen)
        if what == "reset":
            self._reset()
        if what == "upset":
            self._faults, self._skip = how["fault"].split(", ") * how["times"], how["skip"] or "-"
        if what == "be":
            self.twin.be(how)
        return web.json_response({})

    async def asked(self, request: web.Request) -> web.StreamResponse:
        """Any other request."""
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        told = {"method": request.method, "path": request.rel_url.raw_path, "query": dict(request.query), "headers": headers}
        self.seen.append(told | {"body": _read(body)})
        for route in self.twin.routes():
            if (handler := route.fitting(request)) is not None:
                return await self._answered(request, handler)
        return self.twin.error(404)  # type: ignore[no-any-return]  # a State

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self._faults or request.path.endswith(self._skip) or request.path.startswith("/twin/"):  # what tests do never fails
            return await _ran(handler, request)
        fault = self._faults.pop(0)
        if fault in ("lost", "502 after all"):
            await _ran(handler, request)
            return self.twin.error(502) if fault != "lost" else _hung_up(request)
        return await self._wrong(request, fault)

    async def _wrong(self, request: web.Request, fault: str) -> web.StreamResponse:
        status, _, after = fault.partition(" after ")
        if status.isdigit():
            response = self.twin.error(int(status))
            response.headers.update({"Retry-After": after} if after else {})
            return response  # type: ignore[no-any-return]  # a State
        if fault == "slow":
            await asyncio.Event().wait()
        if fault == "hung up":
            return _hung_up(request)
        if fault == "elsewhere":
            return web.Response(status=307, headers={"Location": f"{self.thief}{request.rel_url}"})
        if fault == "html":
            return web.Response(text="<!doctype html><title>Login</title>", content_type="text/html")
        return await _odd(request, fault)


async def _odd(request: web.Request, fault: str) -> web.StreamResponse:
    if fault == "garbage":
        return web.Response(body=b'{"id": [[{{{', content_type="application/json")
    if fault == "deep":
        return web.Response(body=b"[" * 100_000, content_type="application/json")
    length = {"Content-Length": "1000"} if fault == "cut" else {}
    response = web.StreamResponse(headers={"Content-Type": "application/json", **length})
    await response.prepare(request)
    await response.write(b'{"id": 1, ')
    while fault == "flood":
        await response.write(_PIECE)
    return _hung_up(request)


def _hung_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


class Answer(Exception):  # not always an error
    """Raised in place of being returned."""

    def __init__(self, response: web.Response) -> None:
        self.response = response
        super().__init__(response.status)


async def _ran(handler: Handler, request: web.Request) -> web.StreamResponse:
    try:
        return await handler(request)
    except Answer as answer:
        return answer.response


def _read(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


async def serve(name: str) -> None:
    """Serve until killed; says its port first."""
    server = Server(importlib.import_module(f"support.twins.systems.{name}").Twin)
    thief = await _listening(lambda request: _robbed(server, request))
    server.thief = f"http://127.0.0.2:{thief}"
    print(await _listening(server.asked, server.control), flush=True)
    await asyncio.Event().wait()


async def _robbed(server: Server, request: web.Request) -> web.Response:
    server.stolen.append({"path": request.path, "headers": dict(request.headers)})
    return web.json_response({})


async def _listening(asked: Handler, control: Handler | None = None) -> int:
    application = web.Application(client_max_size=64_000_000)
    if control is not None:
        application.router.add_post("/_twin/{what}", control)
    application.router.add_route("*", "/{path:.*}", asked)
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1" if control else "127.0.0.2", 0)
    await site.start()
    return int(runner.addresses[0][1])
