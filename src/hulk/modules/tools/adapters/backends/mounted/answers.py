"""What a server answers to a call, made into an `Output`."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hulk.kernel.records import Json, JsonObject
from hulk.kernel.text import writable
from hulk.modules.tools.adapters.backends.mounted.hiding import Hiding
from hulk.modules.tools.domain import Bytes, Link, Output, Piece, Words


def output(result: Any, most: int, hide: Hiding) -> Output:
    """The SDK's `CallToolResult`; at most so many pieces. Secrets of ours that the server says back to us are not in it."""
    pieces = list(_pieces(result.content[:most], hide))
    missing = len(result.content) - len(pieces)
    data = None if result.structured_content is None else _object(_told(result.structured_content, hide))
    cut = f"{missing} of {len(result.content)} pieces could not be taken" if missing else ""
    return Output(data=data, pieces=tuple(pieces), failed=bool(result.is_error), cut=cut)


def _object(value: Json) -> JsonObject:
    """From 2026-07-28 on it may be any JSON value; ours is an object."""
    return dict(value) if isinstance(value, Mapping) else {"value": value}


def _told(value: Json, hide: Hiding) -> Json:
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {hide(key): _told(one, hide) for key, one in value.items()}
    return [_told(one, hide) for one in value] if isinstance(value, Sequence) else value


def _pieces(content: Sequence[Any], hide: Hiding) -> Iterator[Piece]:
    for block in content:
        if (piece := _piece(block, hide)) is not None:
            yield piece


def _piece(block: Any, hide: Hiding) -> Piece | None:
    """None for what is broken, or of a kind that is not known."""
    if block.type == "text":
        return Words(hide(block.text))
    if block.type in ("image", "audio"):
        return _bytes(block.data, block.mime_type)
    if block.type == "resource_link":
        return Link(hide(str(block.uri)), hide(block.name), block.mime_type or "")
    if block.type == "resource":
        return _resource(block.resource, hide)
    return None


def _resource(resource: Any, hide: Hiding) -> Piece | None:
    text = getattr(resource, "text", None)
    return Words(hide(text)) if text is not None else _bytes(resource.blob, resource.mime_type or "", str(resource.uri))


def _bytes(encoded: str, media_type: str, name: str = "") -> Bytes | None:
    try:
        return Bytes(base64.b64decode(encoded, validate=True), writable(media_type[:200]), writable(name[:1000]))
    except (binascii.Error, ValueError):
        return None
