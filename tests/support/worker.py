"""A worker as a process of its own: `python -m support.worker <name> <store url> <folder> <nats url> <user> <password>`; ends at SIGTERM.

Executes runs of the workflow "marks": three steps, each leaving a mark in the same transaction as its record."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from hulk.kernel.durable import Context, Outcome
from hulk.kernel.errors import Unavailable
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Address, connect
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Transaction, opened
from hulk.runtime.workflows import Workflows
from support.runs import KEY, Flow

STEPS = ("first", "second", "third")
mark_table = Table(
    "test_mark",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("run", String(64)),
    Column("step", String(16)),
    Column("by", String(16)),
)


def marks(worker: str) -> Flow:
    """The workflow, as that worker executes it."""

    def marking(run: str, step: str) -> Callable[[], Awaitable[Outcome[str]]]:
        def mark(tx: Transaction) -> None:
            tx.execute(insert(mark_table), {"run": run, "step": step, "by": worker})

        async def act() -> Outcome[str]:
            await asyncio.sleep(0.02)
            return Outcome(worker, [mark])

        return act

    async def body(context: Context, _: JsonObject) -> JsonObject:
        return {"by": [await context.step(step, marking(context.run_id, step)) for step in STEPS]}

    return Flow(body)


async def main(name: str, store_url: str, folder: str, nats: str, user: str, password: str) -> None:
    """Work until told to end."""
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    async with opened(store_url, Path(folder)) as store, connect(Address(urls=(nats,), user=user, password=password)) as bus:
        workflows = Workflows(store, bus, Outbox(store, KEY), slots=8, queue_size=1000, limit=timedelta(seconds=10))
        workflows.register("marks", marks(name))
        async with workflows.working(sole=False, grace=timedelta(seconds=2)):
            print("working", flush=True)
            await ending.wait()


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except Unavailable:
        sys.exit(os.EX_TEMPFAIL)
