"""Logs, traces and metrics, correlated: a log line names the trace that was open when it was written.

    async with started(config) as telemetry:
        with span("accept", traceparent=header, tenant="default"):
            log.info("intent_accepted", intent=id)

Loggers are structlog's: `log = structlog.get_logger(__name__)`. Secrets are masked by name and by look before a line is written.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TextIO

import hulk
from hulk.kernel import ids
from hulk.runtime.config import Config
from hulk.runtime.telemetry import logs, tracing
from hulk.runtime.telemetry.logs import Level, level, set_level
from hulk.runtime.telemetry.metrics import SECONDS, Metrics
from hulk.runtime.telemetry.redaction import redacted
from hulk.runtime.telemetry.tracing import current_traceparent, span, trace_id

__all__ = [
    "SECONDS",
    "Level",
    "Metrics",
    "Telemetry",
    "current_traceparent",
    "level",
    "redacted",
    "set_level",
    "span",
    "started",
    "trace_id",
]


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What a running program tells about itself."""

    metrics: Metrics = field(default_factory=Metrics)

    def set_level(self, name: str) -> None:
        """Change the log level while running; raises `Refused` for a name that is none."""
        set_level(name)


@asynccontextmanager
async def started(config: Config, *, service: str = "hulk", stream: TextIO | None = None) -> AsyncIterator[Telemetry]:
    """Logging, and tracing when it is enabled, until the block ends; then what was recorded is flushed (5 s at most)."""
    logs.begin(config.logging.level, config.logging.format, stream)
    settings = config.telemetry.tracing
    close = tracing.exporting(settings, service, hulk.__version__, ids.process()) if settings.enabled else None
    try:
        yield Telemetry()
    finally:
        if close is not None:
            await asyncio.to_thread(close)
