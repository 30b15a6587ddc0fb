"""Firing: people write on all sides at once, the program is killed and started again, its clock jumps, and what it speaks to goes wrong."""

import asyncio
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from support.alexa import amazon_twin
from support.barrage.judging import Verdict, at_work, judged, waiting
from support.barrage.jumping import Wrong
from support.barrage.sides import Alexa, Hook, Mail, Mattermost, Side, Telegram, WhatsApp
from support.barrage.sides.alexa import SKILL_FILE
from support.barrage.sides.hook import listening
from support.mattermost import Chat
from support.ports import free_port
from support.program import Up, environment, launch, until_ready
from support.twins.email import email_twin
from support.twins.systems import system
from support.twins.telegram import telegram_twin
from support.twins.whatsapp import meta

SHARES = {"hook": 0.43, "tg": 0.15, "mm": 0.15, "zap": 0.19, "alexa": 0.05, "mail": 0.03}
"""Of all messages. A mailbox sends two a second."""
WRITERS = 6
"""How many write at once on each side."""
QUIET_SECONDS = 600.0
JUMPS = (-6 * 3600.0, -3600.0, -600.0, -45.0, 45.0, 600.0, 3600.0, 6 * 3600.0)
"""By how much a clock is wrong, in seconds."""
WRONG_SECONDS = (0.5, 6.0)
"""For how long it is."""


@dataclass
class Barrage:
    """A program under fire. `starting` is how many seconds each start took to be ready, `recovered` how many after that a message was first
    answered again."""

    folder: Path
    port: int
    sides: Sequence[Side]
    hook: Hook
    chance: random.Random
    clock: Wrong
    up: Up | None = None
    taken: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    rate: float = 40.0
    """Messages a second on all sides together."""
    left: int = 0
    starting: list[float] = field(default_factory=list)
    recovered: list[float] = field(default_factory=list)
    killed: list[datetime] = field(default_factory=list)
    """When, by the right clock."""
    troubles: int = 0

    @property
    def data(self) -> Path:
        """Where the program keeps all."""
        return self.folder / "data"

    async def start(self) -> None:
        """Start the program, and wait until it is ready."""
        began = time.monotonic()
        own = {"HULK_SERVER__RATE_LIMIT": "1000000", "HULK_LOGGING__LEVEL": "warning", "HULK_SKILLS__FOLDERS": str(self.folder / "skills")}
        own["PYTHONPATH"] = os.pathsep.join(sys.path)  # it is a module of the tests
        program = (sys.executable, "-m", "support.barrage.jumping", str(self.folder / "clock"))
        self.up = launch("up", self.data, "--port", str(self.port), cwd=self.folder, env=environment(**own), program=program)
        await asyncio.to_thread(until_ready, self.up)
        self.starting.append(time.monotonic() - began)

    async def kill(self) -> None:
        """kill -9 of the program, and a new start; seconds until it answers somebody again are noted."""
        assert self.up is not None
        self.killed.append(datetime.now(UTC))
        await asyncio.to_thread(self.up.kill)
        await self.start()
        ready, before = time.monotonic(), len(self.hook.at)
        while len(self.hook.at) == before and self.left:  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.02)
        if self.left:
            self.recovered.append(time.monotonic() - ready)

    async def jump(self) -> None:
        """The clock is wrong for a while."""
        self.clock.set(self.chance.choice(JUMPS))
        await asyncio.sleep(self.chance.uniform(*WRONG_SECONDS))
        self.clock.set(0.0)

    async def fire(self, messages: int, kills: int, *, jumps: int = 0, troubles: float = 0.02) -> None:
        """That many messages over all sides; `troubles` is how many of them something goes wrong with. Returns when all is at rest."""
        await self._heard()
        self.left = messages
        async with asyncio.TaskGroup() as group:
            for side in self.sides:
                mine = list(range(1, 1 + round(messages * SHARES[side.name])))
                for _ in range(WRITERS):
                    group.create_task(self._write(side, mine, troubles, apart(self.chance)))
            group.create_task(self._at_times(messages, kills, self.kill, apart(self.chance)))
            group.create_task(self._at_times(messages, jumps, self.jump, apart(self.chance)))
        await self.at_rest()

    async def _at_times(self, messages: int, times: int, act: Callable[[], Awaitable[None]], chance: random.Random) -> None:
        """So often, at random moments."""
        for time_ in range(times):
            await self._until(messages - messages * (time_ + chance.random()) / times)
            await asyncio.sleep(chance.random() * 0.3)
            await act()

    async def _heard(self) -> None:
        """Until somebody was answered on each side: a bot hears from when it came."""
        for side in self.sides:
            self.taken[side.name].add(await side.say(0))
        await self.at_rest()

    async def _write(self, side: Side, mine: list[int], troubles: float, chance: random.Random) -> None:
        while mine:
            number, self.left = mine.pop(), self.left - 1
            await asyncio.sleep(WRITERS / (self.rate * SHARES[side.name]) * chance.uniform(0.5, 1.5))
            if chance.random() < troubles:
                self.troubles += 1
                await asyncio.to_thread(side.trouble)
            self.taken[side.name].add(await side.say(number))

    async def _until(self, left: float) -> None:
        while self.left > left:  # noqa: ASYNC110  # nobody rings
            await asyncio.sleep(0.02)

    async def at_rest(self) -> None:
        """Until nothing is left to be done. Raises `TimeoutError`, telling what is."""
        left: dict[str, int] = {}
        try:
            async with asyncio.timeout(QUIET_SECONDS):
                while left := await self._to_do():  # noqa: ASYNC110  # another program's doing
                    await asyncio.sleep(0.5)
        except TimeoutError as error:
            raise TimeoutError(f"left to be done: {left}") from error

    async def _to_do(self) -> dict[str, int]:
        here = at_work(self.data)
        there = {side.name: await side.rest(waiting(self.data, side.name)) for side in self.sides}
        return {what: count for what, count in {**here, **there}.items() if count} or await self._missing()

    async def _missing(self) -> dict[str, int]:
        """What was taken by a vendor and did not come in yet."""
        verdicts = await self.verdicts()
        return {one.channel: len(one.lost) for one in verdicts if one.lost}

    async def verdicts(self) -> list[Verdict]:
        """On each channel."""
        return [judged(self.data, side.name, self.taken[side.name], await side.seen(), await side.standing()) for side in self.sides]


def apart(chance: random.Random) -> random.Random:
    """Chances of its own for one of many that draw at the same time: else who draws first decides what all get, and a seed nothing."""
    return random.Random(chance.random())


@asynccontextmanager
async def a_barrage(folder: Path, chance: random.Random, slow: float = 0.02) -> AsyncIterator[Barrage]:
    """All sides, and the program at its first start. `slow`: how many of the messages take their time, where that is said."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)))
        port = free_port()
        sides = await _sides(stack, folder, f"http://127.0.0.1:{port}/v1/hooks", session, chance, slow)
        _settle(folder, sides)
        [hook] = [side for side in sides if isinstance(side, Hook)]
        barrage = Barrage(folder, port, sides, hook, chance, Wrong(folder / "clock"))
        try:
            await barrage.start()
            yield barrage
        finally:
            if barrage.up is not None and barrage.up.process.poll() is None:
                with suppress(ProcessLookupError):
                    barrage.up.kill()


async def _sides(
    stack: AsyncExitStack, folder: Path, hooks: str, session: aiohttp.ClientSession, chance: random.Random, slow: float
) -> list[Side]:  # fmt: skip
    hook = await stack.enter_async_context(listening(Hook(f"{hooks}/hook", session, apart(chance))))
    amazon, root = stack.enter_context(amazon_twin()), folder / "root.pem"
    async with session.get(f"{amazon}/root") as response:
        root.write_bytes(await response.read())
    return [
        hook,
        Telegram(stack.enter_context(telegram_twin()), apart(chance), slow=slow),
        Mattermost(Chat(stack.enter_context(system("mattermost"))), apart(chance), slow=slow),
        WhatsApp(stack.enter_context(meta()), apart(chance), f"{hooks}/zap"),
        Alexa(amazon, f"{hooks}/alexa", str(root), session, apart(chance)),
        Mail(stack.enter_context(email_twin()), apart(chance)),
    ]


def _settle(folder: Path, sides: Sequence[Side]) -> None:
    """The settings, at which anybody may ask, and a skill that takes its time."""
    channels = {kind: [told] for kind, told in (side.section for side in sides)}
    (folder / "hulk.yaml").write_text(json.dumps({"channels": channels, "grpc": {"port": 0}}))
    (folder / "skills").mkdir()
    (folder / "skills" / "water.py").write_text(SKILL_FILE, encoding="utf-8")
