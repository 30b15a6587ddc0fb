"""Run all benchmarks."""

import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from benchmarks import breaker
from benchmarks.program import Program, started

RESULTS = Path(__file__).parent / "results.json"
STARTS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, beside its goal."""

    what: str
    value: float
    unit: str
    goal: str = ""


Session: TypeAlias = aiohttp.ClientSession


async def cold_starts(folder: Path) -> list[Figure]:
    """From `hulk up` on an empty data folder to ready; memory then, before any model is loaded."""
    seconds, hulk, nats = [], [], []
    for _ in range(STARTS):
        async with started(folder) as program:
            seconds.append(program.ready_seconds)
            memory = program.memory_mb()
            hulk.append(memory["hulk"])
            nats.append(memory["nats"])
    return [
        Figure("cold start to ready, median", statistics.median(seconds), "s", "< 1.5 (floor 4)"),
        Figure("memory with NATS (PSS), median", statistics.median(hulk) + statistics.median(nats), "MB", "< 120"),
        Figure("  of it NATS", statistics.median(nats), "MB"),
    ]


async def http(program: Program, session: Session) -> list[Figure]:
    """Latency of a read at 50 requests per second, and its CPU."""
    await _ended(program, session, await _asked(program, session, "Qual é a capital da França?", []))
    waits, before = [], program.cpu_seconds()
    for _ in range(500):
        begun = time.perf_counter()
        async with session.get(f"{program.url}/v1/intents") as response:
            await response.read()
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(max(0.0, 0.02 - waits[-1]))
    cpu = (program.cpu_seconds() - before) / len(waits)
    return [
        Figure("HTTP GET /v1/intents p50", 1000 * statistics.median(waits), "ms"),
        Figure("HTTP GET /v1/intents p95", 1000 * statistics.quantiles(waits, n=20)[-1], "ms", "< 20 (floor 60)"),
        Figure("HTTP CPU per request, idle work included", 1000 * cpu, "ms"),
    ]


async def acceptance(program: Program, session: Session) -> list[Figure]:
    """How long POST /v1/intents takes to accept, durably, at 50 per second."""
    waits: list[float] = []
    intents = []
    for _ in range(200):
        begun = time.perf_counter()
        intents.append(await _asked(program, session, "Qual é a capital da França?", []))
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(max(0.0, 0.02 - waits[-1]))
    for intent in intents:
        await _ended(program, session, intent)
    return [Figure("POST /v1/intents p95 at 50/s", 1000 * statistics.quantiles(waits, n=20)[-1], "ms", "< 20")]


async def intents(program: Program, session: Session, name: str, text: str, sources: Sequence[Any], count: int) -> list[Figure]:
    """Intents from acceptance to answer, all posted at once."""
    await _ended(program, session, await _asked(program, session, text, sources))
    begun, before = time.perf_counter(), program.cpu_seconds()
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_asked(program, session, text, sources)) for _ in range(count)]
    for one in asked:
        await _ended(program, session, one.result())
    seconds, cpu = time.perf_counter() - begun, program.cpu_seconds() - before
    return [
        Figure(f"{name}: intents per second, end to end", count / seconds, "1/s"),
        Figure(f"{name}: CPU per intent (Hulk and NATS)", 1000 * cpu / count, "ms"),
    ]


async def _asked(program: Program, session: Session, text: str, sources: Sequence[Any]) -> str:
    async with session.post(f"{program.url}/v1/intents", json={"text": text, "sources": list(sources)}) as response:
        body = await response.json()
        if response.status != 202:
            raise RuntimeError(str(body))
        return str(body["intent_id"])


async def _ended(program: Program, session: Session, intent: str) -> None:
    async with session.get(f"{program.url}/v1/intents/{intent}/events") as response:
        await response.read()


def _repository(folder: Path) -> Path:
    """A small history of today."""
    commands = [["init", "-q", "-b", "main"]]
    commands += [
        ["-c", "user.name=bench", "-c", "user.email=b@example.com", "commit", "-q", "--allow-empty", "-m", str(n)] for n in range(5)
    ]
    folder.mkdir()
    for command in commands:
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    (folder / "a.py").write_text("print(1)\n")
    for command in (["add", "-A"], ["-c", "user.name=bench", "-c", "user.email=b@example.com", "commit", "-q", "-m", "file"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


def _table(path: Path) -> Path:
    path.write_text("day;shop;value\n" + "".join(f"2026-01-{1 + n % 28:02d};{'abc'[n % 3]};{n % 17}\n" for n in range(300)))
    return path


async def measured() -> list[Figure]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _repository(folder / "shop")
        _table(folder / "sales.csv")
        figures = await cold_starts(folder)
        async with started(folder) as program, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as session:
            parts: list[Callable[[], Coroutine[Any, Any, list[Figure]]]] = [
                lambda: http(program, session),
                lambda: acceptance(program, session),
                lambda: intents(program, session, "no skill", "Qual é a capital da França?", [], 400),
                lambda: intents(
                    program,
                    session,
                    "code.churn",
                    "Quais arquivos mais mudaram nos últimos 30 dias?",
                    [{"kind": "repository", "path": "shop"}],
                    20,
                ),
                lambda: intents(program, session, "data.profile", "Descreva este arquivo", [{"kind": "file", "path": "sales.csv"}], 20),
            ]
            for part in parts:
                figures += await part()
        return figures


def main() -> None:
    """Measure, print, write."""
    figures = asyncio.run(measured()) + [Figure(*one) for one in breaker.measured()]
    for figure in figures:
        sys.stdout.write(f"{figure.what:<48} {figure.value:>10.2f} {figure.unit:<4} {figure.goal}\n")
    machine = {"python": platform.python_version(), "machine": platform.machine(), "system": platform.platform()}
    RESULTS.write_text(json.dumps({"machine": machine, "figures": [asdict(figure) for figure in figures]}, indent=2) + "\n")
    sys.stdout.write(f"written to {RESULTS}\n")


if __name__ == "__main__":
    main()
