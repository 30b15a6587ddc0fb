"""The model that Hulk serves itself, as the settings want it: `models.local`."""

import os
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from hulk.kernel.errors import Refused
from hulk.modules.router.settings import LocalSettings, ModelsSettings
from hulk.runtime.config import Config
from hulk.runtime.http import Check
from hulk.runtime.models import LocalServer, Wanted, installed, model_file, serving
from hulk.runtime.telemetry import Metrics

FOLDER = "models"
"""In the data folder: where packaged models are, and how one that is served is reached."""


async def entered(stack: AsyncExitStack, config: Config, data: Path, start: Path, metrics: Metrics) -> LocalServer | None:
    """The model's server until the stack is left, None where none is wanted; it loads meanwhile. Paths count from `start`. Raises
    `Refused` when the model or what serves it is not there."""
    settings = config.section(ModelsSettings).local
    if not settings.model:
        return None
    server = await stack.enter_async_context(serving(wanted(settings, data, start)))
    server.measure(metrics)
    return server


def wanted(settings: LocalSettings, data: Path, start: Path) -> Wanted:
    """What these settings ask to be served. Raises `Refused` when the model or what serves it is not there."""
    if not installed():
        raise Refused("Serving a model here (models.local) needs a package that is not installed: pip install 'hulk-ops[local]'.")
    return Wanted(
        file=model_file(settings.model, data / FOLDER, start), folder=data / FOLDER, context=settings.context, slots=settings.slots,
        threads=settings.threads or _threads(), port=settings.port, memory=settings.memory,
    )  # fmt: skip


def _threads() -> int:
    """All processors that we may use but one, two at least where there are two."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(ours, max(2, ours - 1))


def local_check(server: LocalServer | None) -> dict[str, Check]:
    """What `/ready` tells of it, where there is one. Hulk is ready without it: skills and other models answer meanwhile."""
    if server is None:
        return {}

    async def check() -> Mapping[str, object]:
        facts = {"state": server.state, "restarts": server.restarts, "memory": server.memory}
        return facts if server.trouble is None else {**facts, "detail": server.trouble}

    return {"local_model": check}
