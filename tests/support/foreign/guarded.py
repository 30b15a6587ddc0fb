"""An MCP server that wants OAuth tokens, and the authorisation server that gives them: `python guarded.py`; says the ports of both.

Metadata as RFC 9728 and RFC 8414 have it; the token endpoint takes client credentials (RFC 6749, section 4.4)."""

import asyncio
import base64

from aiohttp import web
from aiohttp.typedefs import Handler

from support.foreign.hostile_http import posted, streamed

TOKENS: list[str] = []
PORTS: dict[str, int] = {}


def issuer() -> str:
    return f"http://localhost:{PORTS['issuer']}"


async def resource(_: web.Request) -> web.Response:
    return web.json_response({"resource": f"http://127.0.0.1:{PORTS['mcp']}/mcp", "authorization_servers": [issuer()]})


async def metadata(_: web.Request) -> web.Response:
    about = {"authorization_endpoint": f"{issuer()}/authorize", "token_endpoint": f"{issuer()}/token"}
    kinds = {"response_types_supported": ["code"], "grant_types_supported": ["client_credentials"]}
    return web.json_response({"issuer": issuer(), **about, **kinds})


async def token(request: web.Request) -> web.Response:
    asked = await request.post()
    known = request.headers.get("authorization") == "Basic " + base64.b64encode(b"hulk:client-secret").decode()
    if asked.get("grant_type") != "client_credentials" or not known:
        return web.json_response({"error": "invalid_client"}, status=401)
    TOKENS.append(f"token-{len(TOKENS)}")
    return web.json_response({"access_token": TOKENS[-1], "token_type": "Bearer", "expires_in": 3600})


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No MCP without one of the tokens."""
    if request.path == "/mcp" and request.headers.get("authorization", "").removeprefix("Bearer ") not in TOKENS:
        where = f"http://127.0.0.1:{PORTS['mcp']}/.well-known/oauth-protected-resource/mcp"
        return web.Response(status=401, headers={"www-authenticate": f'Bearer resource_metadata="{where}"'})
    return await handler(request)


async def listen(application: web.Application, name: str, host: str) -> None:
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    PORTS[name] = runner.addresses[0][1]


async def main() -> None:
    """Serve until killed."""
    mcp = web.Application(middlewares=[guard])
    mcp.router.add_post("/mcp", posted)
    mcp.router.add_get("/mcp", streamed)
    mcp.router.add_get("/.well-known/oauth-protected-resource/mcp", resource)
    auth = web.Application()
    auth.router.add_get("/.well-known/oauth-authorization-server", metadata)
    auth.router.add_post("/token", token)
    await listen(mcp, "mcp", "127.0.0.1")
    await listen(auth, "issuer", "127.0.0.1")
    print(PORTS["mcp"], flush=True)
    print(PORTS["issuer"], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
