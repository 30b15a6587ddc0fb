"""What channels cost: a signed webhook in, its answer out, at 50 messages a second; and many conversations that are open at once.

    python -m benchmarks.channels [--seconds 20] [--conversations 1000]

Hulk's own share is what lies between a message that was sent and its answer that arrived: no model is asked (none is set up), so each
becomes an intent, a decision and an answer in words. Both ends are in this process, which shares the machine with what it measures.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from benchmarks.figures import Figure
from benchmarks.program import Program, started
from hulk.modules.channels.adapters.webhook import key_of, signature

SECRET = "a-secret-of-this-webhook-here"  # noqa: S105  # of nobody
RATE = 50.0
"""Messages a second."""
WARM = 100
"""Messages before any is counted."""


@dataclass
class Ends:
    """Who asks and who is answered. Times are those of one clock, in seconds."""

    session: aiohttp.ClientSession
    url: str = ""
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)

    async def say(self, id_: str, conversation: str) -> None:
        """A signed message, acknowledged when it is safe."""
        body = json.dumps({"text": "bom dia", "conversation": conversation, "sender": {"id": conversation}}).encode()
        at = str(int(time.time())).encode()
        signed = signature(key_of(SECRET), id_.encode(), at, body)
        headers = {"webhook-id": id_, "webhook-timestamp": at.decode(), "webhook-signature": signed.decode()}
        self.sent[id_] = time.perf_counter()
        async with self.session.post(f"{self.url}/v1/hooks/hook", data=body, headers=headers) as response:
            assert response.status == 202, await response.text()
        self.acknowledged[id_] = time.perf_counter()

    async def take(self, request: web.Request) -> web.Response:
        """An answer."""
        if (about := json.loads(await request.read()).get("in_reply_to")) is not None:  # else it is a check that Hulk makes by itself
            self.answered.setdefault(about, time.perf_counter())
        return web.Response(status=204)

    async def say_many(self, name: str, count: int, conversations: int, rate: float = RATE) -> list[str]:
        """So many, evenly; returns when all are answered."""
        names, begun = [f"{name}-{number}" for number in range(count)], time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number, one in enumerate(names):
                await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
                group.create_task(self.say(one, f"c{number % conversations}"))
        while not all(one in self.answered for one in names):  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.01)
        return names


@asynccontextmanager
async def ends() -> AsyncIterator[tuple[Program, Ends]]:
    """A Hulk with one webhook, and both its ends."""
    async with aiohttp.ClientSession() as session:
        own = Ends(session)
        app = web.Application()
        app.router.add_post("/answers", own.take)
        runner = web.AppRunner(app, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]  # noqa: SLF001  # aiohttp tells it nowhere else
        with tempfile.TemporaryDirectory() as folder:
            hook = {"name": "hook", "secret": SECRET, "url": f"http://127.0.0.1:{port}/answers", "guests": ["operator"]}
            (Path(folder) / "hulk.yaml").write_text(json.dumps({"channels": {"webhook": [hook]}, "grpc": {"port": 0}}))
            async with started(Path(folder), settings={"HULK_SERVER__RATE_LIMIT": "1000000"}) as program:
                own.url = program.url
                yield program, own
        await runner.cleanup()


async def latency(seconds: float) -> list[Figure]:
    """In to out at 50 messages a second, each conversation one every two."""
    async with ends() as (program, own):
        await own.say_many("warm", WARM, WARM)
        before, before_all = program.own_cpu_seconds(), program.cpu_seconds()
        names = await own.say_many("m", round(seconds * RATE), 100)
        cpu, everything = program.own_cpu_seconds() - before, program.cpu_seconds() - before_all
    waits = [own.answered[one] - own.sent[one] for one in names]
    acks = [own.acknowledged[one] - own.sent[one] for one in names]
    return [
        Figure("channels: CPU per message, in to out", 1000 * cpu / len(names), "ms"),
        Figure("  with NATS", 1000 * everything / len(names), "ms"),
        *percentiles("channels: message in to answer out at 50/s", waits, {"p95": "< 40", "p99": "< 100"}),
        *percentiles("channels: acknowledged, durably, at 50/s", acks, {"p99": "< 50"}),
    ]


def percentiles(name: str, waits: Sequence[float], goals: dict[str, str]) -> list[Figure]:
    """p50, p95 and p99, in ms."""
    cuts = statistics.quantiles(waits, n=100)
    return [Figure(f"{name}, {of}", 1000 * cuts[int(of[1:]) - 1], "ms", goals.get(of, "")) for of in ("p50", "p95", "p99")]


async def conversations(count: int) -> list[Figure]:
    """Memory with that many conversations open, each with a few turns."""
    async with ends() as (program, own):
        await own.say_many("warm", WARM, WARM)
        before = sum(program.memory_mb().values())
        await own.say_many("open", 2 * count, count, rate=200)
        after = program.memory_mb()
    return [
        Figure(f"channels: memory with {count} open conversations (PSS, with NATS)", sum(after.values()), "MB", "< 200"),
        Figure("  of which NATS", after["nats"], "MB"),
        Figure("  more than with none", sum(after.values()) - before, "MB"),
    ]


async def measured(seconds: float = 20.0, open_: int = 1000) -> list[Figure]:
    """All of it."""
    return [*await latency(seconds), *await conversations(open_)]


def main() -> None:
    """What the command line asks for."""
    parser = argparse.ArgumentParser("benchmarks.channels", description="Measures channels and prints what it found.")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long messages come in")
    parser.add_argument("--conversations", type=int, default=1000, help="how many are open at once")
    asked = parser.parse_args()
    for one in asyncio.run(measured(asked.seconds, asked.conversations)):
        sys.stdout.write(f"{one.what:<70} {one.value:10.2f} {one.unit:<3} {one.goal}\n")


if __name__ == "__main__":
    main()
