"""Hulk's durable runs: a run of one recorded step, on SQLite (an empty `BENCH_STORE`) or PostgreSQL. `BENCH_SLOTS` of them at once."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import func, select

from benchmarks.peers.task import SLOTS, Count, Data, Send, execute, folder, main, option, server
from hulk.apps.schema import prepare
from hulk.kernel.durable import Change, Context, Outcome, Started
from hulk.kernel.errors import HulkError
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Address, connect
from hulk.runtime.config import Config
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, opened
from hulk.runtime.telemetry import started
from hulk.runtime.workflows import Workflows
from hulk.runtime.workflows.tables import run_table, step_table

GRACE = timedelta(seconds=5)


class OneStep:
    """The workflow."""

    async def __call__(self, context: Context, data: JsonObject) -> JsonObject:
        """Execute the task as a recorded step."""

        async def act() -> Outcome[int]:
            return Outcome(await execute(data))

        return {"number": await context.step("execute", act)}

    def failed(self, _: Started, __: HulkError) -> Sequence[Change[Any]]:
        """Nothing more."""
        return []

    def revived(self, _: Started) -> Sequence[Change[Any]]:
        """Nothing more."""
        return []


@asynccontextmanager
async def working(queues: Sequence[str]) -> AsyncIterator[tuple[Store, Workflows]]:
    """The machine as a process of the cluster has it, telemetry as by default."""
    async with (
        started(Config()),
        opened(option("store"), Path(folder())) as store,
        connect(Address(urls=(server(),))) as bus,
    ):
        await asyncio.to_thread(prepare, store.engine)
        await bus.ensure_streams(max_tasks=1_000_000)
        slots = int(option("slots", str(SLOTS)))
        outbox = Outbox(store, b"bench")
        workflows = Workflows(store, bus, outbox, slots=slots, queue_size=10**9, limit=timedelta(seconds=20), queues=queues)
        workflows.register("one", OneStep())
        async with workflows.working(sole=False, grace=GRACE):
            yield store, workflows


async def _work() -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    async with working(["default"]):
        await ending.wait()


def work() -> None:
    """One worker process."""
    uvloop.run(_work())


@asynccontextmanager
async def sending() -> AsyncIterator[tuple[Send, Count]]:
    """Each run committed before the next of its lane is begun. `BENCH_ALONE`: it executes them too, as `hulk up` does."""
    async with working(["default"] if option("alone") else []) as (store, workflows):

        async def send(data: Data) -> None:
            run = Started(workflow="one", data=data, tenant=data["tenant"], id=f"run_{data['number']}")
            await store.commit(workflows.begin(run))

        async def count() -> int:
            return await store.read(lambda connection: int(connection.execute(_COMPLETED_ONCE).scalar_one()))

        yield send, count


_RECORDED_ONCE = select(step_table.c.run).group_by(step_table.c.run).having(func.count() == 1)
_COMPLETED_ONCE = select(func.count()).where(run_table.c.status == "completed", run_table.c.id.in_(_RECORDED_ONCE))
"""Runs that are completed and have exactly one recorded step."""

if __name__ == "__main__":
    main(work, sending)
