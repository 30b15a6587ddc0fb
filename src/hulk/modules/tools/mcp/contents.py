"""What was read, as resources have it: texts, and bytes that are none."""

import base64
import json
from collections.abc import Iterator
from typing import TypeAlias, assert_never

import mcp_types as types

from hulk.kernel.errors import Forbidden, Refused
from hulk.kernel.records import Json
from hulk.kernel.text import Text
from hulk.modules.tools.domain import Bytes, Link, Output, Piece, Words
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.mcp.answers import standing, text_of, withheld
from hulk.modules.tools.usecases.call import Called

Contents: TypeAlias = types.TextResourceContents | types.BlobResourceContents
JSON = "application/json"


def read(called: Called, uri: str) -> list[Contents]:
    """What a call gave to whoever reads at that address. Raises `Refused` and `Forbidden` when it gave nothing that they may see."""
    call, shown = called.call, called.shown
    if isinstance(shown, Withheld):
        raise Forbidden(withheld(call, shown))
    if shown is None:
        raise Refused(standing(call))
    if shown.failed or call.ended_badly:
        raise Refused(
            Text("{tool} says: {words}", tool=call.tool, words="\n".join(piece.text for piece in shown.pieces if isinstance(piece, Words)))
        )
    return [*pieces(shown, uri), *([plain(uri, f"[{shown.cut}]")] if shown.cut else [])]


def pieces(output: Output, uri: str) -> Iterator[Contents]:
    """Data alone where the words are nothing but the data again."""
    if output.data is not None and all(_says(piece, output.data) for piece in output.pieces):
        yield data(uri, output.data)
        return
    yield from (piece_of(one, uri) for one in output.pieces)


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
            return _bytes(content, kind, name if "://" in name else uri)
        case _:
            assert_never(piece)


def _bytes(content: bytes, kind: str, uri: str) -> Contents:
    if (text := text_of(content, kind)) is not None:
        return types.TextResourceContents(uri=uri, mime_type=kind, text=text)
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
