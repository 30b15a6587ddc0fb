"""Workers, a bus and a database as processes of their own, runs that are begun all the time, and what can happen to all of them."""

import asyncio
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hulk.kernel.errors import HulkError, Unavailable
from hulk.runtime.bus import TASKS, Bus, Notice, connect, embedded
from hulk.runtime.bus.meanwhile import meanwhile
from hulk.runtime.bus.server import Server
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.workflows import ENDED, Workflows
from hulk.runtime.workflows.tables import run_table, step_table
from support.cable import Cable, State, a_cable
from support.postgres import Postgres
from support.runs import KEY, a_run
from support.stores import url_of
from support.toll import Fault, Toll
from support.worker import STEPS, mark_table

TESTS = Path(__file__).parents[1]
FAULTY = 4.0
"""Seconds during which runs are begun and things happen."""
WITHIN = 60.0
"""Seconds after that within which all must have ended."""


@dataclass(slots=True)
class Worker:
    """A worker process with its own cables to the bus and the database."""

    process: "subprocess.Popen[str]"
    bus: Cable
    store: Cable | None


@dataclass(slots=True)
class Place:
    """All there is."""

    store: Store
    bus: Bus
    server: Server
    postgres: Postgres | None
    folder: Path
    chance: random.Random
    stack: ExitStack
    accepting: Workflows
    workers: list[Worker] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)
    happened: list[Fault] = field(default_factory=list)
    gone_on: list[float] = field(default_factory=list)
    """How long after a worker was killed all that ran then had been taken over or ended."""
    refused: int = 0
    """How often runs could not be begun."""
    _one_break: asyncio.Lock = field(default_factory=asyncio.Lock)
    _names: Iterator[int] = field(default_factory=itertools.count)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    # ---- workers

    async def start(self) -> Worker:
        """Start a worker and wait until it works. One that ends because the database is away just then is started again, as by systemd;
        raises `TimeoutError` when none works within `WITHIN` seconds."""
        async with asyncio.timeout(WITHIN):
            while (worker := await self._started()) is None:
                pass
        self.workers.append(worker)
        return worker

    async def _started(self) -> Worker | None:
        name = f"w{next(self._names)}"
        address, errors = self.server.address, self.folder / f"{name}.errors"
        bus = self.stack.enter_context(a_cable(int(address.urls[0].rpartition(":")[2])))
        store, url = self._database(name)
        words = (name, url, str(self.folder), f"nats://127.0.0.1:{bus.port}", address.user or "", address.password or "")
        with errors.open("w") as told:
            process = self.stack.enter_context(
                subprocess.Popen(  # noqa: ASYNC220  # takes a moment only
                    [sys.executable, "-m", "support.worker", *words], cwd=TESTS, stdout=subprocess.PIPE, stderr=told, text=True
                )
            )
        self.stack.callback(process.kill)
        return Worker(process, bus, store) if await asyncio.to_thread(_works, process, errors) else None

    def _database(self, name: str) -> tuple[Cable | None, str]:
        url = url_of(self.store)
        if self.postgres is None:
            return None, url
        here = self.folder / name
        here.mkdir()
        cable = self.stack.enter_context(a_cable(self.postgres.folder / ".s.PGSQL.5432", here / ".s.PGSQL.5432"))
        return cable, url.replace(str(self.postgres.folder), str(here))

    def _some(self) -> Worker:
        return self.chance.choice(self.workers)

    # ---- what happens

    async def kill(self) -> None:
        """kill -9 of a worker; another is started at once, but it takes a while."""
        worker = self._some()
        self.workers.remove(worker)
        worker.process.kill()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.start())
            if self.workers:
                await self._moving()

    async def _moving(self) -> None:
        """Measure how long it takes until all that runs now is held by another, or has ended."""
        begun = time.monotonic()
        with suppress(Unavailable):
            before = {row.id: row.epoch for row in await self._rows(select(run_table).where(run_table.c.status == "running"))}
            while before:
                now = {row.id: row for row in await self._rows(select(run_table).where(run_table.c.id.in_(before)))}
                before = {run: epoch for run, epoch in before.items() if now[run].status == "running" and now[run].epoch == epoch}
                await asyncio.sleep(0.02)
            self.gone_on.append(time.monotonic() - begun)

    async def freeze(self) -> None:
        """SIGSTOP of a worker until its leases are gone."""
        worker = self._some()
        worker.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.5, 4))
        worker.process.send_signal(signal.SIGCONT)

    async def break_bus(self) -> None:
        """kill -9 of nats-server, which is started again."""
        with suppress(ProcessLookupError):
            os.kill(self.server.pid, signal.SIGKILL)

    async def break_database(self) -> None:
        """kill -9 of PostgreSQL, started again a moment later."""
        async with self._one_break:
            if self.postgres is not None:
                await asyncio.to_thread(self.postgres.kill)
                await asyncio.sleep(self.chance.random())
                self.postgres.launch()
                await asyncio.to_thread(self.postgres.until_answers)

    async def forget(self) -> None:
        """JetStream forgot: all of the task stream, or messages here and there."""
        with suppress(HulkError):
            if self.chance.random() < 0.4:
                await self.bus.ask(f"STREAM.PURGE.{TASKS}", {})
                return
            state = (await self.bus.ask(f"STREAM.INFO.{TASKS}"))["state"]
            for sequence in range(state["first_seq"], state["last_seq"] + 1):
                if self.chance.random() < 0.5:
                    with suppress(HulkError):  # there is none of that number any more
                        await self.bus.ask(f"STREAM.MSG.DELETE.{TASKS}", {"seq": sequence})

    async def pull_bus(self) -> None:
        """The way between a worker and the bus is cut, hangs or is slow."""
        await self._pull(self._some().bus)

    async def pull_database(self) -> None:
        """The way between a worker and the database is cut, hangs or is slow."""
        await self._pull(self._some().store)

    async def _pull(self, cable: Cable | None) -> None:
        if cable is None:
            return
        states: list[State] = ["cut", "hanging", "slow"]
        cable.set(self.chance.choice(states))
        await asyncio.sleep(self.chance.uniform(0.05, 3))
        cable.set("whole")

    async def flap(self) -> None:
        """The way to the database is cut again and again, each time for a moment."""
        cable = self._some().store
        for _ in range(12 if cable else 0):
            assert cable is not None
            cable.set("cut")
            await asyncio.sleep(0.02)
            cable.set("whole")
            await asyncio.sleep(self.chance.uniform(0.02, 0.3))

    # ---- work

    async def live(self, faults: Sequence[str]) -> None:
        """Runs are begun for a while, and meanwhile all of those things happen."""
        async with meanwhile(self._begin()), asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(FAULTY))
            group.create_task(self._suffer(faults))

    async def _begin(self) -> None:
        """Have runs begun all the time; those that we were told are begun are accepted."""
        for n in self._numbers:
            runs = [f"run_{n}_{m}" for m in range(4)]
            try:
                await self.store.commit(*(self.accepting.begin(a_run(run, "marks")) for run in runs))
            except Unavailable:
                self.refused += 1
            else:
                self.accepted += runs
            finally:
                await asyncio.sleep(0.1)

    async def _suffer(self, faults: Sequence[str]) -> None:
        async def one(name: str, moment: float) -> None:
            await asyncio.sleep(moment)
            if self.workers:
                self.said.append(f"{moment:.2f} {name}")
                begun = time.time()
                await getattr(self, name)()
                self.happened.append(Fault(name, begun, time.time()))

        async with asyncio.TaskGroup() as group:
            for fault in faults:
                group.create_task(one(fault, self.chance.uniform(0.5, FAULTY)))

    async def _rows(self, statement: Any) -> Sequence[Any]:
        return await self.store.read(lambda connection: connection.execute(statement).all())

    async def all_ended(self) -> float:
        """How many seconds it takes until nothing is left to do."""
        begun = time.monotonic()
        while True:
            left: Sequence[Any] = ["the database is away"]
            with suppress(Unavailable):
                left = await self._rows(
                    select(run_table.c.id, run_table.c.status, run_table.c.wake).where(run_table.c.status.not_in(ENDED))
                )
            if not left:
                return time.monotonic() - begun
            assert time.monotonic() - begun < WITHIN, f"{self.said}: not ended: {left[:20]}"
            await asyncio.sleep(0.05)

    async def check(self, toll: Toll | None = None) -> None:
        """Each run has ended once and well, has each step once, and each step left one mark, made by who recorded it."""
        rows = {row.id: row for row in await self._rows(select(run_table))}
        assert not (lost := set(self.accepted) - set(rows)), f"{self.said}: lost {lost}"
        assert not (bad := [(row.id, row.status, row.error) for row in rows.values() if row.status != "completed"]), f"{self.said}: {bad}"
        recorded = await self._rows(select(step_table).order_by(step_table.c.recorded))
        steps = Counter((row.run, row.position, row.name, row.value) for row in recorded)
        marks = Counter((row.run, STEPS.index(row.step), row.step, row.by) for row in await self._rows(select(mark_table)))
        assert steps == marks, f"{self.said}: {steps - marks} without a mark, {marks - steps} without a step"
        assert Counter((run, name) for run, _, name, _ in marks.elements()) == Counter((run, step) for run in rows for step in STEPS), (
            self.said
        )
        assert not (twice := [run for run, times in self.ends.items() if times > 1]), f"{self.said}: told twice of the end of {twice}"
        if toll is not None:
            toll.add(len(rows), self.happened, [row.recorded.timestamp() for row in recorded], self.gone_on)


def _works(process: "subprocess.Popen[str]", errors: Path) -> bool:
    """Whether it began to; False when it could not, what it needs being away."""
    assert process.stdout is not None
    while "working" not in (line := process.stdout.readline()):
        if not line:
            assert process.wait() == os.EX_TEMPFAIL, errors.read_text()
            return False
    return True


@asynccontextmanager
async def a_place(store: Store, folder: Path, seed: int, postgres: Postgres | None = None, *, workers: int = 2) -> AsyncIterator[Place]:
    """Workers at work on a store."""
    mark_table.create(store.engine)
    with ExitStack() as stack:
        async with embedded(folder / "nats") as server, connect(server.address) as bus:
            await bus.ensure_streams(max_tasks=10_000)
            accepting = Workflows(store, bus, Outbox(store, KEY), slots=1000, queue_size=100_000, limit=timedelta(seconds=5))
            place = Place(store, bus, server, postgres, folder, random.Random(seed), stack, accepting)

            async def hear(notice: Notice) -> None:
                place.ends[notice.headers["ce-subject"]] += 1

            for _ in range(workers):
                await place.start()
            async with bus.subscribe("hulk.task.completed", hear), meanwhile(accepting._dispatcher.run()):
                yield place
            stack.close()
