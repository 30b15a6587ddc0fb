"""The systems of some settings, as the program connects them, over a store of their own."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hulk.kernel.errors import NotFound
from hulk.modules.tools import Mounted
from hulk.modules.tools.settings import SystemsSettings
from hulk.modules.tools.wiring import Around, Secrets, connected
from hulk.modules.tools.wiring.made import made
from hulk.runtime.background import Rounds
from hulk.runtime.breaker import Breakers
from hulk.runtime.config import BreakerSettings
from hulk.runtime.outbox import Outbox
from hulk.runtime.store import Store
from hulk.runtime.telemetry import Metrics
from hulk.runtime.validation import parsed


@contextlib.asynccontextmanager
async def mounted(given: Mapping[str, Any], store: Store, data: Path) -> AsyncIterator[Sequence[Mounted]]:
    """Those of `tools.systems`; `data` is the data folder. Nobody has sent a file."""

    async def sent(_: str, id_: str) -> Path:
        raise NotFound("There is no file {id} here. Send it again.", id=id_)

    around = Around(
        store=store, trail=Outbox(store, b"k" * 32), breakers=Breakers(BreakerSettings(), Metrics()), metrics=Metrics(),
        rounds=Rounds(Metrics()), folder=data / "mcp", data=data, stale=lambda: None, sent=sent,
    )  # fmt: skip
    settings = parsed(SystemsSettings, given)
    async with contextlib.AsyncExitStack() as stack:
        yield connected(settings, await made(stack, settings, Secrets(lambda _: str), around), around).mounted
