"""`hulk tickets`: a process that serves tickets over gRPC and HTTP, and executes no runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

from hulk.apps import starting
from hulk.apps.bootstrap import Hulk, ticketing
from hulk.apps.stopping import Stopping, until_stopped
from hulk.apps.terminal import announce, spoken
from hulk.apps.whereabouts import TICKETS_INFO, write_info
from hulk.kernel.text import Text
from hulk.modules.tickets.settings import TicketsSettings
from hulk.runtime.config import Config
from hulk.runtime.http import Serving, bind, serve
from hulk.runtime.telemetry import Metrics


async def ticket_until_stopped(config: Config, data: Path, folder: Path) -> int:
    """Serve until SIGINT or SIGTERM. Gives the exit code; raises `HulkError`."""

    async def work(stopping: Stopping) -> int:
        async with ticketing(config, data, folder) as hulk, _metrics(hulk) as metrics:
            stopping.ready = True
            starting.over()
            write_info(data, hulk.serving.url, (), name=TICKETS_INFO, grpc=hulk.rpc, metrics=metrics.url if metrics else None)
            _greet(hulk)
            try:
                await stopping.asked.wait()
            finally:
                (data / TICKETS_INFO).unlink(missing_ok=True)
                announce(spoken(Text("Stopping: what runs is finished or handed back …")), "dim")
        return 0

    return await until_stopped(work)


@asynccontextmanager
async def _metrics(hulk: Hulk) -> AsyncIterator[Serving | None]:
    """`/metrics` on a port of its own, without keys, as Prometheus likes it; nothing where metrics are off."""
    config, settings = hulk.config, hulk.config.section(TicketsSettings)
    if not config.telemetry.metrics.enabled:
        yield None
        return
    free = config.server.port == 0 and "tickets.metrics_port" not in config.origins
    listening = bind(settings.metrics_host, 0 if free else settings.metrics_port, "tickets.metrics_port")
    async with serve(_scraped(hulk.telemetry.metrics), listening) as serving:
        yield serving


def _scraped(metrics: Metrics) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.state.closing = asyncio.Event()

    @app.get("/metrics")
    async def scrape() -> Response:
        return Response(metrics.render(), media_type=metrics.media_type)

    return app


def _greet(hulk: Hulk) -> None:
    said = Text("Tickets are served at {url}, over gRPC on port {grpc}. Ctrl-C stops it.", url=hulk.serving.url, grpc=hulk.rpc or "—")
    announce(spoken(said), "good")
