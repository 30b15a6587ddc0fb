"""A twin's server: what is the same for all vendors."""

import asyncio
import importlib
import json
import sys
from collections import Counter
from dataclasses import asdict
from typing import Any

from aiohttp import web

from support.twins import State
from support.twins.scenarios import HOUR, Answer, Asked, Odd, Trouble, scenario

_KEYS = {"wrong": 401, "weak": 403, "poor": 402}


class Twin:
    """One vendor, in the words of `wire` (a module of this package)."""

    def __init__(self, wire: Any) -> None:
        self._wire = wire
        self._seen: list[Any] = []
        self._turns = Counter[str]()
        self._done = Counter[str]()

    def application(self) -> web.Application:
        """All routes."""
        application = web.Application(client_max_size=64_000_000)
        application.router.add_get("/seen", self._tell_seen)
        application.router.add_get("/state", self._tell_state)
        application.router.add_get("/{version}/models", self._tell_models)
        application.router.add_post("/{version}/embeddings", self._embed)
        application.router.add_post("/{version}/{path:.*}", self._asked)
        return application

    async def _tell_seen(self, _: web.Request) -> web.Response:
        return web.json_response(self._seen)

    async def _tell_state(self, _: web.Request) -> web.Response:
        names = State.__dataclass_fields__
        return web.json_response(asdict(State(**{name: self._done[name] for name in names})))

    async def _tell_models(self, request: web.Request) -> web.Response:
        refused = _KEYS.get(self._wire.key_of(request.headers))
        return self._error(refused) if refused else web.json_response(self._wire.models(["echo", "tools"]))

    async def _embed(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self._seen.append(body)
        refused = _KEYS.get(self._wire.key_of(request.headers))
        if refused:
            return self._error(refused)
        self._turns[body["model"]] += 1
        done, limits = scenario(Asked(body["model"], "", ""), self._turns[body["model"]])
        if isinstance(done, Trouble):
            return self._error(done.status, done.retry_after, limits)
        if isinstance(done, Odd):
            return await self._odd(request, done.what)
        return web.json_response(self._wire.embeddings(body), headers=self._wire.headers(limits))

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._heard(request)
        except (ConnectionResetError, asyncio.CancelledError):
            self._done["hung_up"] += 1
            raise

    async def _heard(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self._seen.append(body)
        self._done["requests"] += 1
        refused = _KEYS.get(self._wire.key_of(request.headers))
        if refused:
            return self._error(refused)
        try:
            asked = self._wire.read(request.match_info["path"], body)
        except (KeyError, TypeError, ValueError, IndexError):
            return self._error(400)
        asked = Asked(**{**vars(asked), "model": request.headers.get("x-twin", asked.model)})
        self._turns[asked.model] += 1
        done, limits = scenario(asked, self._turns[asked.model])
        if isinstance(done, Trouble) and limits and hasattr(self._wire, "exhausted") and done.retry_after is None:
            return web.json_response(self._wire.exhausted(limits), status=done.status)
        if isinstance(done, Trouble):
            return self._error(done.status, done.retry_after, limits)
        if isinstance(done, Odd):
            return await self._odd(request, done.what)
        return await self._answer(request, asked, done, self._wire.headers(limits))

    def _error(self, status: int, retry_after: str | None = None, limits: Any = None) -> web.Response:
        headers = {**self._wire.headers(limits or {}), **({"retry-after": retry_after} if retry_after else {})}
        return web.json_response(self._wire.error(status), status=status, headers=headers)

    async def _odd(self, request: web.Request, what: str) -> web.StreamResponse:
        if what == "slow":
            await asyncio.sleep(HOUR)
        if what == "late":
            await self._begun(request, {})
            await asyncio.sleep(HOUR)
        if what == "mute" and request.transport is not None:
            request.transport.abort()
        if what == "moved":
            return web.Response(status=307, headers={"location": "http://127.0.0.2:9/v1/elsewhere"})
        if what == "html":
            return web.Response(text="<html>proxy login</html>", content_type="text/html")
        return web.Response(body=b'{"id": "x", "choices": [{{{', content_type="application/json")

    async def _answer(self, request: web.Request, asked: Asked, answer: Answer, headers: Any) -> web.StreamResponse:
        self._done["input_tokens"] += answer.input_tokens
        if asked.streaming and not asked.model.startswith("whole"):
            return await self._streamed(request, asked, answer, headers)
        self._done["output_tokens"] += answer.output_tokens
        body = json.dumps(self._wire.whole(asked, answer)).encode()
        kind = "text/plain" if asked.model.startswith("mislabelled") else "application/json"
        if answer.after:
            await asyncio.sleep(answer.after)
        if answer.breaks == "cut":
            response = web.StreamResponse(headers={**headers, "content-type": kind, "content-length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            return _hung_up(request, response)
        if answer.breaks == "error":
            return self._error(500)
        self._done["answered"] += 1
        return web.Response(body=body, headers={**headers, "content-type": kind})

    async def _streamed(self, request: web.Request, asked: Asked, answer: Answer, headers: Any) -> web.StreamResponse:
        self._done["streaming"] += 1
        try:
            response = await self._begun(request, headers)
            return await self._told(request, response, asked, answer)
        finally:
            self._done["streaming"] -= 1

    async def _told(self, request: web.Request, response: web.StreamResponse, asked: Asked, answer: Answer) -> web.StreamResponse:
        events = self._wire.stream(asked, answer)
        for place, (event, tokens) in enumerate(events):
            if place == len(events) // 2:
                if answer.after:
                    await asyncio.sleep(answer.after)
                if answer.breaks == "cut":
                    await response.write(event.encode()[: len(event) // 2])
                    return _hung_up(request, response)
                if answer.breaks == "error":
                    await response.write(self._wire.broken().encode())
                    return response
            await response.write(event.encode())
            self._done["output_tokens"] += tokens
            await asyncio.sleep(0)
        self._done["answered"] += 1
        await response.write_eof()
        return response

    async def _begun(self, request: web.Request, headers: Any) -> web.StreamResponse:
        response = web.StreamResponse(headers={**headers, "content-type": "text/event-stream; charset=utf-8"})
        await response.prepare(request)
        return response


def _hung_up(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """As if the cable was cut, once what was written is out."""
    if request.transport is not None:
        request.transport.close()
    return response


async def serve(dialect: str, port: int) -> None:
    """Serve until killed; says its port first."""
    twin = Twin(importlib.import_module(f"support.twins.{dialect}_wire"))
    runner = web.AppRunner(twin.application(), handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, backlog=4096)
    await site.start()
    assert site._server is not None
    print(site._server.sockets[0].getsockname()[1], flush=True)  # type: ignore[attr-defined]  # asyncio's
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
