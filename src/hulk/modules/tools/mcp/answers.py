"""What comes of a call, as MCP has it: content for models and people, data for programs, and in `_meta` where to look at it again.

What a tool refuses, what a person has not decided and what may not be shown are answers too: only what is no call at all (an unknown
tool, a broken message) is an error of the protocol."""

import json
from collections.abc import Iterator
from typing import assert_never

import mcp_types as types

from hulk.kernel.errors import HulkError
from hulk.kernel.records import JsonObject
from hulk.kernel.text import Text, Voice
from hulk.modules.tools.domain import Bytes, Call, Link, Output, Piece, Words
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.mcp.contents import block, held, left_out
from hulk.modules.tools.mcp.listing import promised, said
from hulk.modules.tools.ports import Schemas
from hulk.modules.tools.usecases.call import Called


def answered(called: Called, voice: Voice, schemas: Schemas) -> types.CallToolResult:
    """A call as far as it has come."""
    call, shown = called.call, called.shown
    if isinstance(shown, Withheld):
        return _sentence(called, withheld(call, shown), voice, wrong=True)
    if shown is None:
        return _sentence(called, standing(call), voice, wrong=call.status not in ("waiting", "running", "done"))
    wrong = call.ended_badly or shown.failed or _broken(called, shown, schemas)
    return types.CallToolResult(content=list(_content(call, shown)), structured_content=shown.data, is_error=wrong, _meta=_where(called))


def refused(error: HulkError, voice: Voice) -> types.CallToolResult:
    """What Hulk says to a call that it does not make, for whoever asked to do better."""
    return types.CallToolResult(content=[said(error.text, voice)], is_error=True, _meta={"hulk/error": error.code})


def _broken(called: Called, shown: Output, schemas: Schemas) -> bool:
    """Whether it is not what was promised, since something of it was masked or cut off."""
    schema = promised(called.tool)
    return schema is not None and (shown.data is None or bool(schemas.wrong(schema, shown.data)))


def _sentence(called: Called, text: Text, voice: Voice, *, wrong: bool) -> types.CallToolResult:
    data = None if promised(called.tool) is not None else facts(called.call)
    return types.CallToolResult(content=[said(text, voice)], structured_content=data, is_error=wrong, _meta=_where(called))


def facts(call: Call) -> JsonObject:
    """Where to look at it again, and how it stands."""
    found = {"call": call.id, "status": call.status, "ticket": call.ticket}
    return {name: value for name, value in found.items() if value is not None}


def _where(called: Called) -> dict[str, object]:
    found: dict[str, object] = {f"hulk/{name}": value for name, value in facts(called.call).items()}
    if called.call.error is not None:
        found["hulk/error"] = called.call.error["code"]
    return found | {"hulk/replayed": True} if called.replayed else found


def standing(call: Call) -> Text:
    """How it stands, of a call that gave nothing to show."""
    if call.error is not None:
        return Text.from_json(call.error["text"])
    match call.status:
        case "waiting" if call.ticket is not None:
            return Text(
                "{tool} waits for a person to decide, in the ticket {ticket}. Nothing has been done yet. Look at it later with "
                "call_status and the call {id}; calling the tool again would ask again.",
                tool=call.tool, ticket=call.ticket, id=call.id,
            )  # fmt: skip
        case "waiting":
            return Text(
                "{tool} waits for a person to decide. Nothing has been done yet. Look at it later with call_status and the call {id}; "
                "calling the tool again would ask again.",
                tool=call.tool, id=call.id,
            )  # fmt: skip
        case "running":
            return Text("{tool} is being done: look at it again with call_status and the call {id}.", tool=call.tool, id=call.id)
        case "done":
            return Text("{tool} was done; what reads give is not kept.", tool=call.tool)
        case "failed" | "rejected" | "expired" | "uncertain" | "suggested":
            return Text("{tool} gave no answer.", tool=call.tool)
        case _:
            assert_never(call.status)


def withheld(call: Call, shown: Withheld) -> Text:
    """That it may not be shown."""
    return Text(
        "{tool} answered, and what it gave is not shown: it holds what must stay in the company ({labels}). A rule with `sensitive` lets "
        "you see it.",
        tool=call.tool, labels=", ".join(shown.labels),
    )  # fmt: skip


def _content(call: Call, shown: Output) -> Iterator[types.ContentBlock]:
    """The pieces, the data as text for those that read only text (MCP 2025-11-25, “Structured Content”), and what was left out."""
    for number, piece in enumerate(shown.pieces):
        yield _block(call, number, piece)
    if shown.data is not None and not any(isinstance(piece, Words) for piece in shown.pieces):
        yield types.TextContent(text=json.dumps(shown.data, ensure_ascii=False))
    if shown.cut:
        yield types.TextContent(text=left_out(shown))


def _block(call: Call, number: int, piece: Piece) -> types.ContentBlock:
    match piece:
        case Words(text):
            return types.TextContent(text=text)
        case Link(uri, name, kind):
            return types.ResourceLink(uri=uri, name=name or uri, mime_type=kind or None)
        case Bytes(data, kind, name):
            return block(held(data, kind, name if "://" in name else f"hulk://tool-calls/{call.id}/{number}/{name}".rstrip("/")))
        case _:
            assert_never(piece)
