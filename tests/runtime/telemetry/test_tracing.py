"""Spans: their ids always, and over OTLP to a real receiver when tracing is enabled."""

import asyncio
import contextlib
import re
import subprocess
import sys

import oteltap
import pytest

from hulk.runtime.config import Config, TelemetrySettings, TracingSettings
from hulk.runtime.telemetry import current_traceparent, span, started, trace_id
from support.ports import free_port

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def tracing(endpoint: str) -> Config:
    """Settings with tracing to that collector."""
    return Config(telemetry=TelemetrySettings(tracing=TracingSettings(enabled=True, endpoint=endpoint)))


def test_there_is_no_traceparent_outside_of_a_span() -> None:
    assert current_traceparent() is None
    assert trace_id() is None


def test_without_tracing_spans_have_ids_all_the_same() -> None:
    with span("one"):
        first = current_traceparent()
    with span("two"):
        second = current_traceparent()
    assert first is not None
    assert second is not None
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", first)
    assert first[3:35] != second[3:35]


def test_a_span_goes_on_with_the_trace_it_is_handed() -> None:
    with span("one", PARENT):
        here = current_traceparent()
        assert trace_id() == PARENT[3:35]
        with span("two"):
            assert trace_id() == PARENT[3:35]
    assert here is not None
    assert here[36:52] != PARENT[36:52]
    assert here.endswith("-01")


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "00",
        PARENT.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{'a' * 32}-{'0' * 16}-01",
        PARENT.upper(),
        PARENT + "x",
    ],
)
def test_a_malformed_traceparent_begins_a_trace_of_its_own(traceparent: str) -> None:
    with span("one", traceparent):
        assert trace_id() not in (None, PARENT[3:35], "a" * 32, "0" * 32)


async def test_spans_reach_a_collector_with_what_they_tell() -> None:
    port = free_port()
    settings = oteltap.OtelTapHttpProtobufReceiverSettings(http_port=port, listen_on_all_interfaces=False)
    here = None
    async with oteltap.OtelTapHttpProtobufReceiver(settings) as receiver, asyncio.TaskGroup() as group:
        arriving = group.create_task(receiver.await_trace(lambda it: it.name == "work", timeout=20))
        await asyncio.sleep(0)
        async with started(tracing(f"http://127.0.0.1:{port}"), service="hulk-test"):
            with span("accept", PARENT), contextlib.suppress(ValueError), span("work", ticket="tkt_1"):
                here = current_traceparent()
                raise ValueError("wrong")
        work = await arriving
    assert here == f"00-{work.trace_id.hex()}-{work.span_id.hex()}-01"
    assert work.trace_id.hex() == PARENT[3:35]
    assert {it.key: it.value.string_value for it in work.attributes} == {"ticket": "tkt_1"}
    assert work.status.code == 2
    assert [event.name for event in work.events] == ["exception"]


async def test_a_collector_that_is_away_breaks_nothing() -> None:
    async with started(tracing(f"http://127.0.0.1:{free_port()}")):
        with span("lost"):
            assert trace_id() is not None
    with span("after"):
        assert str(current_traceparent()).endswith("-00")


def test_the_exporter_is_not_imported_unless_tracing_is_enabled() -> None:
    code = """
import sys, hulk.runtime.telemetry
print([name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter", "google.protobuf"))])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
