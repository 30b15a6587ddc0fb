"""A hostile MCP server over streamable HTTP: `python hostile_http.py`; it says its port. What it does to a call is said by the tool's name.

`/mcp` is where it answers, `/seen` the headers of the requests that came, `/elsewhere` where it redirects to."""

import asyncio
import json
import os
from typing import Any

from aiohttp import web

Json = dict[str, Any]
CALLS = (
    "echo", "html", "empty", "garbage", "flood", "flood_events", "large_event", "cut", "cut_events", "packed", "redirect", "redirect_here",
    "status_400", "status_401", "status_404", "status_429", "status_500", "status_503", "die", "wrong_id", "accepted", "events", "resumed",
)  # fmt: skip
SEEN: list[Json] = []


def tools() -> Json:
    return {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in CALLS]}


def result(id_: Any, value: Any) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "result": value}).encode()


def answered(id_: Any, value: Any) -> web.Response:
    return web.Response(body=result(id_, value), content_type="application/json")


async def begun(request: web.Request, kind: str = "text/event-stream", **headers: str) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": kind, **headers})
    await response.prepare(request)
    return response


def text(words: str) -> Json:
    return {"content": [{"type": "text", "text": words}]}


class Calls:
    """What it does to calls."""

    async def echo(self, _: web.Request, id_: Any) -> web.StreamResponse:
        return answered(id_, text("heard"))

    async def html(self, _: web.Request, __: Any) -> web.StreamResponse:
        return web.Response(text="<html>Sign in</html>", content_type="text/html")

    async def empty(self, _: web.Request, __: Any) -> web.StreamResponse:
        return web.Response()

    async def garbage(self, _: web.Request, __: Any) -> web.StreamResponse:
        return web.Response(text='{"jsonrpc": "2.0", {{{', content_type="application/json")

    async def flood(self, request: web.Request, _: Any) -> web.StreamResponse:
        response = await begun(request, "application/json")
        for _ in range(1_000):
            await response.write(b"[" * (1 << 20))
        return response

    async def flood_events(self, request: web.Request, id_: Any) -> web.StreamResponse:
        response = await begun(request)
        note = json.dumps({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}})
        for _ in range(400):
            await response.write(f"event: message\ndata: {note}\n\n".encode())
        await response.write(b"event: message\ndata: " + result(id_, text("after all")) + b"\n\n")
        return response

    async def large_event(self, request: web.Request, _: Any) -> web.StreamResponse:
        response = await begun(request)
        await response.write(b"event: message\ndata: ")
        for _ in range(1_000):
            await response.write(b"[" * (1 << 20))
        return response

    async def cut(self, request: web.Request, id_: Any) -> web.StreamResponse:
        body = result(id_, text("whole"))
        response = await begun(request, "application/json", **{"content-length": str(len(body))})
        await response.write(body[:20])
        assert request.transport is not None
        request.transport.close()
        return response

    async def cut_events(self, request: web.Request, _: Any) -> web.StreamResponse:
        return await begun(request)

    async def packed(self, _: web.Request, __: Any) -> web.StreamResponse:
        return web.Response(body=b"\x1f\x8b\x08", headers={"content-encoding": "gzip", "content-type": "application/json"})

    async def redirect(self, request: web.Request, _: Any) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": f"http://localhost:{request.url.port}/elsewhere"})

    async def redirect_here(self, _: web.Request, __: Any) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": "/mcp/moved"})

    async def die(self, *_: Any) -> web.StreamResponse:
        os._exit(3)

    async def wrong_id(self, _: web.Request, id_: Any) -> web.StreamResponse:
        return answered(id_ + 1000, text("not yours"))

    async def accepted(self, *_: Any) -> web.StreamResponse:
        return web.Response(status=202)

    async def events(self, request: web.Request, id_: Any) -> web.StreamResponse:
        response = await begun(request)
        await response.write(b": hello\n\nevent: message\ndata: " + result(id_, text("by events")) + b"\n\n")
        return response

    async def resumed(self, request: web.Request, _: Any) -> web.StreamResponse:
        """Asks to be asked again at once, and again, and says nothing then."""
        response = await begun(request)
        await response.write(b"id: 1\nretry: 0\ndata:\n\n")
        return response


async def status(code: int) -> web.StreamResponse:
    """As a proxy answers."""
    return web.Response(status=code, text="secret of the proxy", headers={"retry-after": "7"})


async def posted(request: web.Request) -> web.StreamResponse:
    """Streamable HTTP of 2025-11-25."""
    SEEN.append(dict(request.headers))
    message = await request.json()
    id_, method, params = message.get("id"), message.get("method"), message.get("params") or {}
    if method == "initialize":
        about = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "hostile", "version": "1"}}
        response = answered(id_, about)
        response.headers["mcp-session-id"] = "s1"
        return response
    if method == "tools/list":
        return answered(id_, tools())
    if method == "tools/call":
        name = str(params["name"])
        if request.path.endswith("/moved"):
            return answered(id_, text("moved"))
        return await (status(int(name[7:])) if name.startswith("status_") else getattr(Calls(), name)(request, id_))
    if id_ is None:
        return web.Response(status=202)
    error = {"code": -32601, "message": "Method not found"}
    return web.json_response({"jsonrpc": "2.0", "id": id_, "error": error}, status=404)


async def streamed(request: web.Request) -> web.StreamResponse:
    """A stream that ends at once, and asks to be asked for again at once."""
    SEEN.append({"GET": request.headers.get("last-event-id", "")})
    response = await begun(request)
    await response.write(b"id: 2\nretry: 0\ndata:\n\n")
    return response


async def seen(_: web.Request) -> web.Response:
    """What came."""
    return web.json_response(SEEN)


async def main() -> None:
    """Serve until killed."""
    application = web.Application()
    for path in ("/mcp", "/mcp/moved", "/elsewhere"):
        application.router.add_post(path, posted)
        application.router.add_get(path, streamed)
    application.router.add_get("/seen", seen)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
