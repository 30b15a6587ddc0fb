"""The whole machine on a virtual clock: worker processes, one database, one JetStream, and what can happen to them, by a seed.

The machine is the real one (`Workflows`: pool, dispatcher, gate, executor, journal, sweep); only its bus (`support.jetstream`),
the threads of its store and its time are simulated. Every way to the store and the bus takes a random time, so each seed is
another interleaving, the same one each time. What must never be seen in the database is told to it as triggers.
"""

import asyncio
import contextlib
import itertools
import queue
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar, cast

import structlog
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, StaticPool, String, Table, create_engine, insert, select, text

from hulk.apps.schema import prepare
from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import HulkError, Refused, Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Bus
from hulk.runtime.engine import Scale
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, Transaction
from hulk.runtime.store.quick import Connections
from hulk.runtime.store.store import _failed, _Group
from hulk.runtime.store.trouble import Away
from hulk.runtime.workflows import Workflows
from hulk.runtime.workflows.tables import run_table, step_table
from support.jetstream import Host, Server, SimulatedBus
from support.runs import KEY, Flow
from support.scenarios import Scenario
from support.virtual import virtually

T = TypeVar("T")
K = TypeVar("K")
START = datetime(2026, 11, 21, 3, tzinfo=UTC)
QUIET = 180.0
"""Virtual seconds after the last fault within which all must have ended."""
MOST = 600.0
"""Virtual seconds after which a history that has not ended is one that hangs."""

_own = MetaData()
mark_table = Table(
    "test_mark",
    _own,
    Column("id", Integer, primary_key=True),
    Column("run", String),
    Column("step", String),
    Column("epoch", Integer),
)
"""What steps did in the transaction of their record."""
wrong_table = Table("test_wrong", _own, Column("id", Integer, primary_key=True), Column("run", String), Column("what", String))
"""What must never be."""

ENDED = "('completed', 'failed', 'cancelled')"
ACTIVE = "('pending', 'running', 'waiting', 'needs_attention')"
NEVER = {
    "ended twice": f"update of status on run when old.status in {ENDED} and new.status <> 'held'",
    "the epoch went back": "update of epoch on run when new.epoch < old.epoch",
    "the wake-up went back": "update of wake on run when new.wake < old.wake",
    "more of a key than allowed": f"""update of status on run when old.status = 'held' and new.status = 'pending' and not new.cancelling
        and new.lane is not null and new.lane_most < (select count(*) from run where tenant = new.tenant and lane = new.lane
        and status in {ACTIVE} and not cancelling)""",
    "a step of a run that nobody holds": "insert on step when (select status from run where id = new.run) <> 'running'",
    "a step out of order": """insert on step when new.name not like 'side%' and new.position > 0 and new.position - 1 not in
        (select position from step where run = new.run)""",
    "a mark under an old epoch": "insert on test_mark when new.epoch <> (select epoch from run where id = new.run)",
    "cancelled before a child was": f"""update of status on run when new.status = 'cancelled' and exists (select 1 from run c
        where c.parent = new.id and c.status not in {ENDED} and not c.cancelling)""",
}  # fmt: skip


def database() -> Engine:
    """An empty database with the triggers, in memory: on one connection, since nothing here is done while a transaction is open."""
    engine = create_engine("sqlite://", poolclass=StaticPool, pool_reset_on_return=None, connect_args={"isolation_level": None})
    prepare(engine)
    _own.create_all(engine)
    with engine.connect() as connection:
        for number, (what, when) in enumerate(NEVER.items()):
            connection.exec_driver_sql(
                f"create trigger never_{number} after {when} begin insert into test_wrong (run, what) values "
                f"({'new.run' if 'insert on' in when else 'new.id'}, '{what}'); end"
            )
    return engine


def emptied(engine: Engine) -> None:
    """Forget all runs."""
    with engine.connect() as connection:
        for table in ("step", "signal", "run_failure", "run_attribute", "flow", "queue", "run", "outbox", "event", "event_head"):
            connection.exec_driver_sql(f"delete from {table}")
        for own in (mark_table, wrong_table):
            connection.execute(own.delete())


class SimulatedStore(Store):
    """The store of a host: its writer is a task instead of a thread. `trouble` is the share of commits that fail, or seem to."""

    def __init__(self, engine: Engine, host: Host) -> None:
        self.engine = engine
        self._reading = self._writing = Connections(engine)
        self.trouble = 0.0
        self._host = host
        self._waiting: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._some = asyncio.Event()

    async def commit(self, *changes: Change[Any]) -> list[Any]:
        """As the real one."""
        await self._host.reach()
        group = _Group(changes, asyncio.get_running_loop().create_future())
        self._waiting.put(group)
        self._some.set()
        return await group.result

    async def write(self) -> None:
        """The writer, until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            while not self._waiting.empty():
                groups, _ = self._gathered(cast("_Group", self._waiting.get()))
                await self._host.reach()
                troubled = self._host.chance.random() < self.trouble
                away = Away("The database is not available right now: simulated.")
                settled = _failed(groups, away) if troubled and self._host.chance.random() < 0.5 else self._commit(groups)
                await self._host.reach()
                for one in _failed(groups, away) if troubled else settled:
                    one.tell()

    async def read(self, query: Callable[[Connection], T]) -> T:
        """As the real one."""
        await self._host.reach()
        if self._host.chance.random() < self.trouble:
            raise Away("The database is not available right now: simulated.")
        found = self._read(query)
        await self._host.reach()
        return found

    async def look_up(self, query: Callable[[Connection, Sequence[K]], Mapping[K, T]], key: K) -> T | None:
        """As the real one, for one at a time."""
        return (await self.read(lambda connection: query(connection, [key]))).get(key)


class Everybody:
    """All processes reconcile at once, which is worse than what an elected one does: that may think it leads when it does not."""

    held = True


@dataclass(slots=True)
class Worker:
    """A worker process."""

    host: Host
    store: SimulatedStore
    bus: SimulatedBus
    workflows: Workflows
    task: "asyncio.Task[None] | None" = None

    async def run(self) -> None:
        """Work until killed."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.store.write())
            async with self.workflows.working(sole=False, grace=timedelta(0)):
                await asyncio.Event().wait()


# ---- what runs do


def _marking(
    context: Context, name: str, chance: Random, *, fails: float = 0.0, slow: float = 0.5
) -> Callable[[], Awaitable[Outcome[str]]]:
    epoch = cast("Any", context)._taken.epoch

    def mark(tx: Transaction) -> None:
        tx.execute(insert(mark_table), {"run": context.run_id, "step": name, "epoch": epoch})

    async def act() -> Outcome[str]:
        await asyncio.sleep(chance.random() ** 4 * slow)
        if chance.random() < fails:
            raise Unavailable("Not now.")
        return Outcome(name, [mark])

    return act


def bodies(chance: Random) -> dict[str, Flow]:  # noqa: C901  # seven bodies, none of them long
    """The workflows: each mark is made in its step's transaction."""

    def at(context: Context, name: str, **more: float) -> Callable[[], Awaitable[Outcome[str]]]:
        return _marking(context, name, chance, **more)

    async def plain(context: Context, _: JsonObject) -> JsonObject:
        return {"steps": [await context.step(name, at(context, name, fails=0.05)) for name in "abc"]}

    async def long(context: Context, _: JsonObject) -> JsonObject:
        return {"steps": [await context.step(name, at(context, name, slow=8)) for name in "ab"]}

    async def saga(context: Context, data: JsonObject) -> JsonObject:
        for name in "abc":
            await context.step(name, at(context, name))
            context.compensate(name, at(context, f"undo:{name}", fails=0.1))
        if data["fails"]:
            raise Refused("It cannot be.")
        return {}

    async def napping(context: Context, _: JsonObject) -> JsonObject:
        await context.step("a", at(context, "a"))
        await context.sleep("nap", timedelta(seconds=1.5))
        await context.step("b", at(context, "b"))
        return {}

    async def hearing(context: Context, _: JsonObject) -> JsonObject:
        heard = [await context.wait("go"), await context.wait("go", timeout=timedelta(seconds=3))]
        await context.step("a", at(context, "a"))
        return {"heard": [*heard, await context.wait("go")]}

    async def family(context: Context, data: JsonObject) -> JsonObject:
        ends = await context.fan("children", "plain", [{}] * 4, most=data["most"])
        await context.step("a", at(context, "a"))
        return {"ends": [end.status for end in ends]}

    async def beside(context: Context, _: JsonObject) -> JsonObject:
        sides = await context.parallel({f"side{n}": at(context, f"side{n}", fails=0.05) for n in range(4)}, most=3)
        await context.step("side-last", at(context, "side-last"))
        return {"sides": list(sides.values())}

    found = {"plain": plain, "long": long, "saga": saga, "napping": napping, "hearing": hearing, "family": family, "beside": beside}
    return {name: Flow(body) for name, body in found.items()}


# ---- the world


@dataclass(slots=True)
class World:
    """All there is. `history` says what happened when, for whoever has to find out why."""

    engine: Engine
    chance: Random
    server: Server
    group: asyncio.TaskGroup
    workers: list[Worker] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    _names: Iterator[int] = field(default_factory=itertools.count)

    def now(self, skew: float = 0.0) -> datetime:
        """The moment, on a clock that goes wrong by `skew` seconds."""
        return START + timedelta(seconds=asyncio.get_running_loop().time() + skew)

    def say(self, what: str) -> None:
        """Keep in the history."""
        self.history.append(f"{asyncio.get_running_loop().time():7.3f} {what}")

    def start(self) -> Worker:
        """Start one more worker."""
        host = Host(f"w{next(self._names)}", self.chance)
        host.slow = self.chance.choice([0.002, 0.02, 0.3])
        store = SimulatedStore(self.engine, host)
        bus = SimulatedBus(self.server, host)
        workflows = Workflows(
            store, cast("Bus", bus), Outbox(store, KEY), slots=4, queue_size=10_000, limit=timedelta(seconds=20),
            clock=lambda: self.now(host.skew), reign=lambda _: contextlib.nullcontext(Everybody()),
        )  # fmt: skip
        for name, flow in bodies(self.chance).items():
            workflows.register(name, flow)
        for pool in workflows._pools.values():
            pool.scale = Scale(4, 4, clock=asyncio.get_running_loop().time, cpu=lambda: 0.0)
        worker = Worker(host, store, bus, workflows)
        worker.task = self.group.create_task(worker.run())
        self.workers.append(worker)
        return worker

    def stop(self, worker: Worker) -> None:
        """Kill a worker."""
        self.workers.remove(worker)
        worker.host.kill()
        assert worker.task is not None
        worker.task.cancel()

    def rows(self, statement: Any) -> Sequence[Any]:
        """What is in the database."""
        with self.engine.connect() as connection:
            return connection.execute(statement).all()

    async def begin(self, run: Started) -> None:
        """Have a run begun by a process that may die over it; when it says that it is, it is accepted."""
        with contextlib.suppress(Unavailable, TimeoutError, IndexError):
            async with asyncio.timeout(4):
                worker = self.chance.choice(self.workers)
                if (await worker.store.commit(worker.workflows.begin(run)))[0]:
                    self.accepted.append(run.id)

    async def ask(self, what: str, change: Callable[[Worker], Change[Any]]) -> None:
        """Have something done to a run, if it can be."""
        with contextlib.suppress(HulkError, TimeoutError, IndexError):
            async with asyncio.timeout(4):
                worker = self.chance.choice(self.workers)
                self.say(f"{what}, by {worker.host.name}")
                await worker.store.commit(change(worker))

    # ---- what happens

    async def suffer(self, fault: Callable[[], Awaitable[None]]) -> None:
        """One of what follows, unless there is nobody whom it could happen to."""
        if self.workers:
            await fault()

    async def kill(self) -> None:
        """A worker dies, another is started some time later."""
        self.say(f"{self.workers[0].host.name} is killed")
        self.stop(self.workers[0])
        await asyncio.sleep(self.chance.random() * 4)
        self.start()

    async def freeze(self) -> None:
        """A worker is stopped for longer or shorter than its leases last."""
        worker = self.chance.choice(self.workers)
        seconds = self.chance.choice([0.5, 3, 7.5])
        self.say(f"{worker.host.name} is frozen for {seconds} s")
        worker.host.freeze()
        await asyncio.sleep(seconds)
        worker.host.thaw()

    async def cut(self) -> None:
        """A worker does not reach the bus."""
        worker = self.chance.choice(self.workers)
        self.say(f"{worker.host.name} is cut off from the bus")
        worker.host.connected = False
        await asyncio.sleep(self.chance.random() * 6)
        worker.host.connected = True

    async def lose(self) -> None:
        """Of what a worker says to the bus, some is lost."""
        worker = self.chance.choice(self.workers)
        self.say(f"what {worker.host.name} says to the bus is lost")
        worker.bus.lossy = 0.5
        await asyncio.sleep(3)
        worker.bus.lossy = 0.0

    async def trouble(self) -> None:
        """The database is away for a worker, sometimes after it had committed."""
        worker = self.chance.choice(self.workers)
        self.say(f"{worker.host.name} has trouble with the database")
        worker.store.trouble = self.chance.choice([0.3, 1.0])
        await asyncio.sleep(self.chance.random() * 3)
        worker.store.trouble = 0.0

    async def jump(self) -> None:
        """A worker's clock goes wrong."""
        worker = self.chance.choice(self.workers)
        worker.host.skew = self.chance.choice([-10, -1, 1, 10])
        self.say(f"the clock of {worker.host.name} is wrong by {worker.host.skew} s")
        await asyncio.sleep(self.chance.random() * 5)
        worker.host.skew = 0.0

    async def forget(self) -> None:
        """JetStream forgot."""
        self.say("JetStream forgets")
        self.server.forget(self.chance, self.chance.choice([0.3, 1.0]))

    async def repeat(self) -> None:
        """JetStream says things twice."""
        self.say("JetStream repeats itself")
        self.server.repeat(self.chance, 0.5)

    async def crash(self) -> None:
        """JetStream was killed and started again."""
        self.say("JetStream is killed")
        self.server.crash(self.chance)

    async def signal(self) -> None:
        """A signal for somebody."""
        run, key = self._some(), f"{self.chance.random()}"
        await self.ask(f"signal {run}", lambda worker: worker.workflows.signal(run, "go", key, key=key))

    async def cancel(self) -> None:
        """A run is called off."""
        run = self._some()
        await self.ask(f"cancel {run}", lambda worker: worker.workflows.steering.cancel(run, "test"))

    async def replay(self) -> None:
        """A run that failed is executed again."""
        run = self._some()
        await self.ask(f"replay {run}", lambda worker: worker.workflows.steering.replay(run, "test"))

    async def pause(self) -> None:
        """The queue is paused for a while."""
        await self.ask("pause", lambda worker: worker.workflows.steering.pause("default", "test", ""))
        await asyncio.sleep(self.chance.random() * 4)
        await self.ask("resume", lambda worker: worker.workflows.steering.resume("default", "test"))

    def _some(self) -> str:
        return self.chance.choice(self.accepted or ["run_404"])


async def _live(world: World, scenario: Scenario) -> float:
    """All of it happens, then nothing more; gives how many virtual seconds later all runs have ended."""
    async with asyncio.TaskGroup() as happening:
        for number, begin in enumerate(scenario.begins):
            happening.create_task(_later(begin.at, world.begin, begin.started(number)))
        for moment, fault in scenario.faults:
            happening.create_task(_later(moment, world.suffer, getattr(world, fault)))
        await asyncio.sleep(scenario.lasts)
    world.say("quiet")
    quiet = asyncio.get_running_loop().time()
    await world.ask("resume", lambda worker: worker.workflows.steering.resume("default", "test"))
    while left := _unended(world):
        assert asyncio.get_running_loop().time() < quiet + QUIET, f"not ended: {left}"
        await asyncio.sleep(0.5)
        await _signalled(world, left)
    return asyncio.get_running_loop().time() - quiet


async def _signalled(world: World, left: Sequence[Any]) -> None:
    """Give those that wait for a signal one."""
    for run in left:
        if run.status == "waiting" and run.workflow == "hearing" and not run.cancelling:
            key = f"{world.chance.random()}"
            await world.ask(f"signal {run.id}", lambda worker, run=run, key=key: worker.workflows.signal(run.id, "go", key, key=key))  # type: ignore[misc]


async def _later(delay: float, act: Callable[..., Awaitable[None]], *arguments: Any) -> None:
    await asyncio.sleep(delay)
    await act(*arguments)


def _unended(world: World) -> Sequence[Any]:
    return world.rows(
        text(f"select id, status, workflow, cancelling, wake, epoch, touched, due, lane, parent, fan from run where status not in {ENDED}")
    )


EXPECTED = {
    "plain": ["a", "b", "c"], "long": ["a", "b"], "saga": ["a", "b", "c"], "napping": ["a", "sleep:nap", "b"],
    "hearing": ["wait:go", "until:go", "wait:go", "a", "wait:go"], "family": ["begin:children/0", "all:children", "a"],
    "beside": ["side0", "side1", "side2", "side3", "side-last"],
}  # fmt: skip


def check(world: World) -> None:
    """What must be true once all have ended."""
    assert not (wrong := world.rows(select(wrong_table.c.run, wrong_table.c.what))), wrong
    rows = {row.id: row for row in world.rows(select(run_table))}
    assert set(world.accepted) <= set(rows), "accepted runs are lost"
    steps, marks = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for one in world.rows(select(step_table.c.run, step_table.c.name).order_by(step_table.c.run, step_table.c.position)):
        steps[one.run].append(one.name)
    for one in world.rows(select(mark_table.c.run, mark_table.c.step).order_by(mark_table.c.id)):
        marks[one.run].append(one.step)
    for run, row in rows.items():
        _check_run(row, steps[run], marks[run])


def _check_run(row: Any, steps: list[str], marks: list[str]) -> None:
    about = f"{row.id} {row.workflow} {row.status}: {steps}, marks {marks}"
    expected = EXPECTED[row.workflow]
    if row.status == "completed":
        assert steps == expected, about
    done = [step for step in steps if not step.startswith("undo:") and step != "failed"]
    undone = [step.removeprefix("undo:") for step in steps if step.startswith("undo:")]
    if row.workflow == "beside":
        assert set(done) <= set(expected), about
    else:
        assert done == expected[: len(done)], about
    if undone:
        assert undone == done[: len(undone)][::-1], about
        assert row.status in ("failed", "cancelled"), about
    made = [step for step in steps if step in "abc" or step.startswith(("undo:", "side"))]
    # A replay forgets records, not what was done for them: the last marks are those of the steps that are recorded.
    assert sorted(marks[len(marks) - len(made) :]) == sorted(made), about


def simulate(engine: Engine, scenario: Scenario) -> float:
    """One history; gives how many virtual seconds after the last fault all had ended. Raises `AssertionError` with what happened."""
    emptied(engine)
    random.seed(scenario.seed)
    history = list[str]()
    try:
        with _quiet():
            return virtually(lambda: _history(engine, scenario, history), most=MOST)
    except BaseException as error:
        raise AssertionError(f"{scenario}: {_causes(error)}\n" + "\n".join(history)) from error


async def _history(engine: Engine, scenario: Scenario, history: list[str]) -> float:
    async with _world(engine, Random(scenario.seed), scenario.workers, history) as world:
        seconds = await _live(world, scenario)
        check(world)
    return seconds


@asynccontextmanager
async def _world(engine: Engine, chance: Random, workers: int, history: list[str]) -> AsyncIterator[World]:
    async with asyncio.TaskGroup() as group:
        server = Server(clock=lambda: START + timedelta(seconds=asyncio.get_running_loop().time()))
        world = World(engine, chance, server, group, history=history)
        running = group.create_task(server.run())
        for _ in range(workers):
            world.start()
        try:
            yield world
        finally:
            for worker in list(world.workers):
                world.stop(worker)
            running.cancel()


def _causes(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_causes(one) for one in error.exceptions)
    return f"{type(error).__name__}: {error}"


@contextmanager
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)
