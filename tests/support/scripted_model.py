"""A model behind OpenAI's API that says what a test wants: a server of its own on loopback."""

import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from aiohttp import web

Calls: TypeAlias = Sequence[tuple[str, Mapping[str, Any]]]
Words: TypeAlias = Callable[[Mapping[str, Any]], str | Calls]
Script: TypeAlias = Callable[[Mapping[str, Any]], str | Calls | int | dict[str, Any]]
"""What is said to a request: words or calls; or the status of an error, or the body as it is."""


@dataclass
class Scripted:
    """Where it is, and what it was asked."""

    url: str
    asked: list[Mapping[str, Any]] = field(default_factory=list)


def completion(number: int, said: str | Calls) -> dict[str, Any]:
    """A chat completion, as OpenAI has it."""
    message: dict[str, Any] = {"role": "assistant", "content": said if isinstance(said, str) else None}
    if not isinstance(said, str):
        functions = [{"name": name, "arguments": json.dumps(arguments)} for name, arguments in said]
        message["tool_calls"] = [{"id": f"call_{place}", "type": "function", "function": one} for place, one in enumerate(functions)]
    return {
        "id": f"chatcmpl-{number}", "object": "chat.completion", "created": 0, "model": "scripted-1",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if message.get("tool_calls") else "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }  # fmt: skip


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[Scripted]:
    """The server, while the block runs."""
    found, numbers = Scripted(""), itertools.count()

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        found.asked.append(body)
        said = script(body)
        if isinstance(said, int):
            return web.json_response({"error": {"message": "no"}}, status=said, headers={"retry-after": "0"})
        if isinstance(said, dict):
            return web.json_response(said)
        return web.json_response(completion(next(numbers), said))

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield found
    finally:
        await runner.cleanup()
