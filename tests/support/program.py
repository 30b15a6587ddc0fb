"""The real programs, started as a user starts them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from support.processes import leashed

BIN = Path(sys.executable).parent
START_SECONDS = 60.0


def environment(**more: str) -> dict[str, str]:
    """What the programs see: nothing of the developer's own settings, English."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HULK_", "LC_", "LANG"))}
    return {**kept, "LANG": "en_US.UTF-8", "NO_COLOR": "1", **more}


def run(
    program: str, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, within: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run `hulk` or `thor` to its end."""
    command = [str(BIN / program), *arguments]
    return subprocess.run(command, cwd=cwd, env=env or environment(), capture_output=True, text=True, timeout=within, check=False)


def thor(data: Path, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, code: int = 0) -> Any:
    """What `thor … --json` gives of the Hulk in that data folder; where it is to fail with `code`, what it says."""
    done = run("thor", *arguments, "--json", "--data", str(data), cwd=cwd or data, env=env)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else json.loads(done.stdout)


@dataclass(slots=True)
class Up:
    """A started `hulk up`, `hulk worker` or `hulk tickets`."""

    process: subprocess.Popen[bytes]
    data: Path
    log: Path
    told: Path
    url: str = ""
    grpc: str = ""
    metrics: str = ""

    def kill(self) -> None:
        """As a power cut would: the process and nothing else, without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As an operator would; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def said(self) -> str:
        """All that it has written."""
        return self.log.read_text(errors="replace")


def start(data: Path, *options: str, cwd: Path, env: Mapping[str, str] | None = None) -> Up:
    """Start `hulk up` on a free port and wait until it is ready; raises `AssertionError` with its words when it ends instead."""
    return until_ready(launch("up", data, *options, cwd=cwd, env=env))


def launch(
    command: str, data: Path, *options: str, cwd: Path, env: Mapping[str, str] | None = None, program: Sequence[str] = (str(BIN / "hulk"),)
) -> Up:
    """Start `hulk up`, `hulk worker` or `hulk tickets` on free ports, without waiting."""
    data.mkdir(parents=True, exist_ok=True)
    told = data / {"up": "server.json", "worker": "worker.json", "tickets": "tickets.json"}[command]
    told.unlink(missing_ok=True)
    log = data / "test.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            leashed(*program, command, "--data", str(data), "--port", "0", *options),
            cwd=cwd,
            env=env or environment(),
            stdout=file,
            stderr=file,
        )
    return Up(process, data, log, told)


def until_ready(up: Up) -> Up:
    """Wait until it says where it listens; raises `AssertionError` with its words when it ends instead."""
    deadline = time.monotonic() + START_SECONDS
    while not _ready(up):
        assert up.process.poll() is None, f"it ended with {up.process.returncode}:\n{up.said()[-4000:]}"
        if time.monotonic() > deadline:
            up.kill()
            raise AssertionError(f"it was not ready in time:\n{up.said()[-4000:]}")
        time.sleep(0.02)
    return up


def _ready(up: Up) -> bool:
    try:
        info = json.loads(up.told.read_text())
    except (OSError, ValueError):
        return False
    up.url = str(info["url"])
    up.grpc = f"127.0.0.1:{info['grpc']}" if info.get("grpc") else ""
    up.metrics = str(info.get("metrics") or "")
    return bool(info["pid"] == up.process.pid)


@contextmanager
def started(data: Path, *options: str, cwd: Path, env: Mapping[str, str] | None = None) -> Iterator[Up]:
    """A running Hulk, stopped at the end."""
    up = start(data, *options, cwd=cwd, env=env)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.stop()


@dataclass(slots=True)
class Caller:
    """HTTP requests to a running Hulk."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Status, JSON body and headers of the answer."""
        headers = {**self.headers, **more.pop("headers", {})}
        async with self.session.request(method, self.url + path, headers=headers, **more) as response:
            body = await response.json(content_type=None) if response.content_type.endswith("json") else {"text": await response.text()}
            return response.status, body, response.headers

    async def ask(self, text: str, sources: Sequence[Mapping[str, str]] = (), key: str | None = None, **more: Any) -> str:
        """Post an intent; gives its id."""
        headers = {"idempotency-key": key} if key else {}
        status, body, _ = await self.call("POST", "/v1/intents", json={"text": text, "sources": list(sources), **more}, headers=headers)
        assert status == 202, body
        return str(body["intent_id"])

    async def ended(self, intent: str, within: float = 60) -> dict[str, Any]:
        """The intent once it has ended."""
        async with asyncio.timeout(within):
            while True:
                status, body, _ = await self.call("GET", f"/v1/intents/{intent}")
                assert status == 200, body
                if body["status"] in ("completed", "failed"):
                    return body
                await asyncio.sleep(0.05)


@asynccontextmanager
async def calling(up: Up, **headers: str) -> AsyncIterator[Caller]:
    """A caller of that Hulk."""
    async with aiohttp.ClientSession() as session:
        yield Caller(session, up.url, {name.replace("_", "-"): value for name, value in headers.items()})
