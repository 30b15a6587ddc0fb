"""The tool gateway's own time: `PYTHONPATH=tests python -m benchmarks.tools` (half a minute).

A tool that does nothing is called over MCP through a Hulk in a process of its own, with its store on disk, by a program that keeps its
connections: one call at a time, then sixteen at once. Each call is checked, kept and told to the trail. Then 1,000 tools are searched.
"""

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp

from hulk.apps.schema import prepare
from hulk.kernel.events import Event
from hulk.modules.tools.domain import Index, Tool
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import opened

CALLS = 1000
ROOT = Path(__file__).parents[1]
META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
BASE = {"accept": "application/json, text/event-stream"}
MODERN = {**BASE, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "test.echo"}


def message(number: int, method: str, **params: object) -> dict[str, object]:
    """A request."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


async def called(session: aiohttp.ClientSession, url: str, number: int, headers: dict[str, str]) -> float:
    """Milliseconds of a call."""
    meta = {"_meta": META} if headers is MODERN else {}
    body = message(number, "tools/call", name="test.echo", arguments={"text": "x"}, **meta)
    begun = time.perf_counter()
    async with session.post(url, json=body, headers=headers) as answer:
        said = await answer.text()
    took = 1000 * (time.perf_counter() - begun)
    assert answer.status == 200, said
    assert '"isError":true' not in said, said
    return took


async def sessions(session: aiohttp.ClientSession, url: str) -> dict[str, str]:
    """Headers of a session of 2025-11-25."""
    info = {"name": "bench", "version": "1"}
    begin = message(0, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=info)
    async with session.post(url, json=begin, headers=BASE) as answer:
        assert answer.status == 200, await answer.text()
        headers = {**BASE, "mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
    async with session.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers):
        return headers


async def measured(session: aiohttp.ClientSession, url: str, headers: dict[str, str], at_once: int) -> list[float]:
    """Milliseconds of each of the calls, so many at once."""

    async def some(first: int) -> list[float]:
        return [await called(session, url, 1 + first * CALLS + number, headers) for number in range(CALLS // at_once)]

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(some(first)) for first in range(at_once)]
    return [one for task in tasks for one in task.result()]


def shown(name: str, times: Sequence[float], processor: float = 0) -> None:
    """A line of figures; `processor` is what Hulk used of it for each, in milliseconds."""
    ordered = sorted(times)
    used = f"   processor {processor:5.2f} ms" if processor else ""
    print(f"{name:44} p50 {statistics.median(ordered):6.2f} ms   p95 {ordered[int(0.95 * len(ordered))]:6.2f} ms   n {len(ordered)}{used}")


def processor(pid: int) -> float:
    """Milliseconds that a process has used (proc(5): utime and stime, in ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def gateway() -> None:
    """Measure the calls."""
    command = [sys.executable, "-m", "support.mcp"]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT / "tests", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    while not (line := (await process.stdout.readline()).decode().strip()).startswith("http"):
        pass
    try:
        drain = asyncio.create_task(process.stdout.read())  # noqa: TID251  # its log, until it ends
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            older = await sessions(session, line)
            for number in range(100):
                await called(session, line, number, MODERN)
            for at_once in (1, 16):
                for name, headers in (("2026-07-28", MODERN), ("2025-11-25, a session", older)):
                    used = processor(process.pid)
                    times = await measured(session, line, headers, at_once)
                    shown(f"tools/call, {name}, {at_once} at once", times, (processor(process.pid) - used) / len(times))
    finally:
        process.kill()
        await process.wait()
        await drain


async def commits() -> None:
    """Measure what each call waits for at least: one entry of the trail on disk."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened("", Path(folder)) as store:
            prepare(store.engine)
            outbox = Outbox(store, b"k" * 32)
            times = []
            for number in range(CALLS):
                event = Event(type="hulk.tool.called.v1", subject=f"tcl_{number}", tenant="default", actor="bench", data={})
                begun = time.perf_counter()
                await store.commit(outbox.append(event))
                times.append(1000 * (time.perf_counter() - begun))
            shown("of which one commit to disk", times)


def search() -> None:
    """Measure searches in 1,000 tools, and making what is searched."""
    words = ("orders", "faturas", "clientes", "issues", "deploy", "estoque", "report", "tickets", "users", "queries")
    verbs = ("list", "create", "update", "close", "search")
    tools = [
        Tool(
            name=f"backend{number % 20}.{verbs[number % 5]}_{words[number % 10]}_{number}",
            title=f"{verbs[number % 5]} {words[number % 10]}",
            description=f"What is to be said of {words[number % 10]} and {words[(number + 3) % 10]}, number {number}.",
            input={"type": "object", "properties": {"customer": {}, "since": {}}}, effect="read",
        )
        for number in range(1000)
    ]  # fmt: skip
    begun = time.perf_counter()
    index = Index.of(tools)
    made = 1000 * (time.perf_counter() - begun)
    times = []
    for query in [f"{verb} {word}" for verb in verbs for word in words] * 10:
        begun = time.perf_counter()
        assert index.search(query)
        times.append(1000 * (time.perf_counter() - begun))
    shown("search of 1,000 tools", times)
    print(f"{'its index, made when tools change':44} {made:10.2f} ms")


if __name__ == "__main__":
    print(json.dumps({"calls": CALLS, "python": sys.version.split()[0]}))
    search()
    asyncio.run(gateway())
    asyncio.run(commits())
