"""What the console's pages cost when the store is full: a data folder with many runs, tickets, intents and charges, asked over HTTP.

    python -m benchmarks.console [--rows 1000000] [--times 40] [--viewers 0] [--data FOLDER]

The rows are put straight into the tables of SQLite, as `console_rows.py` says. A folder that is named is kept, and filled only once.
Figures are milliseconds from the request to the last byte, one request at a time; with viewers, that many people look at the pages at
once besides.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import aiohttp

from benchmarks.channels import percentiles
from benchmarks.console_rows import BIG, NEWEST, filled, summed
from benchmarks.figures import Figure
from benchmarks.program import Program, started

GOAL = {"p95": "<= 150"}
SETTINGS: Mapping[str, str] = {"HULK_SERVER__RATE_LIMIT": "1000000", "HULK_GRPC__PORT": "0"}
WARM = 3
SECONDS = 20.0
"""For how long viewers look."""
PAGES: Sequence[str] = (
    "/console/",
    "/console/runs",
    "/console/runs?status=failed",
    "/console/runs?status=waiting",
    "/console/runs?workflow=ticket",
    "/console/runs?workflow=nothing",
    "/console/runs?queue=slow",
    "/console/runs?queue=nothing",
    "/console/runs?code=unavailable",
    "/console/runs?code=nothing",
    "/console/runs?status=failed&code=nothing",
    "/console/runs?attribute=kind%3Drare",
    "/console/runs?attribute=kind%3Dreport",
    "/console/runs?since=2020-01-01T00:00&until=2030-01-01T00:00",
    "/console/runs?until=2020-01-01T00:00",
    f"/console/runs/{NEWEST}",
    f"/console/runs/{BIG}",
    f"/console/runs/{BIG}?before=50000",
    f"/console/runs/{BIG}?only=trouble",
    f"/console/trace/{NEWEST}",
    "/console/dead-letters",
    "/console/dead-letters?workflow=ticket&code=unavailable",
    "/console/dead-letters?code=nothing",
    "/console/queues",
    "/console/schedules",
    "/console/intents",
    "/console/tickets",
    "/console/router",
    "/console/costs",
    "/console/costs?by=person",
    "/console/costs?by=intent",
    "/console/costs?by=tenant&tenant=*",
    "/console/costs?agent=agent-1&by=channel",
    "/console/costs?person=person-1&by=model",
    "/v1/costs?by=model&since=2020-01-01",
    "/v1/costs?by=day&by=agent&by=model&limit=1000",
    "/console/agents",
    "/console/channels",
    "/console/audit",
)


async def measured(rows: int, times: int, viewers: int, data: Path) -> list[Figure]:
    """All pages there are, over so many rows."""
    async with started(data, settings=SETTINGS, kept=data):
        """So that there are tables."""
    filled(data / "hulk.db", rows)
    await summed(data)
    async with started(data, settings=SETTINGS, kept=data) as program, aiohttp.ClientSession(program.url) as session:
        there = [page for page in PAGES if await _seconds(session, page) is not None]
        found = [figure for page in there for figure in await _one(program, session, page, times)]
        return found + (await _many(session, there, viewers) if viewers else [])


async def _one(program: Program, session: aiohttp.ClientSession, page: str, times: int) -> list[Figure]:
    for _ in range(WARM):
        await _seconds(session, page)
    spent = program.own_cpu_seconds()
    waits = [await _seconds(session, page) or 0.0 for _ in range(times)]
    cpu = Figure(f"{page}, CPU of Hulk", 1000 * (program.own_cpu_seconds() - spent) / times, "ms")
    return [*(one for one in percentiles(page, waits, GOAL) if not one.what.endswith("p99")), cpu]


async def _many(session: aiohttp.ClientSession, pages: Sequence[str], viewers: int) -> list[Figure]:
    """Each looks at a page, reads it for two seconds, and goes on to the next."""
    waits: list[float] = []
    end = time.perf_counter() + SECONDS

    async def look(first: int) -> None:
        place = first
        while time.perf_counter() < end:
            waits.append(await _seconds(session, pages[place % len(pages)]) or 0.0)
            place += 1
            await asyncio.sleep(2)

    async with asyncio.TaskGroup() as group:
        for number in range(viewers):
            group.create_task(look(number))
    return percentiles(f"{viewers} viewers at once, all pages", waits, GOAL)


async def _seconds(session: aiohttp.ClientSession, page: str) -> float | None:
    """How long the page took; None where there is none."""
    begun = time.perf_counter()
    async with session.get(page) as answer:
        await answer.read()
        if answer.status == 404:
            return None
        answer.raise_for_status()
    return time.perf_counter() - begun


def main() -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser("benchmarks.console", description="Measures the console's pages and prints what it found.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="runs, and as many tickets")
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--viewers", type=int, default=0, help="how many look at once")
    parser.add_argument("--data", type=Path, help="a folder to keep; filled when it is new")
    asked = parser.parse_args()
    with nullcontext(str(asked.data)) if asked.data else tempfile.TemporaryDirectory() as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for one in asyncio.run(measured(asked.rows, asked.times, asked.viewers, Path(folder))):
            sys.stdout.write(
                f"{one.what:<80} {one.value:10.1f} {one.unit:<3} {one.goal:<8} {'' if one.met in (True, None) else 'MISSED'}\n"
            )


if __name__ == "__main__":
    main()
