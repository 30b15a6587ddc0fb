"""Tasks over the real journal, executed wake-up by wake-up in an order that chance decides, with people who decide now and then."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hulk.kernel import ids
from hulk.kernel.errors import Conflict, Unavailable
from hulk.kernel.records import JsonObject
from hulk.modules.agents import STEP, TASK, AgentBook, Wanted, rules_of
from hulk.modules.agents.adapters.hands import GovernedHands
from hulk.modules.agents.wiring import Delegating, Needs, delegating, wired
from hulk.modules.tickets import Filter, Ticket
from hulk.modules.tickets.usecases import Wish
from hulk.modules.tickets.wiring import Service, serving
from hulk.modules.tools import ToolActs
from hulk.modules.tools.settings import ToolsSettings
from hulk.modules.tools.wiring import acts_of
from hulk.runtime.language import voice
from hulk.runtime.outbox import Outbox
from hulk.runtime.workflows.tables import run_table
from support.dags.kept import Died, Fate, MortalStore, WatchedAccounts, WatchedTasks
from support.dags.minds import Minds
from support.dags.plans import Drawn
from support.dags.shop import Shop
from support.runs import KEY, Hand
from support.team import as_they_were
from support.tickets import SECRET, around
from support.tools import ANA, BOSS

MOST_TURNS = 3000
"""Wake-ups and decisions after which a task that has not ended is one that hangs."""
CALLED_OFF = 0.002
"""How likely it is, at each turn, that somebody calls the task off."""
FAR = timedelta(days=365)
LIMIT = timedelta(seconds=10)
ENDED = ("completed", "failed", "cancelled")


@dataclass
class Rig:
    """Tasks of a drawn agent, over that store; files in `folder` outlive the process."""

    store: MortalStore
    folder: Path
    drawn: Drawn
    chance: random.Random
    hand: Hand = field(init=False)
    begun: Delegating = field(init=False)
    tickets: Service = field(init=False)
    tools: ToolActs = field(init=False)
    limit: timedelta = LIMIT
    lives: int = 0
    task: str = ""
    called_off: bool = False
    """Whether somebody called the task off."""

    @property
    def shop(self) -> Path:
        """Where acts are counted."""
        return self.folder / "acts"

    @property
    def notes(self) -> Path:
        """Where questions are noted."""
        return self.folder / "questions"

    async def born(self) -> None:
        """All of it made anew, as in a process that begins: what should be moving is woken."""
        ahead = self.hand.ahead if self.lives else timedelta(0)
        self.lives += 1
        self.hand = Hand(self.store, limit=self.limit, ahead=ahead)
        runs, trail, now = self.hand.journal, Outbox(self.store, KEY), self.hand.now
        self.tickets = await serving(self.store, trail, runs, around(), secret=SECRET, rotation=timedelta(days=1))
        granted = [rule for agent in self.drawn.agents for rule in rules_of(agent)]
        mounted = Shop(self.shop).mounted()
        self.tools = acts_of(self.store, ToolsSettings(), mounted, runs, trail, self.tickets.ask, as_they_were, clock=now, granted=granted)
        self.begun = replace(
            delegating(self.store, AgentBook(self.drawn.agents), runs, trail, voice, now), tasks=WatchedTasks(self.store),
            accounts=WatchedAccounts(self.store),
        )  # fmt: skip
        needs = Needs(
            runs=runs, trail=trail, commit=self.store.commit, models=Minds(self.drawn, self.notes), hands=GovernedHands(self.tools),
            ask=self.tickets.ask, voices=voice, standing=as_they_were, clock=now,
        )  # fmt: skip
        agents = wired(self.begun, {self.drawn.asked: {"items": ["x", "y", "z"]}}, needs)
        self.hand.workflows = {TASK: agents.task, STEP: agents.step, "tool-call": self.tools.run}
        await self.store.commit(runs.revive(idle=now() + FAR, late=now(), lost=now() + FAR, ahead=now() + FAR))

    async def begin(self) -> str:
        """Begin the task, once, however often this is called; its id."""
        task, changes = self.begun.begin(
            Wanted(
                by=ANA, agent=self.drawn.asked, playbook=self.drawn.playbook, text=self.drawn.text, language="pt",
                zone=ZoneInfo("America/Sao_Paulo"), at=datetime(2026, 11, 22, tzinfo=UTC), run=ids.derived("run", str(self.drawn.seed)),
            )
        )  # fmt: skip
        await self.store.commit(*changes)
        return task.id

    async def live(self) -> str:
        """Do it to its end, through all deaths; gives the task."""
        alive = False
        for _ in range(MOST_TURNS):
            try:
                if not alive:
                    await self.born()
                    self.task = await self.begin()
                    alive = True
                if await self.over():
                    return self.task
                await self.turn()
            except Died:
                alive = False
            except Unavailable:
                continue
        raise AssertionError(f"seed {self.drawn.seed}: not over after {MOST_TURNS} turns: {await self.open_runs()}")

    async def work(self, at_once: int) -> None:
        """Do it to its end, so many runs at once."""
        await self.born()
        self.task = await self.begin()
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(self._worked())

    async def _worked(self) -> None:
        for _ in range(MOST_TURNS):
            if await self.over():
                return
            await self.turn()
            await asyncio.sleep(0.002)  # others are at work
        raise AssertionError(f"not over after {MOST_TURNS} turns: {await self.open_runs()}")

    async def over(self) -> bool:
        """Whether the task has ended and nothing of it is under way."""
        return not await self.open_runs() and (await self.begun.tasks.get(self.task)).state != "running"

    async def open_runs(self) -> list[tuple[str, str]]:
        """Runs that have not ended, but for those that wait for a person on something that nobody waits for any more."""
        rows = await self.store.read(lambda connection: connection.execute(_OPEN).all())
        return [(row.id, row.status) for row in rows]

    async def turn(self) -> None:
        """One thing happens."""
        now = self.hand.now()
        if self.chance.random() < CALLED_OFF:
            self.called_off = True
            await self.store.commit(self.hand.journal.cancel(ids.derived("run", str(self.drawn.seed))))
        due = [one for one in self.hand.queue if one[1] is None or one[1] <= now]
        if due and self.chance.random() < 0.95:
            await self._executed(self.chance.choice(due))
        elif not await self._somebody_decides():
            self._later()

    async def _executed(self, one: Any) -> None:
        self.hand.queue.remove(one)
        self.hand.queue.appendleft(one)
        await self.hand.one()

    def _later(self) -> None:
        """Nothing can be done now: time passes, to the next thing that is due."""
        moments = [at for _, at in self.hand.queue if at is not None]
        if moments and all(at is not None for _, at in self.hand.queue):
            self.hand.ahead += max(timedelta(0), min(moments) - self.hand.now())

    async def _somebody_decides(self) -> bool:
        page = await self.tickets.find(BOSS, Filter(tenant="acme", statuses=("open",)), 50)
        if not page.tickets:
            return False
        if self.chance.random() < 0.1:
            self.hand.ahead += timedelta(hours=2)  # they had other things to do
        with suppress(Conflict):
            await self.tickets.move(BOSS, _decision(self.chance.choice(page.tickets), self.chance))
        return True


def task_of(seed: int) -> str:
    """The id of that seed's task."""
    return ids.derived("tsk", ids.derived("run", str(seed)))


def _decision(ticket: Ticket, chance: random.Random) -> Wish:
    status: Literal["completed", "failed"] = "completed" if chance.random() < 0.8 else "failed"
    result: JsonObject | None = chance.choice([{"n": 7}, {"n": 7, "note": "é"}, {"answer": "sete"}, {"n": "sete"}, None])
    told = status == "completed" and ticket.kind != "tool.approval"
    return Wish(ticket=ticket.id, status=status, reason="é isso", result=result if told else None)


def fates(chance: random.Random, *, deaths: int, troubles: float) -> Callable[[], Fate]:
    """Fates of commits: so many deaths at moments counted in commits, and that share of them that fail, or seem to."""
    at = sorted(chance.randrange(1, 120) for _ in range(deaths))
    count = iter(range(1, 10**9))

    def fate() -> Fate:
        number = next(count)
        if at and number >= at[0]:
            at.pop(0)
            return "dies before" if chance.random() < 0.5 else "dies after"
        if chance.random() < troubles:
            return "away before" if chance.random() < 0.5 else "away after"
        return ""

    return fate


_OPEN = select(run_table.c.id, run_table.c.status).where(run_table.c.status.not_in(ENDED))
