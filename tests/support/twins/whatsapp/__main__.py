"""Serves the twin: `python -m support.twins.whatsapp`."""

import asyncio
from typing import Any

import aiohttp
from aiohttp import web

from support.twins.systems.serving import Server, _listening
from support.twins.whatsapp.graph import Twin


class Meta(Server):
    """Can be asked what it has done."""

    async def control(self, request: web.Request) -> web.Response:
        """See `Server`; what it was told to tell is told once."""
        answer = await super().control(request)
        if request.match_info["what"] == "seen" and self.twin.told is not None:
            told, self.twin.told = self.twin.told, None
            return web.json_response([{"told": told}])
        return answer


async def serve() -> None:
    """Serve until killed; says its port first."""
    server: Any = Meta(Twin)
    print(await _listening(server.asked, server.control), flush=True)
    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(_calling(server, session))


async def _calling(server: Any, session: aiohttp.ClientSession) -> None:
    while True:
        await server.twin.caller.once(session)


asyncio.run(serve())
