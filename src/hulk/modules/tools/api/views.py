"""Tools and calls as they are shown."""

import base64

from hulk.kernel.records import JsonObject, to_json
from hulk.kernel.text import Text, Voice
from hulk.kernel.time import iso
from hulk.modules.tools.domain import Allowed, Bytes, Call, Link, Output, Piece, Rule, Server, Tool, Words
from hulk.modules.tools.domain.output import Withheld
from hulk.modules.tools.usecases.call import Called


def tool_view(tool: Tool, allowed: Allowed) -> JsonObject:
    """A tool, and how far the caller may go with it."""
    return {
        "name": tool.name, "title": tool.title, "description": tool.description, "input_schema": tool.input, "output_schema": tool.output,
        "effect": tool.effect, "idempotent": tool.idempotent, "outside": tool.outside, "data": tool.data, "cost": tool.cost,
        "owner": tool.owner, "tags": list(tool.tags), "autonomy": allowed.autonomy if tool.writes else None,
        "up_to": None if allowed.up_to is None else str(allowed.up_to), "rules": list(allowed.rules),
    }  # fmt: skip


def call_view(call: Call, voice: Voice) -> JsonObject:
    """A call, without what it gave."""
    return {
        "id": call.id, "key": call.key, "tool": call.tool, "status": call.status, "actor": call.actor, "agent": call.agent,
        "reason": call.reason, "intent": call.intent, "ticket": call.ticket, "rules": list(call.rules),
        "labels": list(call.labels), "at": iso(call.at),
        "ended": None if call.ended is None else iso(call.ended), "error": _problem(call, voice),
    }  # fmt: skip


def called_view(called: Called, voice: Voice) -> JsonObject:
    """A call with what it gave, as the caller may see it; the arguments, which the caller gave."""
    shown = called.shown
    answer: JsonObject = {"output": None, "withheld": None}
    if isinstance(shown, Withheld):
        answer["withheld"] = list(shown.labels)
    elif shown is not None:
        answer["output"] = output_view(shown)
    return call_view(called.call, voice) | {"arguments": called.call.arguments, "replayed": called.replayed} | answer


def output_view(output: Output) -> JsonObject:
    """What a tool gave."""
    return {"data": output.data, "content": [_piece(piece) for piece in output.pieces], "cut": output.cut or None}


def _piece(piece: Piece) -> JsonObject:
    match piece:
        case Words(text):
            return {"type": "text", "text": text}
        case Link(uri, name, kind):
            return {"type": "link", "uri": uri, "name": name, "media_type": kind}
        case Bytes(data, kind, name):
            return {"type": "bytes", "data": base64.b64encode(data).decode(), "name": name, "media_type": kind}


def _problem(call: Call, voice: Voice) -> JsonObject | None:
    if call.error is None:
        return None
    return {"code": call.error["code"], "detail": voice.say(Text.from_json(call.error["text"]))}


def named_view(one: Rule | Server, origin: str) -> JsonObject:
    """A rule or a virtual server, and where it is from."""
    return {**to_json(one), "origin": origin}
