"""Whether the process lives, and whether it is ready to work: what load balancers, containers and people ask first."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

import hulk
from hulk.kernel.errors import HulkError
from hulk.kernel.text import Text
from hulk.runtime.http.documentation import sending
from hulk.runtime.http.request import Spoken
from hulk.runtime.telemetry import Metrics

log = structlog.get_logger("hulk.http")

Check: TypeAlias = Callable[[], Awaitable[Mapping[str, object] | None]]
"""Gives details worth telling (or None) when the part is ready; raises `HulkError` when it is not."""

_PATIENCE = 2.0
_NOT_READY: dict[int | str, dict[str, object]] = {
    503: {"description": "Something is not ready", "content": {"application/json": {"schema": {}}}}
}


def routes(checks: Mapping[str, Check], metrics: Metrics | None) -> APIRouter:
    """`/health`, `/ready` with the state of each check by name, and `/metrics` unless `metrics` is None."""
    router = APIRouter(tags=["operation"])

    @router.get("/health", summary="Whether the process lives")
    async def health() -> dict[str, str]:
        return {"status": "ok", "version": hulk.__version__}

    @router.get("/ready", summary="Whether everything that work needs is there", responses=_NOT_READY)
    async def ready(voice: Spoken) -> Response:
        async with asyncio.TaskGroup() as group:
            tasks = {name: group.create_task(_state(name, check)) for name, check in checks.items()}
        states = {name: task.result() for name, task in tasks.items()}
        fine = all(state["status"] == "ok" for state in states.values())
        told = {
            name: {key: voice.say(value) if isinstance(value, Text) else value for key, value in state.items()}
            for name, state in states.items()
        }
        body = {"status": "ok" if fine else "not_ready", "checks": told}
        return JSONResponse(body, 200 if fine else 503, {"cache-control": "no-store"})

    if metrics is not None:

        @router.get("/metrics", summary="Metrics for Prometheus", response_class=Response, responses=sending("text/plain"))
        async def scrape() -> Response:
            return Response(metrics.render(), media_type=metrics.media_type)

    return router


async def _state(name: str, check: Check) -> dict[str, object]:
    try:
        async with asyncio.timeout(_PATIENCE):
            return {"status": "ok", **(await check() or {})}
    except TimeoutError:
        return {"status": "failed", "detail": Text("No answer within {seconds} s.", seconds=_PATIENCE)}
    except HulkError as error:
        return {"status": "failed", "detail": error.text}
    except Exception:
        log.exception("check_failed", check=name)
        return {"status": "failed", "detail": Text("The check itself failed; the log has the details.")}
