"""Firing: people write on all sides at once, the program is killed and started again, and what it speaks to goes wrong."""

import asyncio
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web

from support.barrage.judging import Verdict, at_work, judged
from support.barrage.sides import Hook, Mattermost, Side, Telegram, settings
from support.mattermost import Chat
from support.ports import free_port
from support.program import Up, environment, launch, until_ready
from support.twins.systems import system
from support.twins.telegram import TOKEN, telegram_twin

SHARES = {"hook": 0.6, "tg": 0.2, "mm": 0.2}
"""Of all messages."""
WRITERS = 6
"""How many write at once on each side."""
QUIET_SECONDS = 600.0


@dataclass
class Barrage:
    """A program under fire. `recovered` is how many seconds after each start that was ready a message was first answered; `starting` how
    long each start took to be ready."""

    folder: Path
    port: int
    sides: Sequence[Side]
    hook: Hook
    chance: random.Random
    up: Up | None = None
    taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rate: float = 40.0
    """Messages a second on all sides together."""
    left: int = 0
    starting: list[float] = field(default_factory=list)
    recovered: list[float] = field(default_factory=list)
    troubles: int = 0

    @property
    def data(self) -> Path:
        """Where the program keeps all."""
        return self.folder / "data"

    async def start(self) -> None:
        """Start the program, and wait until it is ready."""
        began = time.monotonic()
        env = environment(HULK_SERVER__RATE_LIMIT="1000000", HULK_LOGGING__LEVEL="warning")
        self.up = launch("up", self.data, "--port", str(self.port), cwd=self.folder, env=env)
        await asyncio.to_thread(until_ready, self.up)
        self.starting.append(time.monotonic() - began)

    async def kill(self) -> None:
        """kill -9 of the program, and a new start; seconds until it answers somebody again are noted."""
        assert self.up is not None
        await asyncio.to_thread(self.up.kill)
        await self.start()
        ready, before = time.monotonic(), len(self.hook.at)
        while len(self.hook.at) == before and self.left:  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.02)
        if self.left:
            self.recovered.append(time.monotonic() - ready)

    async def fire(self, messages: int, kills: int, troubles: float = 0.02) -> None:
        """That many messages over all sides; `troubles` is how many of them something goes wrong with. Returns when all is at rest."""
        await self._heard()
        self.left = messages
        async with asyncio.TaskGroup() as group:
            for side in self.sides:
                mine = list(range(1, 1 + round(messages * SHARES[side.name])))
                for _ in range(WRITERS):
                    group.create_task(self._write(side, mine, troubles))
            for kill in range(kills):
                await self._until(messages - messages * (kill + self.chance.random()) / kills)
                await asyncio.sleep(self.chance.random() * 0.3)
                await self.kill()
        await self.at_rest()

    async def _heard(self) -> None:
        """Until somebody was answered on each side: a bot hears from when it came."""
        for side in self.sides:
            self.taken[side.name].add(await side.say(0))
        await self.at_rest()

    async def _write(self, side: Side, mine: list[int], troubles: float) -> None:
        while mine:
            number, self.left = mine.pop(), self.left - 1
            await asyncio.sleep(WRITERS / (self.rate * SHARES[side.name]) * self.chance.uniform(0.5, 1.5))
            if self.chance.random() < troubles:
                self.troubles += 1
                await asyncio.to_thread(side.trouble)
            self.taken[side.name].add(await side.say(number))

    async def _until(self, left: float) -> None:
        while self.left > left:  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.02)

    async def at_rest(self) -> None:
        """Until nothing is left to be done. Raises `TimeoutError`, telling what is."""
        waiting: dict[str, int] = {}
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while waiting := await self._waiting():  # noqa: ASYNC110  # another program's doing
                    await asyncio.sleep(0.25)
        except TimeoutError as error:
            raise TimeoutError(f"left to be done: {waiting}") from error

    async def _waiting(self) -> dict[str, int]:
        return {what: count for what, count in at_work(self.data).items() if count} or await self._missing()

    async def _missing(self) -> dict[str, int]:
        """What was taken by a vendor and did not come in yet."""
        verdicts = await self.verdicts()
        return {one.channel: len(one.lost) for one in verdicts if one.lost}

    async def verdicts(self) -> list[Verdict]:
        """On each channel."""
        return [judged(self.data, side.name, self.taken[side.name], await side.seen()) for side in self.sides]


@asynccontextmanager
async def a_barrage(folder: Path, chance: random.Random) -> AsyncIterator[Barrage]:
    """All sides, and the program at its first start."""
    async with AsyncExitStack() as stack:
        telegram, mattermost = stack.enter_context(telegram_twin()), stack.enter_context(system("mattermost"))
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        port = free_port()
        hook = Hook(f"http://127.0.0.1:{port}/v1/hooks/hook", session, chance)
        answers = await stack.enter_async_context(_answers(hook))
        made = {"channels": settings(answers, telegram.url, mattermost.url, TOKEN), "grpc": {"port": 0}}
        (folder / "hulk.yaml").write_text(json.dumps(made))
        barrage = Barrage(folder, port, [hook, Telegram(telegram, chance), Mattermost(Chat(mattermost), chance)], hook, chance)
        try:
            await barrage.start()
            yield barrage
        finally:
            if barrage.up is not None and barrage.up.process.poll() is None:
                with suppress(ProcessLookupError):
                    barrage.up.kill()


@asynccontextmanager
async def _answers(hook: Hook) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/answers", hook.answered)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", free_port())
    await site.start()
    try:
        yield f"{site.name}/answers"
    finally:
        await runner.cleanup()
