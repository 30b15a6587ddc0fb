"""`python -m support.twins.email` says its ports and serves until it is ended."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

from support.twins.email.certificate import certified
from support.twins.email.granting import Granting
from support.twins.email.imap import Reading
from support.twins.email.keeping import Provider
from support.twins.email.smtp import Taking


async def _told(provider: Provider, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    how: dict[str, Any] = json.loads(await reader.readline())
    answer = getattr(provider, f"do_{how.pop('what')}")(**how)
    writer.write(json.dumps(answer).encode() + b"\n")
    await writer.drain()
    writer.close()


async def _serve(folder: Path) -> None:
    context, ca = certified(folder)
    provider = Provider()

    async def port(kind: Any, secure: bool) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await kind(provider, reader, writer, context, secure=secure).serve()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context if secure else None, limit=1 << 20)
        return int(server.sockets[0].getsockname()[1])

    async def grant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Granting(provider).serve(reader, writer)

    granting = await asyncio.start_server(grant, "127.0.0.1", 0)
    told = await asyncio.start_server(lambda reader, writer: _told(provider, reader, writer), "127.0.0.1", 0, limit=1 << 27)
    ports = {
        "smtp": await port(Taking, False), "smtps": await port(Taking, True), "imap": await port(Reading, False),
        "imaps": await port(Reading, True), "told": told.sockets[0].getsockname()[1], "ca": str(ca),
        "grant": granting.sockets[0].getsockname()[1],
    }  # fmt: skip
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


with tempfile.TemporaryDirectory() as made:
    asyncio.run(_serve(Path(made)))
