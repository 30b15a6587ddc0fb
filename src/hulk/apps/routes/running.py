"""The log level, and metrics that are read when scraped."""

import functools
from typing import get_args

from fastapi import APIRouter
from prometheus_client import Gauge

from hulk.apps.routes.platform import Platform, deed
from hulk.kernel import ids
from hulk.kernel.records import JsonObject
from hulk.runtime.bus import Bus
from hulk.runtime.http import Caller, Reasoned, allow
from hulk.runtime.telemetry import Level, Metrics, level, set_level
from hulk.runtime.workflows import Workflows


class LevelBody(Reasoned):
    """The least level that is logged."""

    level: Level


def logging_routes(platform: Platform) -> APIRouter:
    """`/v1/log-level`."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.get("/log-level", summary="From which level on is logged")
    async def show(caller: Caller) -> JsonObject:
        """By `process`, the one that answers. Allowed are `levels`."""
        allow(caller, "read", "platform")
        return {"level": level(), "levels": list(get_args(Level)), "process": ids.process()}

    @router.put("/log-level", summary="Change the log level while running", status_code=204)
    async def put(body: LevelBody, caller: Caller) -> None:
        """Of this process, until it ends or is told otherwise."""
        allow(caller, "manage", "platform")
        process, before, after = ids.process(), {"level": level()}, {"level": body.level}
        await platform.tell(deed("hulk.logging.changed.v1", process, caller, body.reason, before, after))
        set_level(body.level)

    return router


def metrics_of(metrics: Metrics, workflows: Workflows, bus: Bus) -> None:
    """Gauges that are read when scraped."""
    _read(metrics.gauge("hulk_workers_busy", "Runs being executed in this process."), lambda: workflows.busy)
    strange = metrics.gauge(
        "hulk_runs_handed_back_unknown", "Runs handed back since the start because their workflow is not in this process."
    )
    _read(strange, lambda: workflows.strange)
    _read(metrics.gauge("hulk_bus_connected", "1 while the bus can be reached."), lambda: int(bus.connected))
    _read(metrics.gauge("hulk_wake_ups_waiting", "Wake-ups of runs that were not sent yet."), lambda: workflows.unsent)
    slots = metrics.gauge("hulk_slots", "Slots of this process for runs, by queue.", ["queue"])
    for queue in workflows.slots:
        _read(slots.labels(queue), functools.partial(lambda queue: workflows.slots[queue], queue))


def _read(gauge: Gauge, value: object) -> None:
    gauge.set_function(value)  # type: ignore[arg-type]  # a function of nothing that gives a number
