"""A process that writes to the trail and archives it, for tests that kill it: `python -m support.archiver STORE FOLDER ARCHIVE`.

The archive is always some way behind. It prints how many events it was told are on disk."""

import asyncio
import contextlib
import sys
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from hulk.kernel.errors import Unavailable
from hulk.kernel.events import Event
from hulk.modules.audit.ports import Marks
from hulk.modules.audit.settings import AuditSettings
from hulk.modules.audit.wiring import wired
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store, opened
from hulk.runtime.telemetry import Metrics
from support.patience import until_found

KEY = b"the installation's"
TENANTS = 3
BEHIND = 5_000
"""Events that the archive may lack before no more are written."""
LOOK = 50
"""After how many of a tenant's events it is looked at."""


async def main(store_url: str, folder: str, archive_url: str) -> None:
    """Write and archive until killed."""
    settings = AuditSettings(archive=SecretStr(archive_url))
    async with opened(store_url, Path(folder)) as store, wired(settings, store, "", Path(folder), KEY, Metrics()) as audit:
        outbox = Outbox(store, KEY)
        archiving = audit.archiving(Metrics(), outbox.bell())
        async with asyncio.TaskGroup() as group:
            group.create_task(archiving.run())
            for tenant in range(TENANTS):
                group.create_task(_writing(store, outbox, f"tenant-{tenant}", archiving.marks))


async def _writing(store: Store, outbox: Outbox, tenant: str, marks: Marks) -> None:
    written = 0
    while True:
        if written % LOOK == 0:
            with contextlib.suppress(Unavailable):
                await until_found(partial(_near, marks), within=600)
        two = [Event(type="hulk.ticket.completed.v1", subject=f"tkt_{written}", tenant=tenant, actor="ana") for _ in range(2)]
        try:
            await store.commit(outbox.append(*two))
        except Unavailable:
            await asyncio.sleep(0.02)
            continue
        written += 2
        sys.stdout.write(f"{tenant} {written}\n")
        sys.stdout.flush()


async def _near(marks: Marks) -> bool:
    """Whether the archive is not too far behind: it is never idle, and no more is left at the end after a hundred kills than after one."""
    return (await marks.waiting()).entries <= BEHIND


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
