"""Logs: one JSON object a line on standard error, from structlog and from the standard library alike."""

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO, TypeAlias, get_args

import structlog
from opentelemetry import trace
from structlog.typing import EventDict, Processor

from hulk.kernel.errors import Refused
from hulk.runtime.telemetry.redaction import redacted

Level: TypeAlias = Literal["debug", "info", "warning", "error"]

_LEVELS: Mapping[str, int] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CHATTY = ("uvicorn.access", "asyncio", "sqlalchemy.engine", "nats.aio", "httpx", "httpx2")
"""Loggers of which only warnings are wanted. The last two write the address of each request, query and all, at level info."""


class Sink:
    """Where structlog's lines go: a stream, one write a line, so that lines of threads do not mix."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self.name = name

    def msg(self, line: str) -> None:
        """Write one line. What cannot be written is left: nobody reads the stream any more, or the disk is full on which it ends, and
        that a line is missing must not end what it tells of."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            return

    debug = info = warning = error = critical = exception = log = msg


class Bridge(logging.Handler):
    """Takes the standard library's records (uvicorn, sqlalchemy, nats) into the same lines."""

    def __init__(self, processors: list[Processor], stream: TextIO) -> None:
        super().__init__()
        self._processors = tuple(processors)  # its own: structlog's list may be changed in place
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record` as a structlog event."""
        event: Any = {"event": record.getMessage(), "_level": record.levelname.lower(), "_record": record.name}
        if record.exc_info and record.exc_info[0] is not None:
            event["exc_info"] = record.exc_info
        sink = Sink(self._stream, record.name)
        for processor in self._processors:
            event = processor(sink, record.levelname.lower(), event)
        sink.msg(event)


def begin(level: Level, form: Literal["json", "console"], stream: TextIO | None = None) -> None:
    """Log from now on at `level` and above, in that form, to `stream` (standard error)."""
    out = stream or sys.stderr
    processors = [structlog.contextvars.merge_contextvars, _stamped, _explained, _masked, _renderer(form)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda name="hulk", *_: Sink(out, name),
        cache_logger_on_first_use=False,  # so that a change of level reaches every logger
    )
    root = logging.getLogger()
    root.handlers[:] = [*(handler for handler in root.handlers if not isinstance(handler, Bridge)), Bridge(processors, out)]
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    set_level(level)


def set_level(name: str) -> None:
    """Change the least level that is written, at once and for every logger; raises `Refused` for a name that is none."""
    if name not in _LEVELS:
        raise Refused("“{level}” is not a log level; allowed: {allowed}.", level=name, allowed=", ".join(_LEVELS))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[name]))
    logging.getLogger().setLevel(_LEVELS[name])


def level() -> Level:
    """The least level that is written."""
    number = logging.getLogger().getEffectiveLevel()
    found: Level = next((name for name in reversed(get_args(Level)) if _LEVELS[name] <= number), "debug")
    return found


def _stamped(logger: Any, method: str, event: EventDict) -> EventDict:
    """Time, level, logger, and the trace that is open."""
    here = trace.get_current_span().get_span_context()
    stamped: EventDict = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "level": event.pop("_level", "error" if method == "exception" else method),
        "event": event.pop("event", ""),
        "logger": event.pop("_record", logger.name),
    }
    if here.is_valid:
        stamped["trace_id"] = f"{here.trace_id:032x}"
        stamped["span_id"] = f"{here.span_id:016x}"
    return {**stamped, **event}


def _explained(logger: Any, method: str, event: EventDict) -> EventDict:
    return structlog.processors.format_exc_info(logger, method, event) if "exc_info" in event else event


def _masked(_: Any, __: str, event: EventDict) -> EventDict:
    return redacted(event)


def _renderer(form: Literal["json", "console"]) -> Processor:
    if form == "json":
        return _as_json
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time")


def _as_json(_: Any, __: str, event: EventDict) -> str:
    return _encoded(event)


_encoded = json.JSONEncoder(ensure_ascii=False, default=str).encode
