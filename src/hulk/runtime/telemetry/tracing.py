"""Spans. Their ids always exist, so that logs and answers name a trace; they are recorded and exported when tracing is enabled."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, Tracer

from hulk.runtime.config import TracingSettings

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_random = random.getrandbits
"""As OpenTelemetry's SDK makes ids. What asks the system for each (os.urandom) lets go of the interpreter: where other threads work, it
costs ten times as much, and keeps who waits."""
_recording: list[Tracer] = []
"""The tracer while tracing is on: spans, like logs, belong to the whole process."""


def current_traceparent() -> str | None:
    """The W3C traceparent of the span that is open here, to be sent along; None when there is none."""
    here = trace.get_current_span().get_span_context()
    return f"00-{here.trace_id:032x}-{here.span_id:016x}-{here.trace_flags:02x}" if here.is_valid else None


def trace_id() -> str | None:
    """The id of the trace that is open here, 32 hexadecimal digits."""
    here = trace.get_current_span().get_span_context()
    return f"{here.trace_id:032x}" if here.is_valid else None


@contextmanager
def span(
    name: str, traceparent: str | None = None, *, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | float | bool
) -> Iterator[Span]:
    """A span around the block, child of `traceparent` (W3C; ignored when malformed) or else of the span open here.

    An exception that leaves the block is recorded on it and goes on."""
    parent = _parsed(traceparent)
    around = trace.set_span_in_context(NonRecordingSpan(parent)) if parent else context.get_current()
    if _recording:
        with _recording[-1].start_as_current_span(name, around, kind=kind, attributes=attributes) as opened:
            yield opened
        return
    opened = NonRecordingSpan(_unrecorded(trace.get_current_span(around).get_span_context()))
    token = context.attach(trace.set_span_in_context(opened, around))
    try:
        yield opened
    finally:
        context.detach(token)


def _parsed(traceparent: str | None) -> SpanContext | None:
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None:
        return None
    return SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16) & 1))


def _unrecorded(parent: SpanContext) -> SpanContext:
    number = parent.trace_id if parent.is_valid else _random(128) | 1
    return SpanContext(number, _random(64) | 1, is_remote=False, trace_flags=parent.trace_flags)


def exporting(settings: TracingSettings, name: str, version: str, instance: str) -> Callable[[], None]:
    """Record spans from now on and export them over OTLP/HTTP; gives what flushes and ends it."""
    # The SDK, the exporter and protobuf cost 20 MB and 0.2 s: only those who trace pay.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": name, "service.version": version, "service.instance.id": instance})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{settings.endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("hulk", version)
    _recording.append(tracer)

    def close() -> None:
        _recording.remove(tracer)
        provider.shutdown()

    return close
