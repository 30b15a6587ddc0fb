"""Serving what is made with the official SDK over HTTP."""

import asyncio
import socket

import uvicorn
from mcp.server.mcpserver import MCPServer


def served(server: MCPServer, port: int) -> None:
    """Serve until killed, on that port or, if that is 0, on a free one, which is printed."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", port))
    listening.listen()  # who reads the port may come at once
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="critical", lifespan="on")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listening]))
