"""What tools gave, as resources have it: texts, and bytes that are none; and those as parts of a message."""

import base64
import json
from collections.abc import Iterator
from typing import TypeAlias, assert_never

import mcp_types as types

from hulk.kernel.records import Json
from hulk.modules.tools.domain import Bytes, Link, Output, Piece, Words

Contents: TypeAlias = types.TextResourceContents | types.BlobResourceContents
JSON = "application/json"
_TEXTS = ("text/", "application/json", "application/xml")


def pieces(output: Output, uri: str) -> Iterator[Contents]:
    """Data alone where the words are nothing but the data again; at the end what was left out."""
    if output.data is not None and all(_says(piece, output.data) for piece in output.pieces):
        yield data(uri, output.data)
    else:
        yield from (piece_of(one, uri) for one in output.pieces)
    if output.cut:
        yield plain(uri, left_out(output))


def left_out(output: Output) -> str:
    """That it is not all."""
    return f"[{output.cut}]"


def _says(piece: Piece, value: Json) -> bool:
    try:
        return isinstance(piece, Words) and bool(json.loads(piece.text) == value)
    except ValueError:
        return False


def piece_of(piece: Piece, uri: str) -> Contents:
    """One piece, under its own address if it has one."""
    match piece:
        case Words(text):
            return plain(uri, text)
        case Link(to):
            return types.TextResourceContents(uri=uri, mime_type="text/uri-list", text=to)
        case Bytes(content, kind, name):
            return held(content, kind, name if "://" in name else uri)
        case _:
            assert_never(piece)


def held(content: bytes, kind: str, uri: str) -> Contents:
    """Bytes; text if their kind says so and they are."""
    try:
        if kind.startswith(_TEXTS):
            return types.TextResourceContents(uri=uri, mime_type=kind, text=content.decode())
    except UnicodeDecodeError:
        pass
    return types.BlobResourceContents(uri=uri, mime_type=kind or None, blob=base64.b64encode(content).decode())


def plain(uri: str, text: str) -> types.TextResourceContents:
    """Words."""
    return types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)


def data(uri: str, value: Json) -> types.TextResourceContents:
    """Data."""
    return types.TextResourceContents(uri=uri, mime_type=JSON, text=json.dumps(value, ensure_ascii=False))


def block(one: Contents) -> types.ContentBlock:
    """It as a part of a message."""
    family = (one.mime_type or "").partition("/")[0]
    if isinstance(one, types.BlobResourceContents) and family == "image":
        return types.ImageContent(data=one.blob, mime_type=one.mime_type or "")
    if isinstance(one, types.BlobResourceContents) and family == "audio":
        return types.AudioContent(data=one.blob, mime_type=one.mime_type or "")
    return types.EmbeddedResource(resource=one)
