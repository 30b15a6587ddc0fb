"""What a line of the log holds, and what it never holds."""

import contextlib
import io
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TextIO

import httpx2
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from hulk.kernel.errors import Refused
from hulk.runtime.config import Config, LoggingSettings
from hulk.runtime.telemetry import Telemetry, current_traceparent, redacted, span, started
from hulk.runtime.telemetry.logs import Sink

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
async def stream() -> AsyncIterator[io.StringIO]:
    """Where the log goes; logging is as before afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def telemetry(stream: io.StringIO) -> AsyncIterator[Telemetry]:
    """Telemetry as it is by default."""
    async with started(Config(), stream=stream) as begun:
        yield begun


@pytest.fixture
def lines(telemetry: Telemetry, stream: io.StringIO) -> Lines:
    """The lines that were logged so far."""
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_event_and_logger(lines: Lines) -> None:
    structlog.get_logger("hulk.test").info("ticket_opened", ticket="tkt_1", título="ação")
    [line] = lines()
    assert line["time"].endswith("Z")
    assert {key: line[key] for key in line if key != "time"} == {
        "level": "info", "event": "ticket_opened", "logger": "hulk.test", "ticket": "tkt_1", "título": "ação",
    }  # fmt: skip


def test_a_line_names_the_trace_that_is_open(lines: Lines) -> None:
    log = structlog.get_logger()
    with span("outer"):
        traceparent = current_traceparent()
        log.info("one")
        with span("inner"):
            log.info("two")
            logging.getLogger("other").warning("three")
    log.info("four")
    one, two, three, four = lines()
    assert traceparent == f"00-{one['trace_id']}-{one['span_id']}-00"
    assert one["trace_id"] == two["trace_id"] == three["trace_id"]
    assert one["span_id"] != two["span_id"] == three["span_id"]
    assert "trace_id" not in four


def test_the_standard_library_logs_into_the_same_lines(lines: Lines) -> None:
    try:
        raise ValueError("wrong")  # noqa: TRY301  # what is logged
    except ValueError:
        logging.getLogger("uvicorn.error").exception("it failed: %s", "here")
    [line] = lines()
    assert (line["level"], line["logger"], line["event"]) == ("error", "uvicorn.error", "it failed: here")
    assert "ValueError: wrong" in line["exception"]


def test_the_level_changes_while_running_for_every_logger(telemetry: Telemetry, lines: Lines) -> None:
    log = structlog.get_logger("hulk.early")
    log.debug("unheard")
    logging.getLogger("early").debug("unheard")
    telemetry.set_level("debug")
    log.debug("heard")
    logging.getLogger("early").debug("heard too")
    telemetry.set_level("error")
    log.warning("unheard")
    assert [line["event"] for line in lines()] == ["heard", "heard too"]


def test_a_level_that_is_none_is_refused(telemetry: Telemetry) -> None:
    with pytest.raises(Refused, match=r"“loud” is not a log level; allowed: debug, info, warning, error\."):
        telemetry.set_level("loud")


@pytest.mark.parametrize("level", ["info", "debug"])
async def test_addresses_that_models_are_asked_at_are_not_logged(telemetry: Telemetry, lines: Lines, level: str) -> None:
    telemetry.set_level(level)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(Starlette())) as client:
        assert (await client.get("https://models.example/v1/chat?key=s3nha")).status_code == 404
    assert lines() == []


def test_secrets_are_masked_in_every_place(lines: Lines) -> None:
    secret = "hulk_7q2mzk0d_0JxXb9QpLm3sKd8Vn2Rt6Yw1Zc5Bf4Gh7Jk9Nq3Ps6Tv8Xz2"
    log = structlog.get_logger()
    log.info("a", api_key="hidden", headers={"Authorization": "hidden", "ok": ["x", {"password": "hidden"}]}, tokens=5)
    log.info(f"called with {secret}", url="postgresql://me:hidden@db/x", sent="Bearer hidden-hidden", other="sk-hidden12345")
    logging.getLogger("nats").warning("auth %s", secret)
    try:
        raise RuntimeError(f"no such key: {secret}")  # noqa: TRY301  # what is logged
    except RuntimeError:
        log.exception("failed")
    text = json.dumps(lines())
    assert "hidden" not in text
    assert secret not in text
    assert lines()[0]["tokens"] == 5
    assert lines()[0]["headers"]["ok"][0] == "x"


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=30) | st.lists(st.text(max_size=12), max_size=3) | st.integers(), max_size=5))
def test_masking_keeps_every_field(event: dict[str, Any]) -> None:
    assert redacted(event).keys() == event.keys()


async def test_on_a_console_lines_are_for_people(stream: io.StringIO) -> None:
    async with started(Config(logging=LoggingSettings(format="console")), stream=stream):
        structlog.get_logger("hulk.test").info("ticket_opened", ticket="tkt_1", token="hidden")
    assert "ticket_opened" in stream.getvalue()
    assert "tkt_1" in stream.getvalue()
    assert "hidden" not in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


def test_a_closed_stream_breaks_nothing(telemetry: Telemetry, stream: io.StringIO) -> None:
    stream.close()
    structlog.get_logger().error("nobody reads this")


def test_a_line_that_cannot_be_written_ends_nothing() -> None:
    full = open_full()
    try:
        Sink(full, "test").msg("The disk is full.")
    finally:
        with contextlib.suppress(OSError):  # what it could not write it writes again when it is closed, and fails there
            full.close()


def open_full() -> TextIO:
    """A device on which there is no room."""
    return Path("/dev/full").open("w", encoding="utf-8")
