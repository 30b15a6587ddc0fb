"""OpenAI's chat completions as they go over the wire (https://platform.openai.com/docs/api-reference/chat)."""

import base64
import json
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from support.twins.scenarios import Answer, Asked

_TYPES = {401: "invalid_api_key", 403: "forbidden", 404: "model_not_found", 413: "request_too_large", 429: "rate_limit_exceeded"}
_NO_CONTENT = {"role": "assistant", "content": None}
TRUE_ENOUGH = {"prompt_tokens": -5, "completion_tokens": "many", "total_tokens": None}


def key_of(headers: Mapping[str, str]) -> str:
    """The key that was shown."""
    return headers.get("authorization", "").removeprefix("Bearer ")


def read(path: str, body: Any) -> Asked:
    """A request; `path` is what comes after /v1."""
    messages = body["messages"]
    texts = [_text(one["content"]) for one in messages]
    form = body.get("response_format") or {}
    return Asked(
        model=body["model"],
        last=texts[-1],
        said=" ".join(texts),
        streaming=bool(body.get("stream")),
        tools=[one["function"]["name"] for one in body.get("tools") or ()],
        schema=form.get("json_schema", {}).get("schema"),
        result=texts[-1] if messages[-1]["role"] == "tool" else None,
    )


def _text(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(part.get("text", f"[{part['type']}]") for part in content)
    return content or ""


def error(status: int) -> Any:
    """The body of an error."""
    return {"error": {"message": "canary: what was asked", "type": "error", "param": None, "code": _TYPES.get(status, "server_error")}}


def headers(limits: Mapping[str, str]) -> Mapping[str, str]:
    """Those that tell of rate limits."""
    return limits and {
        "x-ratelimit-remaining-requests": limits["left"],
        "x-ratelimit-reset-requests": f"{limits['reset']}s",
        "x-ratelimit-remaining-tokens": limits["tokens"],
        "x-ratelimit-reset-tokens": "500ms",
    }


def whole(asked: Asked, answer: Answer) -> Any:
    """An answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
    if answer.finish == "refusal":
        message |= {"content": None, "refusal": answer.text}
    if answer.calls:
        message["tool_calls"] = [_call(call.id, call.name, json.dumps(call.arguments)) for call in answer.calls]
    choice = {"index": 0, "message": message, "finish_reason": _finish(answer), "logprobs": None}
    said = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1763700000, "model": f"{asked.model}-2026"}
    return said | {"choices": [] if answer.empty else [choice]} | ({} if answer.usage == "quiet" else {"usage": usage(answer)})


def _finish(answer: Answer) -> str:
    return "stop" if answer.finish == "refusal" else answer.finish


def _call(name: str, function: str, arguments: str) -> Any:
    return {"id": name, "type": "function", "function": {"name": function, "arguments": arguments}}


def usage(answer: Answer) -> Any:
    """What it took."""
    if answer.usage == "lying":
        return TRUE_ENOUGH
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": answer.output_tokens,
        "total_tokens": answer.input_tokens + answer.output_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached},
        "completion_tokens_details": {"reasoning_tokens": answer.reasoning},
    }


def stream(asked: Asked, answer: Answer) -> Sequence[tuple[str, int]]:
    """The events of a streamed answer, each with the tokens that it is billed for."""
    chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1763700000, "model": f"{asked.model}-2026"}

    def event(delta: Any, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data(chunk | {"choices": [] if answer.empty else [choice], "usage": None})

    where = "refusal" if answer.finish == "refusal" else "content"
    begun = event(
        {"role": "assistant", "content": "", "reasoning_content": "Hm."} if answer.reasoning else {"role": "assistant", "content": ""}
    )
    said = [(event({where: word}), len(word.split())) for word in answer.words]
    calls = [(event({"tool_calls": [part]}), 2) for place, call in enumerate(answer.calls) for part in _parts(place, call)]
    used = [] if answer.usage == "quiet" else [(_data(chunk | {"choices": [], "usage": usage(answer)}), 0)]
    return [(begun, answer.reasoning), *said, *calls, (event({}, _finish(answer)), 0), *used, ("data: [DONE]\n\n", 0)]


def _parts(place: int, call: Any) -> list[Any]:
    """A call in pieces, cut in the middle of its arguments."""
    arguments = json.dumps(call.arguments)
    cut = len(arguments) // 2
    head = {"index": place, **_call(call.id, call.name, "")}
    return [head, *({"index": place, "function": {"arguments": part}} for part in (arguments[:cut], arguments[cut:]))]


def broken() -> str:
    """What comes within a stream when the vendor breaks off."""
    return _data({"error": {"message": "canary", "type": "server_error", "code": None}})


def models(names: Sequence[str]) -> Any:
    """The list of models."""
    return {"object": "list", "data": [{"id": name, "object": "model", "created": 1763700000, "owned_by": "twin"} for name in names]}


def embeddings(body: Any) -> Any:
    """A vector for each text: its length, and ones; in reverse order, as nobody promises one. What is wrong with them is in `_WRONG`."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    size = 2 if body["model"] == "stubborn" else body.get("dimensions", 2)
    rows = _WRONG.get(body["model"], list)([[float(len(text)), *([1.0] * (size - 1))] for text in texts])
    form = _base64 if body.get("encoding_format") == "base64" else list
    data = [{"object": "embedding", "index": place, "embedding": form(row)} for place, row in enumerate(rows)][::-1]
    words = sum(len(text.split()) for text in texts)
    usage = {} if body["model"] == "quiet" else {"usage": {"prompt_tokens": words, "total_tokens": words}}
    return {"object": "list", "data": data, "model": body["model"], **usage}


_WRONG: Mapping[str, Callable[[list[list[Any]]], list[list[Any]]]] = {
    "vectors-missing": lambda rows: rows[1:],
    "vectors-more": lambda rows: [*rows, rows[0]],
    "vectors-none": lambda _: [],
    "vectors-nan": lambda rows: [[*row[1:], float("nan")] for row in rows],
    "vectors-endless": lambda rows: [[*row[1:], 1e300] for row in rows],
    "vectors-ragged": lambda rows: [[1.0] * place for place, _ in enumerate(rows, 1)],
    "vectors-empty": lambda rows: [[] for _ in rows],
    "vectors-words": lambda rows: [["1.0", "2.0"] for _ in rows],
}


def _base64(row: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode()


def _data(value: Any) -> str:
    return f"data: {json.dumps(value)}\n\n"
