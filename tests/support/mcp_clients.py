"""The official Python client of MCP, connected to a place."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

MODES = ("legacy", "2026-07-28")


@asynccontextmanager
async def client(url: str, mode: str, key: str = "ana", headers: Mapping[str, str] | None = None, **more: Any) -> AsyncIterator[Client]:
    """Connected with that key, speaking English."""
    sent = {"authorization": f"Bearer {key}", "accept-language": "en", **(headers or {})}
    async with (
        httpx2.AsyncClient(headers=sent, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode, cache=None, **more) as connected,
    ):
        yield connected


def text(result: Any) -> str:
    """All that it says."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))
