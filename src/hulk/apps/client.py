"""Talking to a Hulk over HTTP, as the command line does: find one or start one, send, follow, fetch."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from hulk.apps.whereabouts import INFO, Server
from hulk.kernel.errors import Conflict, Exhausted, HulkError, NotFound, Refused, TooLarge, Unauthenticated, Unavailable
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text
from hulk.runtime.leash import LEASH

START_SECONDS = 60.0
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One server-sent event."""

    id: str
    kind: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Client:
    """Requests to one server. Errors are told as kernel errors, in the words of the server's problem details."""

    session: aiohttp.ClientSession
    server: Server

    async def post(self, path: str, body: JsonObject, headers: dict[str, str]) -> JsonObject:
        """POST JSON, get JSON."""
        return await self._json("POST", path, json=body, headers=headers)

    async def get(self, path: str) -> JsonObject:
        """GET JSON."""
        return await self._json("GET", path)

    async def put(self, path: str, body: JsonObject) -> None:
        """PUT JSON; no content comes back."""
        async with self._request("PUT", path, json=body):
            return

    async def delete(self, path: str) -> None:
        """DELETE; no content comes back."""
        async with self._request("DELETE", path):
            return

    async def upload(self, path: Path) -> str:
        """Send a file; gives the id it is kept under."""
        return str((await self._json("POST", "/v1/files", data=_chunks(path)))["blob"])

    async def download(self, path: str, to: Path) -> None:
        """Write what is at `path` to a file."""
        async with self._request("GET", path) as response:
            to.parent.mkdir(parents=True, exist_ok=True)
            with to.open("wb") as file:
                async for chunk in response.content.iter_chunked(_CHUNK):
                    file.write(chunk)

    async def events(self, path: str) -> AsyncIterator[ServerEvent]:
        """The events at `path` to their end; a lost connection is taken up where it was lost."""
        last, failures = "0", 0
        while True:
            try:
                async with self._request(
                    "GET", path, headers={"last-event-id": last}, timeout=aiohttp.ClientTimeout(sock_read=60)
                ) as response:
                    async for event in _parsed(response):
                        last, failures = event.id, 0
                        yield event
            except (Unavailable, aiohttp.ClientError, TimeoutError):
                failures += 1
                if failures > 20:
                    raise
                await asyncio.sleep(0.25)
            else:
                return

    async def _json(self, method: str, path: str, **request: Any) -> JsonObject:
        async with self._request(method, path, **request) as response:
            found: JsonObject = await response.json(content_type=None)
            return found

    @asynccontextmanager
    async def _request(self, method: str, path: str, **request: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            async with self.session.request(method, self.server.url + path, **request) as response:
                if response.status >= 400:
                    raise await _problem(response)
                yield response
        except aiohttp.ClientConnectionError as error:
            raise Unavailable("Hulk does not answer at {url}: {reason}.", url=self.server.url, reason=str(error)) from error


@asynccontextmanager
async def connected(server: Server, language: str, key: str | None) -> AsyncIterator[Client]:
    """A client for `server`, speaking that language, with that API key."""
    headers = {"accept-language": language} | ({"authorization": f"Bearer {key}"} if key else {})
    async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=None, connect=10)) as session:
        yield Client(session, server)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


async def _parsed(response: aiohttp.ClientResponse) -> AsyncIterator[ServerEvent]:
    fields: dict[str, str] = {}
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if not text and "data" in fields:
            yield ServerEvent(fields.get("id", "0"), fields.get("event", "message"), json.loads(fields["data"]))
            fields = {}
        elif text and not text.startswith(":"):
            name, _, value = text.partition(": ")
            fields[name] = value


_KINDS: dict[int, type[HulkError]] = {401: Unauthenticated, 404: NotFound, 413: TooLarge, 429: Exhausted, 503: Unavailable}


async def _problem(response: aiohttp.ClientResponse) -> HulkError:
    """The server's problem details (RFC 9457) as an error."""
    try:
        detail = str((await response.json(content_type=None))["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"HTTP {response.status}"
    kind = _KINDS.get(response.status, Refused if response.status < 500 else Unavailable)
    return kind(Text("{detail}", detail=detail))


async def running_server(data: Path, name: str = INFO) -> Server | None:
    """The Hulk that runs on that data folder, if one answers; with `WORKER_INFO` the worker."""
    try:
        info = json.loads((data / name).read_text())
        server = Server(info["url"], tuple(Path(root) for root in info["roots"]))
        async with connected(server, "en", None) as client:
            await client.get("/health")
    except (OSError, ValueError, KeyError, HulkError, aiohttp.ClientError, TimeoutError):
        return None
    return server


async def found_server(data: Path) -> Server | None:
    """Like `running_server`, but when the folder is held by a Hulk that does not answer, one that starts or stops, wait for it."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while (server := await running_server(data)) is None and await asyncio.to_thread(_held, data):
        if asyncio.get_running_loop().time() > deadline:
            raise Unavailable("The Hulk on the data folder {folder} neither answers nor ends. See its log.", folder=str(data))
        await asyncio.sleep(0.1)
    return server


def _held(data: Path) -> bool:
    """Whether a process holds the data folder."""
    from hulk.runtime.store import folder_lock  # SQLAlchemy: not for who asks a Hulk that answers

    if not data.is_dir():
        return False
    try:
        with folder_lock(data):
            return False
    except Conflict:
        return True


@asynccontextmanager
async def own_server(data: Path, config: Path | None, roots: Sequence[Path]) -> AsyncIterator[Server]:
    """A Hulk started for this one purpose, on a free port, and stopped at the end. Raises what kept it from starting."""
    options = ["--data", str(data), "--port", "0", *(["--config", str(config)] if config else [])]
    options += [part for root in roots for part in ("--root", str(root))]
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            LEASH,
            str(os.getpid()),
            sys.executable,
            "-m",
            "hulk.apps.hulk",
            "up",
            *options,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "HULK_GRPC__ENABLED": "false"},  # nobody asks it but we
        )
        try:
            yield await _started(process, data, log)
        finally:
            await _stopped(process)


async def _started(process: asyncio.subprocess.Process, data: Path, log: Any) -> Server:
    try:
        async with asyncio.timeout(START_SECONDS):
            while process.returncode is None:
                server = await running_server(data)
                if server is not None and _pid(data) == process.pid:
                    return server
                await asyncio.sleep(0.05)
    except TimeoutError as error:
        raise Unavailable("Hulk did not start within {seconds} s.", seconds=START_SECONDS) from error
    log.seek(0)
    said = log.read().decode(errors="replace").strip().splitlines()
    raise Unavailable(Text("{detail}", detail=(said[-1] if said else f"exit {process.returncode}").removeprefix("hulk: ")))


def _pid(data: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, KeyError):
        return int(json.loads((data / INFO).read_text())["pid"])
    return None


async def _stopped(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()
