"""What the console's pages cost when the store is full: a data folder with many runs, tickets, intents and charges, asked over HTTP.

    python -m benchmarks.console [--rows 1000000] [--times 40] [--viewers 0] [--data FOLDER] [--postgres]

The rows are put straight into the tables of SQLite, as `console_rows.py` says. A folder that is named is kept, and filled only once. With
`--postgres` they are copied from there into a PostgreSQL of its own, over which the pages are then measured.
Figures are milliseconds from the request to the last byte, one request at a time, and from a change until it stands on a page that is
looked at; with viewers, that many people look at once besides.
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
from benchmarks.console_rows import BIG, INTENT, NEWEST, TICKET, copied, filled, summed
from benchmarks.figures import Figure
from benchmarks.program import Program, started
from benchmarks.servers import postgres
from hulk.modules.console.usecases.shared import KEPT_SECONDS, MOST_SECONDS

GOAL = {"p95": "<= 150"}
SETTINGS: Mapping[str, str] = {"HULK_SERVER__RATE_LIMIT": "1000000", "HULK_GRPC__PORT": "0"}
WARM = 3
SECONDS = 20.0
"""For how long viewers look."""
READS = 2.0
"""How many seconds each reads a page."""
CHANGES = 8
"""How many changes they are shown live."""
SHARED: Mapping[str, float] = {"/console/": KEPT_SECONDS, "/console/costs": MOST_SECONDS}
"""Pages, without what is asked of them, that are made of what is remembered for a moment; and for how long."""
PAGES: Sequence[str] = (
    "/console/",
    "/console/runs",
    "/console/runs?status=failed",
    "/console/runs?status=waiting",
    "/console/runs?status=pending",
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
    "/console/intents?status=failed",
    "/console/intents?status=running",
    f"/console/intents/{INTENT}",
    "/console/tickets",
    "/console/tickets?view=board",
    "/console/tickets?status=open&owner=person",
    "/console/tickets?status=failed&owner=person",
    "/console/tickets?owner=worker",
    "/console/tickets?overdue=true",
    "/console/tickets?kind=report&status=open",
    "/console/tickets?kind=nothing",
    f"/console/tickets/{TICKET}",
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


async def measured(rows: int, times: int, viewers: int, data: Path, *, on_postgres: bool) -> list[Figure]:
    """All pages there are, over so many rows; none by itself when each is asked for no times."""
    async with started(data, settings=SETTINGS, kept=data):
        """So that there are tables."""
    filled(data / "hulk.db", rows)
    await summed(data)
    if not on_postgres:
        return await _measured(data, SETTINGS, times, viewers)
    with postgres() as server, tempfile.TemporaryDirectory() as folder:
        copied(data / "hulk.db", server.url)
        return await _measured(Path(folder), {**SETTINGS, "HULK_STORE__URL": server.url}, times, viewers)


async def _measured(data: Path, settings: Mapping[str, str], times: int, viewers: int) -> list[Figure]:
    connections = aiohttp.TCPConnector(limit=0)  # each who looks live holds one
    async with started(data, settings=settings, kept=data) as program, aiohttp.ClientSession(program.url, connector=connections) as session:
        there = [page for page in PAGES if await _seconds(session, page) is not None]
        found = [figure for page in there for figure in await _one(program, session, page, times)] if times else []
        found += await live(session, program, 1)
        return found + (await _many(session, there, viewers) + await live(session, program, viewers) if viewers else [])


async def _one(program: Program, session: aiohttp.ClientSession, page: str, times: int) -> list[Figure]:
    for _ in range(WARM):
        await _seconds(session, page)
    looks = [await _anew(program, session, page) for _ in range(times)]
    waits, spent = [wait for wait, _ in looks], sum(cpu for _, cpu in looks)
    cpu = Figure(f"{page}, CPU of Hulk", 1000 * spent / times, "ms")
    return [*(one for one in percentiles(page, waits, GOAL) if not one.what.endswith("p99")), cpu]


async def _anew(program: Program, session: aiohttp.ClientSession, page: str) -> tuple[float, float]:
    """How long it took, and the CPU meanwhile, once nobody remembers what the page was made of."""
    if kept := SHARED.get(page.partition("?")[0]):
        await asyncio.sleep(kept + 0.1)
    spent = program.own_cpu_seconds()
    return await _seconds(session, page) or 0.0, program.own_cpu_seconds() - spent


async def _many(session: aiohttp.ClientSession, pages: Sequence[str], viewers: int) -> list[Figure]:
    """Each looks at a page, reads it for two seconds, and goes on to the next; they begin one after the other within those seconds."""
    waits: list[float] = []
    end = time.perf_counter() + SECONDS

    async def look(first: int) -> None:
        place = first
        await asyncio.sleep(READS * first / viewers)
        while time.perf_counter() < end:
            waits.append(await _seconds(session, pages[place % len(pages)]) or 0.0)
            place += 1
            await asyncio.sleep(READS)

    async with asyncio.TaskGroup() as group:
        for number in range(viewers):
            group.create_task(look(number))
    return percentiles(f"{viewers} viewers at once, all pages", waits, GOAL)


async def live(session: aiohttp.ClientSession, program: Program, viewers: int) -> list[Figure]:
    """From when a ticket for a person is asked for until it stands on the front page of each who looks at it, as their browsers do it."""
    async with session.put("/v1/ticket-kinds/news", json={}) as answer:
        answer.raise_for_status()
    begun, waits, ready = list[float](), list[float](), asyncio.Semaphore(0)

    async def look() -> None:
        async with session.get("/console/live?topics=ticket", timeout=aiohttp.ClientTimeout()) as stream:
            ready.release()
            seen = 0
            async for line in stream.content:
                if line.startswith(b"event: changed") and await _shows(session, f"News {viewers}-{len(begun)}") and seen < len(begun):
                    seen = len(begun)
                    waits.append(time.perf_counter() - begun[-1])

    async with asyncio.TaskGroup() as group:
        looking = [group.create_task(look()) for _ in range(viewers)]
        for _ in looking:
            await ready.acquire()
        spent = program.own_cpu_seconds()
        for number in range(1, CHANGES + 1):
            begun.append(time.perf_counter())
            ticket = {"kind": "news", "title": f"News {viewers}-{number}", "assignee": "person:"}
            async with session.post("/v1/tickets", json=ticket) as answer:
                answer.raise_for_status()
            await asyncio.sleep(2)
        spent = program.own_cpu_seconds() - spent
        for one in looking:
            one.cancel()
    of = f"a change on the page of {viewers} viewer{'s' * (viewers > 1)}"
    found = [one for one in percentiles(of, waits, {"p95": "<= 1000"}) if not one.what.endswith("p99")]
    return [
        *found, Figure(f"{of}, seen", 100 * len(waits) / (viewers * CHANGES), "%"),
        Figure(f"{of}, CPU of Hulk for each", 1000 * spent / (viewers * CHANGES), "ms"),
    ]  # fmt: skip


async def _shows(session: aiohttp.ClientSession, words: str) -> bool:
    async with session.get("/console/", headers={"hx-request": "true"}) as answer:
        return words in await answer.text()


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
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for by itself; may be 0")
    parser.add_argument("--viewers", type=int, default=0, help="how many look at once")
    parser.add_argument("--data", type=Path, help="a folder to keep; filled when it is new")
    parser.add_argument("--postgres", action="store_true", help="over PostgreSQL in place of SQLite")
    asked = parser.parse_args()
    with nullcontext(str(asked.data)) if asked.data else tempfile.TemporaryDirectory() as folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        found = asyncio.run(measured(asked.rows, asked.times, asked.viewers, Path(folder), on_postgres=asked.postgres))
        for one in found:
            sys.stdout.write(
                f"{one.what:<80} {one.value:10.1f} {one.unit:<3} {one.goal:<8} {'' if one.met in (True, None) else 'MISSED'}\n"
            )


if __name__ == "__main__":
    main()
