"""Routes and metrics of the running program itself."""

from typing import Any, Literal

from fastapi import APIRouter
from prometheus_client import Gauge
from pydantic import BaseModel, ConfigDict

from hulk.kernel.tenancy import Principal
from hulk.runtime.bus import Bus
from hulk.runtime.cache import Cache, Caches
from hulk.runtime.http import Caller, allow
from hulk.runtime.telemetry import Metrics, set_level
from hulk.runtime.workflows import Workflows


class LevelBody(BaseModel):
    """The least level that is logged."""

    model_config = ConfigDict(extra="forbid")

    level: Literal["debug", "info", "warning", "error"]


def logging_routes() -> APIRouter:
    """`PUT /v1/log-level`."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    @router.put("/log-level", summary="Change the log level while running", status_code=204)
    async def put(body: LevelBody, caller: Caller) -> None:
        allow(caller, "admin")
        set_level(body.level)

    return router


def cache_routes(caches: Caches) -> APIRouter:
    """`/v1/caches`. Keys and tags are the caller's tenant's, or with `shared` those that belong to no tenant."""
    router = APIRouter(prefix="/v1", tags=["operation"])

    def of(name: str, caller: Principal, *, shared: bool) -> Cache[Any]:
        allow(caller, "admin")
        return caches.find(name).of("" if shared else caller.tenant)

    @router.get("/caches", summary="The caches of this process: entries, hits by level, what was made")
    async def show(caller: Caller) -> dict[str, Any]:
        allow(caller, "viewer")
        levels = {name: "up" if up else "away" for name, up in caches.levels().items()}
        return {"caches": caches.told(), "levels": levels, "waiting": caches.waiting}

    @router.delete("/caches/{name}", summary="Empty a cache, in every process", status_code=204)
    async def clear(name: str, caller: Caller) -> None:
        await of(name, caller, shared=True).clear()

    @router.delete("/caches/{name}/keys/{key:path}", summary="Remove what is under a key, in every process", status_code=204)
    async def remove(name: str, key: str, caller: Caller, shared: bool = False) -> None:
        await of(name, caller, shared=shared).remove(key)

    @router.delete("/caches/{name}/tags/{tag:path}", summary="Remove all that has a tag, in every process", status_code=204)
    async def remove_by_tag(name: str, tag: str, caller: Caller, shared: bool = False) -> None:
        await of(name, caller, shared=shared).remove_by_tag(tag)

    return router


def metrics_of(metrics: Metrics, workflows: Workflows, bus: Bus) -> None:
    """Gauges that are read when scraped."""
    _read(metrics.gauge("hulk_workers_busy", "Runs being executed in this process."), lambda: workflows.busy)
    _read(metrics.gauge("hulk_worker_slots", "Runs that this process may execute at once, as of now."), lambda: workflows.slots)
    strange = metrics.gauge(
        "hulk_runs_handed_back_unknown", "Runs handed back since the start because their workflow is not in this process."
    )
    _read(strange, lambda: workflows.strange)
    _read(metrics.gauge("hulk_bus_connected", "1 while the bus can be reached."), lambda: int(bus.connected))
    _read(metrics.gauge("hulk_wake_ups_waiting", "Wake-ups of runs that were not sent yet."), lambda: workflows.unsent)


def _read(gauge: Gauge, value: object) -> None:
    gauge.set_function(value)  # type: ignore[arg-type]  # a function of nothing that gives a number
