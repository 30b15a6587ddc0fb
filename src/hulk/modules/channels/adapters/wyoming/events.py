"""Events of the Wyoming protocol on a line, each within bounds: the official package reads whatever length an event names."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

VERSION = "1.10.2"
"""Of the package `wyoming` whose events these are."""


class Malformed(Exception):  # an answer: the line is closed
    """What came is no event of the protocol, or more than is taken."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `data` is as its sender says, `payload` raw."""

    type: str
    data: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Most bytes of the line of JSON, of the data after it, and of the payload."""

    header: int = 8_192
    data: int = 262_144
    payload: int = 1_048_576


async def read(reader: asyncio.StreamReader, bounds: Bounds) -> Event | None:
    """The next event; None when the line ended before one. Raises `Malformed`, and `OSError` when the line broke."""
    try:
        line = await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        if error.partial.strip():
            raise Malformed("the line ended within an event") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise Malformed("the header is too long") from error
    if len(line) > bounds.header:
        raise Malformed("the header is too long")
    header = _object(line)
    more = await _bytes(reader, header.get("data_length"), bounds.data)
    payload = await _bytes(reader, header.get("payload_length"), bounds.payload)
    type_, data = header.get("type"), header.get("data")
    if not isinstance(type_, str) or not isinstance(data, dict | None):
        raise Malformed("the event has no type, or its data is no object")
    return Event(type_, {**(data or {}), **(_object(more) if more else {})}, payload)


async def _bytes(reader: asyncio.StreamReader, length: object, most: int) -> bytes:
    if length is None:
        return b""
    if not isinstance(length, int) or isinstance(length, bool) or not 0 <= length <= most:
        raise Malformed(f"a length is none, or over {most}")
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise Malformed("the line ended within an event") from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise Malformed("it is no JSON") from error
    if not isinstance(found, dict):
        raise Malformed("it is no object")
    return found


async def write(writer: asyncio.StreamWriter, event: Event) -> None:
    """Send it, and wait until the other side takes it. Raises `OSError` when the line broke."""
    writer.write(packed(event))
    await writer.drain()


def packed(event: Event) -> bytes:
    """The event as it goes over the line."""
    data = json.dumps(event.data, ensure_ascii=False).encode() if event.data else b""
    header: dict[str, object] = {"type": event.type, "version": VERSION}
    header |= {"data_length": len(data)} if data else {}
    header |= {"payload_length": len(event.payload)} if event.payload else {}
    return json.dumps(header).encode() + b"\n" + data + event.payload
