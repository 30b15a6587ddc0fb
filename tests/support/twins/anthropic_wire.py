"""Anthropic's messages as they go over the wire (https://docs.anthropic.com/en/api/messages, …/messages-streaming)."""

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from support.twins.scenarios import Answer, Asked

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_FINISHES = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal", "refusal": "refusal", "stop": "end_turn"}


def key_of(headers: Mapping[str, str]) -> str:
    """The key that was shown: as the documentation says, or as the official client does since 2.0."""
    return headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")


def read(path: str, body: Any) -> Asked:
    """A request; it must say how much may come, and its turns must alternate, as with the vendor."""
    turns, roles = body["messages"], [turn["role"] for turn in body["messages"]]
    if path != "messages" or body["max_tokens"] < 1 or roles[0] != "user" or any(a == b for a, b in itertools.pairwise(roles)):
        raise ValueError(path)
    system = body.get("system") or ""
    texts = [_text(system), *(_text(turn["content"]) for turn in turns)]
    last = turns[-1]["content"]
    form = (body.get("output_config") or {}).get("format") or {}
    return Asked(
        model=body["model"],
        last=texts[-1],
        said=" ".join(texts),
        streaming=bool(body.get("stream")),
        tools=[tool["name"] for tool in body.get("tools") or ()],
        schema=form.get("schema"),
        result=texts[-1] if isinstance(last, list) and last[-1]["type"] == "tool_result" else None,
    )


def _text(content: Any) -> str:
    return content if isinstance(content, str) else " ".join(_words(block) for block in content)


def _words(block: Any) -> str:
    if block["type"] == "tool_result":
        return _text(block["content"])
    return str(block.get("text", f"[{block['type']}]"))


def error(status: int) -> Any:
    """The body of an error."""
    return {"type": "error", "error": {"type": _TYPES.get(status, "api_error"), "message": "canary: what was asked"}, "request_id": "req_1"}


def headers(limits: Mapping[str, str]) -> Mapping[str, str]:
    """Those that tell of rate limits."""
    if not limits:
        return {}
    whole = (datetime.now(UTC) + timedelta(seconds=float(limits["reset"]))).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "anthropic-ratelimit-requests-remaining": limits["left"],
        "anthropic-ratelimit-requests-reset": whole,
        "anthropic-ratelimit-tokens-remaining": limits["tokens"],
        "anthropic-ratelimit-tokens-reset": whole,
    }


def whole(asked: Asked, answer: Answer) -> Any:
    """An answer in one piece."""
    said = [{"type": "text", "text": answer.text, "citations": None}] if answer.words else []
    thought = [{"type": "thinking", "thinking": "Hm.", "signature": "sig"}] if answer.reasoning else []
    calls = [{"type": "tool_use", "id": call.id, "name": call.name, "input": dict(call.arguments)} for call in answer.calls]
    message = _message(asked) | {"content": thought + said + calls, "stop_reason": None if answer.empty else _FINISHES[answer.finish]}
    return message | ({} if answer.usage == "quiet" else {"usage": usage(answer)})


def _message(asked: Asked) -> dict[str, Any]:
    fixed = {"id": "msg_1", "type": "message", "role": "assistant", "model": f"{asked.model}-2026"}
    return {**fixed, "content": [], "stop_reason": None, "stop_sequence": None}


def usage(answer: Answer) -> Any:
    """What it took; `input_tokens` without what has to do with the cache."""
    if answer.usage == "lying":
        return {"input_tokens": -5, "output_tokens": "many"}
    return {
        "input_tokens": answer.input_tokens - answer.cached - answer.written,
        "cache_read_input_tokens": answer.cached,
        "cache_creation_input_tokens": answer.written,
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"thinking_tokens": answer.reasoning},
    }


def stream(asked: Asked, answer: Answer) -> Sequence[tuple[str, int]]:
    """The events of a streamed answer, each with the tokens that it is billed for."""
    told = {} if answer.usage == "quiet" else {"usage": usage(answer) | ({"output_tokens": 1} if answer.usage == "told" else {})}
    begun = _event("message_start", message=_message(asked) | told)
    blocks = [*([_thought()] if answer.reasoning else []), *([_said(answer)] if answer.words else []), *map(_called, answer.calls)]
    inside = [(event.replace('"index": 0', f'"index": {place}'), tokens) for place, block in enumerate(blocks) for event, tokens in block]
    used = {} if answer.usage == "quiet" else {"usage": usage(answer)}
    change = {"stop_reason": _FINISHES[answer.finish], "stop_sequence": None}
    ended = [] if answer.empty else [(_event("message_delta", delta=change, **used), 0)]
    return [(begun, answer.reasoning), (_event("ping"), 0), *inside, *ended, (_event("message_stop"), 0)]


def _block(empty: Any, deltas: Sequence[tuple[Any, int]]) -> list[tuple[str, int]]:
    inside = [(_event("content_block_delta", index=0, delta=delta), tokens) for delta, tokens in deltas]
    return [(_event("content_block_start", index=0, content_block=empty), 0), *inside, (_event("content_block_stop", index=0), 0)]


def _said(answer: Answer) -> list[tuple[str, int]]:
    deltas = [({"type": "text_delta", "text": word}, len(word.split())) for word in answer.words]
    return _block({"type": "text", "text": "", "citations": None}, deltas)


def _thought() -> list[tuple[str, int]]:
    deltas = [({"type": "thinking_delta", "thinking": "Hm."}, 0), ({"type": "signature_delta", "signature": "sig"}, 0)]
    return _block({"type": "thinking", "thinking": "", "signature": ""}, deltas)


def _called(call: Any) -> list[tuple[str, int]]:
    """A call in pieces, cut in the middle of its arguments."""
    arguments = json.dumps(call.arguments)
    cut = len(arguments) // 2
    deltas = [({"type": "input_json_delta", "partial_json": part}, 2) for part in ("", arguments[:cut], arguments[cut:])]
    return _block({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, deltas)


def broken() -> str:
    """What comes within a stream when the vendor breaks off."""
    return _event("error", error={"type": "overloaded_error", "message": "canary"})


def models(names: Sequence[str]) -> Any:
    """The list of models."""
    data = [{"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in names]
    return {"data": data, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _event(name: str, **data: Any) -> str:
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"
